"""What the text of a cell looks like: numbers in disguise, separators, totals, notes, patterns."""

import math
import re

_NUMBER = re.compile(
    r"[-+(]?\s*[$€£¥]?\s*[-+]?(\d[\d,.\s]*\d|\d|\.\d+)(e[-+]?\d+)?\s*%?\s*\)?[*rpe]?", re.IGNORECASE
)
# Of a text without spaces and currencies. No two parts can take the same character, so it is quick.
_AMOUNT = re.compile(
    r"(?P<open>\(?)(?P<sign>[-+]?)(?P<number>(\d[\d,.]*|\.\d+)(e[-+]?\d+)?)%?\)?[*rpe]?", re.IGNORECASE
)
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?(e.*)?")  # 1,234,567.8
_DECIMAL_COMMA = re.compile(r"(\d{1,3}(\.\d{3})+|\d+),\d+")  # 1.234,5
_CURRENCIES = str.maketrans("", "", "$€£¥")
_MISSING = frozenset(
    {"-", "--", "---", "n/a", "na", "n.a.", "nil", "..", "...", "(na)", "(d)", "(x)", "(z)", "x"}
)
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}( \d{1,2}:\d{2}.*)?"
    r"|\d{1,2}[- ]?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[- ,]*\d{0,4}"
    r"|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-. ,']*\d{1,4}(,? \d{4})?",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"[-=_*~.·─═ ]{2,}")
_TOTAL = re.compile(
    r"\b(total|totals|subtotal|sub-total|sum|average|avg|mean|net|balance|grand)\b", re.IGNORECASE
)
_NOTE = re.compile(
    r"\s*(\d+[/.)]\s|\*|\[?\d\]|notes?\b|source|footnote|see\b|represents\b|symbol|\(?[a-z]\)\s|\\\d|[*†‡]|"
    r"for more|includes\b|excludes\b|data\b.*:|internet\b)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(19|20)\d\d([-/]\d{2,4})?[*rpe]?")
_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[^\W\d_]+")


def is_number_text(text: str) -> bool:
    """Whether a text says a number, a date or the usual signs for a missing number."""
    stripped = text.strip()
    return len(stripped) <= 40 and (
        stripped.lower() in _MISSING
        or _NUMBER.fullmatch(stripped) is not None
        or _DATE.fullmatch(stripped) is not None
    )


def number_in(text: str) -> float:
    """The number that a text says, such as ``$ 1,200``, ``(3.5)`` for -3.5 or ``0,75``; else not-a-number."""
    found = _AMOUNT.fullmatch("".join(text.split()).translate(_CURRENCIES))
    if found is None:
        return math.nan
    digits = found["number"]
    if _GROUPED.fullmatch(digits):
        digits = digits.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(digits):
        digits = digits.replace(".", "").replace(",", ".")
    try:
        number = float(digits)
    except ValueError:  # 1.2.3 and the like
        return math.nan
    return -number if found["open"] or found["sign"] == "-" else number


def is_separator(text: str) -> bool:
    """Whether a text only draws a line (``-----``, ``=====``)."""
    return _SEPARATOR.fullmatch(text.strip()) is not None


def has_total_word(text: str) -> bool:
    """Whether a short text speaks of a total, an average or a balance."""
    return len(text) < 60 and _TOTAL.search(text) is not None


def has_note_start(text: str) -> bool:
    """Whether a text begins the way footnotes and sources do."""
    return _NOTE.match(text) is not None


def is_year(text: str) -> bool:
    """Whether a text is a year from 1900 to 2099, or a span such as ``2001-02``."""
    return _YEAR.fullmatch(text.strip()) is not None


def pattern_of(text: str) -> str:
    """The shape of a value: every run of digits becomes ``9``, every word ``a``."""
    return _LETTERS.sub("a", _DIGITS.sub("9", text.strip()))[:40]


def patterns_of(stripped: list[str]) -> list[str]:
    """:func:`pattern_of` of each of some texts without spaces around them, faster than one by one."""
    joined = "\n".join(stripped)
    if joined.count("\n") >= len(stripped):
        return [pattern_of(text) for text in stripped]
    return [pattern[:40] for pattern in _LETTERS.sub("a", _DIGITS.sub("9", joined)).split("\n")]
