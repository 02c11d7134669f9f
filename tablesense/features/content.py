"""What cells say becomes bytes, once for each distinct content of a sheet."""

import datetime as dt
import math
from collections.abc import Callable, Iterable
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from tablesense.features import text as looks
from tablesense.features.channels import CONTENT_CHANNELS, INDEX
from tablesense.sheets.packed import CellArrays
from tablesense.sheets.sheet import Cell, CellKind, CellValue

Bytes = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]

NUM_CONTENT = len(CONTENT_CHANNELS)  # they come first among the channels

_TEXT, _NUMBER, _DATE = int(CellKind.TEXT), int(CellKind.NUMBER), int(CellKind.DATE)
_KIND_CHANNEL = {
    CellKind.TEXT: "kind_text",
    CellKind.NUMBER: "kind_number",
    CellKind.BOOLEAN: "kind_boolean",
    CellKind.DATE: "kind_date",
    CellKind.ERROR: "kind_error",
}
_KIND_INDEX = np.array([INDEX[_KIND_CHANNEL.get(kind, "kind_text")] for kind in CellKind])
_LENGTHS = (10, 50, 100)  # where the channels from length_below_10 on begin and end
_TEXTS_AT_A_TIME = 4096  # each may have 32,767 characters


class ContentFacts:
    """What folding and the neighbours of a cell need to know of each of D contents.

    ``filled`` and ``numeric`` are ``[D]`` flags, see :func:`is_filled` and :func:`is_numeric`, and so is
    ``separators``, texts that only draw a line; ``patterns`` is what folding compares of a value: its kind,
    with numbers written as text counted as numbers, 0 for what is not filled; ``numbers`` is what the
    numeric ones say, dates in days, not-a-number where there is none.
    """

    def __init__(self, cells: CellArrays) -> None:
        values, kinds, formulas = cells.values, cells.kinds, cells.formulas
        missing = np.array([value is None for value in values], dtype=np.bool_)
        self.filled = ~missing | formulas
        self.numeric = (kinds == _NUMBER) | (kinds == _DATE) | (missing & formulas)
        self.numeric[kinds == _TEXT] = False
        self.separators = np.zeros(len(values), dtype=np.bool_)
        strings = [(i, value.strip()) for i, value in enumerate(values) if isinstance(value, str)]
        if strings:
            which = np.array([i for i, _ in strings])
            self.filled[which] = [bool(text) for _, text in strings]
            is_text = kinds[which] == _TEXT
            texts = compress(strings, is_text.tolist())
            self.numeric[which[is_text]] = [looks.is_number_text(text) for _, text in texts]
            self.separators[which] = [looks.is_separator(text) for _, text in strings]
        self.numbers = np.full(len(values), np.nan)
        some = np.flatnonzero(self.numeric)
        self.numbers[some] = [number_of(values[i]) for i in some.tolist()]
        self.patterns = np.where(self.filled, np.where(self.numeric, _NUMBER, kinds), 0)


def is_filled(cell: Cell) -> bool:
    """Whether a cell shows something: a value that is not blank text, or a formula."""
    if isinstance(cell.value, str):
        return bool(cell.value.strip())
    return cell.value is not None or cell.formula is not None


def is_numeric(cell: Cell) -> bool:
    """Whether a filled cell is data to the eye: a number, a date, or text that says one."""
    if cell.kind == CellKind.TEXT:
        return isinstance(cell.value, str) and looks.is_number_text(cell.value)
    unknown_result = cell.formula is not None and cell.value is None  # most formulas compute numbers
    return cell.kind in (CellKind.NUMBER, CellKind.DATE) or unknown_result


def number_of(value: CellValue) -> float:
    """A number, one that a text says, or a date in days; else not-a-number."""
    if isinstance(value, str):
        return looks.number_in(value)
    if isinstance(value, dt.datetime):
        return (value.replace(tzinfo=None) - dt.datetime.min) / dt.timedelta(days=1)
    if not _is_number(value):
        return math.nan
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:  # an integer beyond the floats
        return math.nan


def display_text(cell: Cell) -> str:
    """The value as text; close to what a user sees, number formats aside."""
    return value_text(cell.value)


def value_text(value: CellValue) -> str:
    """See :func:`display_text`."""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return "" if value is None else str(value)


