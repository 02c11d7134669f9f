"""A value as its number format shows it, for the formats that most workbooks use.

Number formats are a small language (ECMA-376 part 1, 18.8.31). What is not understood here, such as
fractions and conditions, is shown as plain as the general format shows it; no value is ever lost.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from tablesense.detection.report_dates import date_text
from tablesense.features.featurize import display_text
from tablesense.sheets.sheet import Cell

_LONGEST_NUMBER = 1e15  # from here on a float has no more digits to show

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<blank>_.)|(?P<filler>\*.)'
    r"|\[\$(?P<currency>[^\]-]*)[^\]]*\]|(?P<color>\[[A-Za-z]+ ?\d*\])"
    r"|(?P<number>[#0?][#0?,]*(?:\.[#0?]*)?|\.[#0?]+)(?P<exponent>[Ee][+-][0#?]+)?"
    r"|(?P<percent>%)|(?P<plain>[-+$€£¥(): '!^&~{}<>=,.])"
)
_SECTION_END = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')


class _Number(NamedTuple):
    """One section of a number format: what stands around the digits, and how they are written."""

    before: str
    after: str
    scale: float
    least_whole: int
    least_decimals: int
    most_decimals: int
    groups: bool
    exponent_digits: int | None

    def show(self, value: float) -> str:
        """A value that is not negative."""
        # Excel rounds halves away from zero, as they look in decimals: 2.675 becomes 2.68.
        value *= self.scale * (1 + 1e-15)
        if self.exponent_digits is not None:
            mantissa, _, exponent = f"{value:.{self.most_decimals}E}".partition("E")
            digits = f"{mantissa}E{exponent[0]}{exponent[1:].zfill(self.exponent_digits)}"
        else:
            digits = f"{value:{',' if self.groups else ''}.{self.most_decimals}f}"
            optional = self.most_decimals - self.least_decimals
            end = digits[len(digits) - optional :] if optional else ""
            digits = (digits[: len(digits) - optional] + end.rstrip("0")).removesuffix(".")
            whole, point, decimals = digits.partition(".")
            if whole == "0" and not self.least_whole:
                whole = ""
            digits = whole.zfill(self.least_whole) + point + decimals
        return f"{self.before}{digits}{self.after}"


def shown_text(cell: Cell, number_format: str) -> str:
    """What a reader of the sheet sees in the cell; the formula where its result is not known."""
    value = cell.value
    if isinstance(value, str):
        return value
    if value is None:
        return cell.formula or ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return number_text(value, number_format)
    return date_text(value, number_format) or display_text(cell)


def number_text(value: float, number_format: str) -> str:
    """A number by its format, or plain where the format is not understood."""
    sections = _compiled(number_format)
    if sections is None or not abs(value) < _LONGEST_NUMBER:
        return _general(value)
    if value < 0:
        section, sign = (sections[1], "") if len(sections) > 1 else (sections[0], "-")
    else:
        section, sign = sections[2] if value == 0 and len(sections) > 2 else sections[0], ""
    if section is None:
        return _general(value)
    shown = section(abs(value))
    return sign + shown if any(letter in "123456789" for letter in shown) else shown


def _general(value: float) -> str:
    if isinstance(value, int) and abs(value) < 1e11:
        return str(value)
    return f"{value:.10g}" if abs(value) < 1e11 else f"{value:.6g}".replace("e", "E")


@lru_cache(maxsize=4096)
def _compiled(number_format: str) -> tuple[Callable[[float], str] | None, ...] | None:
    """A function for each section, None where one is not understood; None for the general format."""
    if number_format.lower() in {"general", "@", ""}:
        return None
    return tuple(_section(text) for text in _SECTION_END.split(number_format)[:3])


def _section(text: str) -> Callable[[float], str] | None:
    """Reads one section; only what has one number, or none, is understood."""
    around, number, percents, place = ["", ""], None, 0, 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None or (token["number"] and number):
            return None
        place = token.end()
        if token["number"]:
            number = token
        elif token["percent"]:
            percents += 1
            around[number is not None] += "%"
        else:
            kept = token["quoted"] or token["escaped"] or token["currency"] or token["plain"] or ""
            around[number is not None] += " " if token["blank"] and token["blank"] not in "_(_)" else kept
    before, after = around[0].lstrip(), around[1].rstrip()
    if number is None:
        return lambda _value: before  # "-" or "n/a" in place of a zero
    return _digits(number, before, after, percents).show


def _digits(number: re.Match[str], before: str, after: str, percents: int) -> _Number:
    whole, _, decimals = number["number"].partition(".")
    bare = number["number"].rstrip(",")
    thousands = len(number["number"]) - len(bare)
    return _Number(
        before=before,
        after=after,
        scale=100.0**percents / 1000.0**thousands,
        least_whole=whole.count("0"),
        least_decimals=decimals.count("0"),
        most_decimals=sum(decimals.count(letter) for letter in "0#?"),
        groups="," in whole.rstrip(",") or ("," in whole and bool(decimals)),
        exponent_digits=len(number["exponent"]) - 2 if number["exponent"] else None,
    )
