"""Texts and values as .xlsx parts write them, each distinct one read once."""

import datetime as dt
import re
from collections.abc import Callable, Hashable, Sequence
from typing import IO, Generic, TypeVar
from xml.etree.ElementTree import Element

from openpyxl.utils.datetime import from_excel, from_ISO8601
from openpyxl.xml.constants import SHEET_MAIN_NS

from tablesense.sheets.sheet import CellKind, CellValue
from tablesense.sheets.xlsx_xml import NotPlain, parse_xml, pieces

# Looking up a member of an Enum takes longer than all else that is done with it here.
_TEXT, _NUMBER = CellKind.TEXT, CellKind.NUMBER
KINDS = {
    "n": _NUMBER,
    "date": CellKind.DATE,
    "duration": CellKind.DATE,
    "s": CellKind.TEXT,
    "str": CellKind.TEXT,
    "inlineStr": CellKind.TEXT,
    "b": CellKind.BOOLEAN,
    "d": CellKind.DATE,
    "e": CellKind.ERROR,
}

EMPTY = 0
"""The number of the content of a cell that has none."""

Key = TypeVar("Key", bound=Hashable)
Made = TypeVar("Made")


class Memo(dict[Key, Made], Generic[Key, Made]):
    """A function that is called once for each key; ``map(memo.__getitem__, keys)`` runs in C."""

    def __init__(self, make: Callable[[Key], Made]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: Key) -> Made:
        made = self[key] = self._make(key)
        return made


def read_strings(source: IO[bytes]) -> list[str]:
    """The shared strings of a workbook.

    Raises:
        NotPlain: the part is written in a way that is left to openpyxl.
    """
    prefix, texts = pieces(source, "si")
    item, edge, parse = _item_pattern(prefix), _edge_pattern(prefix), FragmentParser(prefix)
    strings: list[str] = []
    for piece in texts:
        found = item.findall(edge.sub("", piece))
        if any(other for _, _, other in found):
            raise NotPlain("a string table with other elements")
        strings += [plain if not rich else text_of(parse(rich)) for plain, rich, _ in found]
    # openpyxl takes the escape of an underscore for nothing, wherever it stands.
    return [text.replace("x005F_", "") if "x005F_" in text else text for text in strings]


def _item_pattern(p: str) -> re.Pattern[str]:
    """Finds (plain text, other item, what does not belong there).

    An odd item must not go on to the end of every item behind it: ``(?>...)``.
    """
    plain = rf'<{p}si>\s*<{p}t(?: xml:space="preserve")?>([^<&]*)</{p}t>\s*</{p}si>'
    return re.compile(rf"{plain}|(<{p}si/>|<{p}si(?:\s[^<>]*)?>(?>.*?</{p}si)>)|(\S)", re.DOTALL)


def _edge_pattern(p: str) -> re.Pattern[str]:
    """Finds the start and the end of the table."""
    return re.compile(rf"\A\s*<{p}sst(?:\s[^<>]*)?>|</{p}sst>\s*\Z")


class FragmentParser:
    """Parses elements that were cut out of a part.

    Args:
        prefix: what the part's elements are called with.
    """

    def __init__(self, prefix: str) -> None:
        name = f":{prefix[:-1]}" if prefix else ""
        self._root = f'<root xmlns{name}="{SHEET_MAIN_NS}">'

    def __call__(self, xml: str) -> Element:
        """The element that the text writes."""
        return parse_xml(f"{self._root}{xml}</root>".encode())[0]


def text_of(node: Element) -> str:
    """The text of a string item: its own and that of its runs, without hints on how to read it aloud."""
    plain, runs = "", []
    for child in node:
        if _is(child, "t"):
            plain = child.text or ""
        elif _is(child, "r"):
            texts = [part.text or "" for part in child if _is(part, "t")]
            runs += texts[-1:]
    return plain + "".join(runs)


def _is(node: Element, name: str) -> bool:
    return node.tag.rpartition("}")[2] == name


class ContentTable:
    """Numbers the distinct contents of a sheet's cells.

    Args:
        strings: gives the shared strings.
        epoch: what day 0 of a date is.
        prefix: what the sheet's elements are called with.
    """

    def __init__(self, strings: Callable[[], Sequence[str]], epoch: dt.datetime, prefix: str) -> None:
        self.values: list[CellValue] = [None]
        self.kinds = [CellKind.EMPTY]
        self.formulas = [False]
        self._strings = strings
        self._epoch = epoch
        self._parse = FragmentParser(prefix)
        self._plain = f"<{prefix}v>", f"</{prefix}v>"
        self._plain_inline = f"<{prefix}is><{prefix}t>", f"</{prefix}t></{prefix}is>"
        self.number: Memo[tuple[str, bool, str | None], int] = Memo(self._add)
        """(type code, is a formula, ``<v>`` or ``<is>`` element) -> the content's number."""

    def _add(self, key: tuple[str, bool, str | None]) -> int:
        code, is_formula, xml = key
        text = self._text(xml, code == "inlineStr") if xml else None
        value: CellValue
        if code == "n" and text:  # most of what is met for the first time
            value = float(text) if "." in text or "e" in text or "E" in text else int(text)
            kind = _NUMBER
        else:
            value, kind = self._value(code, text)
            if kind is _TEXT and is_formula:
                value = value or ""  # a formula whose result is known to be the empty text
            elif value in (None, "") and not is_formula:
                return EMPTY
        self.values.append(value)
        self.kinds.append(kind)
        self.formulas.append(is_formula)
        return len(self.kinds) - 1

    def _text(self, xml: str, is_inline: bool) -> str | None:
        """What the element says; None for one that the cell's type does not look at."""
        start, end = self._plain_inline if is_inline else self._plain
        if xml.startswith(start) and xml.endswith(end):
            text = xml[len(start) : -len(end)]
            if "&" not in text and "<" not in text:
                return text
        node = self._parse(xml)
        if _is(node, "is") != is_inline:
            return None
        return text_of(node) if is_inline else node.text

    def _value(self, code: str, text: str | None) -> tuple[CellValue, CellKind]:
        if not text:
            return None, _NUMBER if code in ("date", "duration") else KINDS[code]
        if code == "s":
            return self._strings()[int(text)], _TEXT
        if code in ("date", "duration"):
            return self._date(code, text)
        if code == "b":
            return bool(int(text)), KINDS[code]
        if code == "d":
            day: CellValue = from_ISO8601(text)  # type: ignore[no-untyped-call]
            return day, KINDS[code]
        return text, KINDS[code]

    def _date(self, code: str, text: str) -> tuple[CellValue, CellKind]:
        number = float(text) if "." in text or "e" in text or "E" in text else int(text)
        try:
            return from_excel(number, self._epoch, timedelta=code == "duration"), KINDS[code]
        except (OverflowError, ValueError):
            return "#VALUE!", CellKind.ERROR  # outside of what dates can be, as openpyxl has it