class ContentBytes:
    """The content channels of some contents.

    Args:
        cells: the cells of a sheet.
        facts: the same sheet's.
        used: ``[U]`` the contents that are needed, ascending.

    Attributes:
        values: ``[U, content channels]`` bytes, those that compare a cell with its neighbours left out.
        texts: ``[U]`` a number for each text, equal for equal ones.
        patterns: ``[U]`` likewise for the patterns of the texts.
        numbers: ``[U]`` what the numeric ones say.
    """

    def __init__(self, cells: CellArrays, facts: ContentFacts, used: Integers) -> None:
        self._used = used
        values = [cells.values[i] for i in used.tolist()]
        texts = [value_text(value) for value in values]
        self.values, patterns = _text_channels(texts, [_is_number(value) for value in values])
        self.values[[_is_negative(value) for value in values], INDEX["negative"]] = 255
        self.texts, self.patterns = numbered(texts), numbered(patterns)
        self.numbers = facts.numbers[used]
        kind = np.where(cells.formulas[used], INDEX["kind_formula"], _KIND_INDEX[cells.kinds[used]])
        side = np.where(facts.numeric[used], INDEX["numeric"], INDEX["textual"])
        each = np.arange(len(used))
        self.values[each, kind] = 255
        self.values[each, side] = 255
        self.values[:, INDEX["filled"]] = 255

    def index(self, contents: Integers) -> Integers:
        """Where some of the contents are among those that were needed."""
        return np.searchsorted(self._used, contents)


def _is_number(value: CellValue) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_negative(value: CellValue) -> bool:
    return isinstance(value, (int, float)) and value < 0


def numbered(keys: Iterable[str]) -> Integers:
    """``[K]`` a number for each key, equal for equal ones."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _text_channels(texts: list[str], of_numbers: list[bool]) -> tuple[Bytes, list[str]]:
    """The channels that depend on the text alone, ``[T, content channels]``, and the texts' patterns."""
    values = np.zeros((len(texts), NUM_CONTENT), dtype=np.uint8)
    patterns: list[str] = []
    for start in range(0, len(texts), _TEXTS_AT_A_TIME):
        block = slice(start, start + _TEXTS_AT_A_TIME)
        stripped = [text.strip() for text in texts[block]]
        _write_measures(values[block], texts[block], stripped)
        _write_flags(values[block], stripped, of_numbers[block])
        patterns += looks.patterns_of(stripped)
    return values, patterns


def _write_measures(values: Bytes, texts: list[str], stripped: list[str]) -> None:
    """Write lengths, leading spaces, and how many of the characters are digits and letters."""
    lengths = np.array([len(text) for text in texts])
    limit = np.searchsorted(_LENGTHS, lengths, side="right")
    values[np.arange(len(texts)), INDEX["length_below_10"] + limit] = 255
    for i, (text, short) in enumerate(zip(texts, stripped, strict=True)):
        if len(text) != len(short):
            values[i, INDEX["leading_spaces"]] = min(255, 32 * (len(text) - len(text.lstrip())))
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    if len(codes) == 0:
        return
    has_text = np.flatnonzero(lengths)
    lengths = lengths[has_text]
    starts = np.cumsum(lengths) - lengths
    alphabet = np.flatnonzero(np.bincount(codes)).tolist()
    is_member = np.zeros(alphabet[-1] + 1, dtype=np.bool_)
    for name, test in (("digit_share", str.isdigit), ("letter_share", str.isalpha)):
        is_member[alphabet] = [test(chr(code)) for code in alphabet]
        counts = np.add.reduceat(is_member[codes], starts, dtype=np.int64)
        values[has_text, INDEX[name]] = np.rint(255 * counts / lengths)


def _write_flags(values: Bytes, stripped: list[str], of_numbers: list[bool]) -> None:
    """Write what a text looks like. All that a number can look like is a year."""
    years = [i for i, text in enumerate(stripped) if looks.is_year(text)]
    values[years, INDEX["year_like"]] = 255
    words = [(i, text) for i, (text, skip) in enumerate(zip(stripped, of_numbers, strict=True)) if not skip]
    for name, test in _FLAGS:
        values[[i for i, text in words if test(text)], INDEX[name]] = 255


_FLAGS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("all_caps", lambda text: len(text) > 1 and text.isupper()),
    ("ends_with_colon", lambda text: text.endswith(":")),
    ("total_word", looks.has_total_word),
    ("note_word", looks.has_note_start),
    ("separator", looks.is_separator),
    ("bracketed", lambda text: len(text) > 2 and text[0] == "(" and text[-1] == ")"),
)
