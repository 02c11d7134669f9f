"""One pass over the XML of a sheet: a compiled pattern finds the cells, arrays hold them.

A cell costs no Python object of its own: what it says, its attributes, its row and its column are
each looked up among the few distinct ones. The pattern knows what programs write. Anything else in
a sheet raises :class:`NotPlain`, and openpyxl's parser reads it.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import IO

import numpy as np

from tablesense.boxes import MAX_COLS, MAX_ROWS, Box, column_index
from tablesense.sheets.packed import CellArrays, Integers
from tablesense.sheets.xlsx_package import TRUE, hidden_columns, merged_boxes
from tablesense.sheets.xlsx_strings import EMPTY, ContentTable, Memo
from tablesense.sheets.xlsx_xml import NotPlain, parse_xml, pieces

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ATTRIBUTE = re.compile(r'\s((?:\w+:)?\w+)="([^"<&]*)"')
_ATTRIBUTES = re.compile(r'(?:\s+(?:\w+:)?\w+="[^"<&]*")*\s*')

_STRIDE = 6  # the groups of a cell, and what is before it


@dataclass(frozen=True, slots=True)
class SharedParts:
    """What the sheets of a workbook share, as far as reading cells goes.

    Args:
        strings: gives the shared strings.
        epoch: what day 0 of a date is.
        style_index: style id -> index in ``Sheet.styles``.
        style_code: style id -> ``n``, ``date`` or ``duration``: how a number is shown.
        spend: called with the number of cells that are about to be kept.
    """

    strings: Callable[[], Sequence[str]]
    epoch: dt.datetime
    style_index: Callable[[int], int]
    style_code: Callable[[int], str]
    spend: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ScannedSheet:
    """What the part of a sheet holds; ``formulas`` are ``<f>`` elements in the order of their cells."""

    cells: CellArrays
    formulas: list[str]
    prefix: str
    merges: list[Box]
    hidden_rows: frozenset[int]
    hidden_columns: frozenset[int]


def scan_sheet(source: IO[bytes], shared: SharedParts) -> ScannedSheet:
    """Read a sheet part.

    Raises:
        NotPlain: the part has something that is left to openpyxl's parser.
        SheetError: the cells are more than the budget allows.
        Exception: a value that is no value of its type; openpyxl's parser raises the same.
    """
    prefix, texts = pieces(source, "row")
    scan = _Scan(prefix, shared)
    frame: list[str] = []
    for text in _sheet_data(texts, prefix, frame):
        scan.add(text)
    root = parse_xml("".join(frame).encode())
    if root.tag != f"{_MAIN}worksheet" or next(root.iter(f"{_MAIN}row"), None) is not None:
        raise NotPlain("rows that are not the worksheet's")
    return ScannedSheet(
        cells=scan.arrays(),
        formulas=scan.formulas,
        prefix=prefix,
        merges=merged_boxes(merge for merges in root.iter(f"{_MAIN}mergeCells") for merge in merges),
        hidden_rows=frozenset(row for row in scan.hidden_rows if row >= 0),
        hidden_columns=hidden_columns(root.iter(f"{_MAIN}col")),
    )


def _sheet_data(texts: Iterator[str], prefix: str, frame: list[str]) -> Iterator[str]:
    """The rows out of the pieces of a sheet part; what is before and after goes into ``frame``."""
    first = next(texts)
    start = re.search(rf"<{prefix}sheetData(?:\s[^<>]*)?/?>", first)
    if start is None:
        raise NotPlain("no rows")
    frame.append(first[: start.end()])
    first = first[start.end() :]
    has_ended = start[0].endswith("/>")
    for text in chain([first], texts):
        rows, end, after = ("", "", text) if has_ended else text.partition(f"</{prefix}sheetData>")
        if rows:
            yield rows
        has_ended = has_ended or bool(end)
        frame.append(end + after)


class _Scan:
    """The rows of a sheet, piece by piece."""

    def __init__(self, prefix: str, shared: SharedParts) -> None:
        self.formulas: list[str] = []
        self.hidden_rows: list[int] = []
        self._shared = shared
        self._cell = _cell_pattern(prefix)
        self._row = _row_pattern(prefix)
        self._contents = ContentTable(shared.strings, shared.epoch, prefix)
        self._columns: Memo[str, int] = Memo(column_index)
        self._styles: Memo[str, int] = Memo(lambda text: shared.style_index(_style_id(text)))
        self._codes: Memo[str, str] = Memo(self._code)
        self._arrays: list[Integers] = []

    def add(self, text: str) -> None:
        """Take in whole rows."""
        if "xmlns" in text:
            raise NotPlain("a namespace of its own")
        # One flat list: no tuple a cell, which the garbage collector would look at again and again.
        parts = self._cell.split(text)
        self._add_rows("".join(parts[::_STRIDE]))
        if len(parts) > 1:
            self._add_cells(*(parts[group::_STRIDE] for group in range(1, _STRIDE)))

    def _add_rows(self, text: str) -> None:
        """Look at what is between the cells."""
        # Behind blanks at the end there is nothing to find, and it would be looked for from each of them.
        rows = self._row.findall(text.rstrip())
        if any(other for _, other in rows):
            raise NotPlain("something else than rows and cells")
        self.hidden_rows += [_hidden_row(attributes) for attributes, _ in rows if "hidden" in attributes]

    def _add_cells(
        self,
        letters: list[str],
        digits: list[str],
        attributes: list[str],
        formulas: list[str | None],
        values: list[str | None],
    ) -> None:
        codes = map(self._codes.__getitem__, attributes)
        columns = (
            map(int, digits),
            map(self._columns.__getitem__, letters),
            map(self._styles.__getitem__, attributes),
            map(self._contents.number.__getitem__, zip(codes, map(bool, formulas), values, strict=True)),
        )
        found = np.array([np.fromiter(column, np.int64, len(letters)) for column in columns])
        found = found[:, (found[2] != 0) | (found[3] != EMPTY)]
        self._shared.spend(found.shape[1])
        self.formulas += filter(None, formulas)
        self._arrays.append(found)

    def arrays(self) -> CellArrays:
        """All cells that have something."""
        nothing = np.zeros((4, 0), dtype=np.int64)
        rows, columns, styles, contents = np.concatenate([nothing, *self._arrays], axis=1)
        self._arrays.clear()
        rows -= 1
        if len(rows) and (rows.min() < 0 or rows.max() >= MAX_ROWS or columns.max() >= MAX_COLS):
            raise NotPlain("a cell outside of what a sheet can be")
        if (np.diff(rows * MAX_COLS + columns) <= 0).any():
            raise NotPlain("cells out of order")
        return CellArrays(
            rows=rows,
            columns=columns,
            styles=styles,
            contents=contents,
            comments=np.zeros(len(rows), dtype=np.bool_),
            values=self._contents.values,
            kinds=np.array(self._contents.kinds, dtype=np.int64),
            formulas=np.array(self._contents.formulas, dtype=np.bool_),
        )

    def _code(self, text: str) -> str:
        """The type code of a cell: its own, or for a number how its style shows it."""
        code = _attributes(text).get("t", "n")
        return self._shared.style_code(_style_id(text)) if code == "n" else code


@lru_cache(maxsize=8)
def _cell_pattern(p: str) -> re.Pattern[str]:
    """Finds (column, row, attributes, formula, value) of a cell, the last two as elements.

    Nothing is gained by giving back what a repetition took: ``++``, ``*+`` and ``(?>...)`` say so. Where
    a cell is odd, ``.*?`` would else go on to the end of every cell behind it.
    """
    start = rf'<{p}c r="([A-Z]++)([0-9]++)"([^<>/]*+)'
    formula = rf"<{p}f(?: [^<>]*)?(?:/>|>[^<]*+</{p}f>)"
    usual = rf"v>[^<]*+</{p}v|is><{p}t[^<>]*+>[^<]*+</{p}t></{p}is"
    other = rf"v(?: [^<>]*)?>[^<]*+</{p}v|v ?/|is>.*?</{p}is|is ?/"
    return re.compile(
        rf"{start}(?:>\s*+({formula})?\s*+(<{p}(?>{usual}|{other})>)?\s*+</{p}c>|/>)", re.DOTALL
    )


@lru_cache(maxsize=8)
def _row_pattern(p: str) -> re.Pattern[str]:
    """Finds (attributes of a row, what is neither the start nor the end of one)."""
    return re.compile(rf"\s*(?:<{p}row((?:\s[^<>]*)?)>|</{p}row>|(\S))")


@lru_cache(maxsize=4096)
def _attributes(text: str) -> Mapping[str, str]:
    if _ATTRIBUTES.fullmatch(text) is None:
        raise NotPlain("attributes in another notation")
    return dict(_ATTRIBUTE.findall(text))


def _style_id(attributes: str) -> int:
    text = _attributes(attributes).get("s", "0")
    if not (text.isascii() and text.isdigit()):
        raise NotPlain("a style without a number")
    return int(text)


def _hidden_row(attributes: str) -> int:
    """The row from zero if it is hidden, else -1."""
    found = _attributes.__wrapped__(attributes.removesuffix("/"))  # every row has others
    row = found.get("r", "")
    if not (row.isascii() and row.isdigit()):
        raise NotPlain("a row without a number")
    return int(row) - 1 if found.get("hidden") in TRUE else -1
