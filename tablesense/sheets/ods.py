"""Reader of .ods: one pass over ``content.xml`` that keeps nothing but the cells.

calamine reads .ods too, yet without formats, formulas, errors, merges and hidden lines, and it lays
out repeated rows before anyone can count them.
"""

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import IO
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse

from tablesense.boxes import MAX_COLS, MAX_ROWS, Box
from tablesense.sheets.bounded_zip import BoundedZip
from tablesense.sheets.ods_styles import OFFICE, STYLE, TABLE, CellStyles
from tablesense.sheets.request import Budget, ReadRequest
from tablesense.sheets.sheet import Cell, CellKind, CellValue, Sheet, outside
from tablesense.sheets.source import Openable

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CALCEXT = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_CELL, _COVERED, _ROW = f"{TABLE}table-cell", f"{TABLE}covered-table-cell", f"{TABLE}table-row"
_COLUMN, _SHEET = f"{TABLE}table-column", f"{TABLE}table"
_CELLS = frozenset((_CELL, _COVERED))
_STYLES = frozenset((f"{OFFICE}styles", f"{OFFICE}automatic-styles"))

# A background that goes on to the end of the sheet is written as one blank cell, repeated.
_MOST_BLANKS = 2_000
_MOST_HELD = 500_000  # XML elements in one cell, or in the styles
_MOST_DEEP = 256
_MOST_SHEETS = 10_000
_MOST_SPACES = 100  # one element may stand for any number of spaces
_ERROR = re.compile(r"#(N/A|DIV/0!|REF!|NAME\?|NUM!|VALUE!|NULL!)|Err:\d{3}")
_DURATION = re.compile(r"(-)?P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")


@dataclass
class _Table:
    """The sheet that is being read and where in it the reading is."""

    sheet: Sheet
    row: int = 0
    column: int = 0
    row_repeat: int = 1
    row_style: str | None = None
    described_columns: int = 0
    column_styles: list[tuple[int, str | None]] = field(default_factory=list)  # end, style
    hidden_rows: list[range] = field(default_factory=list)
    hidden_columns: list[range] = field(default_factory=list)

    def start_row(self, node: Element) -> None:
        """Go to a row, which may stand for many."""
        self.column, self.row_repeat = 0, _count(node, "number-rows-repeated")
        self.row_style = node.get(f"{TABLE}default-cell-style-name")
        if node.get(f"{TABLE}visibility", "visible") != "visible":
            self.hidden_rows.append(range(self.row, self.row + self.row_repeat))

    def describe_columns(self, node: Element) -> None:
        """Take note of the columns that an element stands for."""
        first = self.described_columns
        self.described_columns += _count(node, "number-columns-repeated")
        self.column_styles.append((self.described_columns, node.get(f"{TABLE}default-cell-style-name")))
        if node.get(f"{TABLE}visibility", "visible") != "visible":
            self.hidden_columns.append(range(first, self.described_columns))

    def style_name(self, node: Element) -> str | None:
        """The name of a cell's style: its own, else its row's, else its column's."""
        own = node.get(f"{TABLE}style-name") or self.row_style
        if own:
            return own
        at = bisect_right(self.column_styles, self.column, key=itemgetter(0))
        return self.column_styles[at][1] if at < len(self.column_styles) else None

    def finish(self, styles: CellStyles) -> Sheet:
        """The sheet; what is hidden beyond its last cell is not worth a mark."""
        rows = max((row for row, _ in self.sheet.cells), default=-1) + 1
        columns = max((column for _, column in self.sheet.cells), default=-1) + 1
        self.sheet.hidden_rows = _clipped(self.hidden_rows, rows)
        self.sheet.hidden_columns = _clipped(self.hidden_columns, columns)
        styles.index(None)  # so that there is a default
        self.sheet.styles = list(styles.met)
        return self.sheet


def read_ods(source: Openable, request: ReadRequest, budget: Budget) -> list[Sheet]:
    """Read the sheets that are asked for.

    Raises:
        SheetError: the workbook is over the limits.
        Exception: whatever zipfile or XML raise on a damaged file; the caller words it.
    """
    with source.open("rb") as file, BoundedZip(file) as archive:
        reader = _Reader(request, budget)
        if "styles.xml" in archive.namelist():
            with suppress(SyntaxError), archive.open("styles.xml") as part:  # damage costs the formats only
                reader.read_styles(part)
        with archive.open("content.xml") as part:
            return reader.read(part)


class _Reader:
    """Turns the XML events of ``content.xml`` into sheets."""

    def __init__(self, request: ReadRequest, budget: Budget) -> None:
        self._request, self._budget, self._styles = request, budget, CellStyles()
        self._invisible: set[str] = set()  # the table styles that hide a sheet
        self._table: _Table | None = None
        self._depth = 0  # of tables: a cell may hold another
        self._sheets: list[Sheet] = []

    def read_styles(self, part: IO[bytes]) -> None:
        """Take in the named styles."""
        for event, node in _events(part, self._budget):
            if event == "end" and node.tag in _STYLES:
                self._styles.add(node)

    def read(self, part: IO[bytes]) -> list[Sheet]:
        """The sheets of ``content.xml``."""
        for event, node in _events(part, self._budget):
            if node.tag == _SHEET:
                self._at_table(event, node)
            elif self._table is None:
                if event == "end" and node.tag in _STYLES:
                    self._styles.add(node)
                    self._invisible.update(_hiding_styles(node))
            elif self._depth == 1:
                self._inside(self._table, event, node)
        return self._sheets

    def _at_table(self, event: str, node: Element) -> None:
        self._depth += 1 if event == "start" else -1
        if event == "start" and self._depth == 1:
            name = node.get(f"{TABLE}name", "")
            visible = node.get(f"{TABLE}style-name") not in self._invisible
            if self._request.wants(name, visible=visible):
                self._table = _Table(Sheet(name, visible=visible))
        elif event == "end" and self._depth == 0 and self._table is not None:
            self._sheets.append(self._table.finish(self._styles))
            self._table = None
            if len(self._sheets) > _MOST_SHEETS:
                raise ValueError(f"more than {_MOST_SHEETS:,} sheets")

    def _inside(self, table: _Table, event: str, node: Element) -> None:
        if event == "start":
            if node.tag == _ROW:
                table.start_row(node)
        elif node.tag in _CELLS:
            self._cell(table, node)
            table.column += _count(node, "number-columns-repeated")
        elif node.tag == _ROW:
            table.row += table.row_repeat
        elif node.tag == _COLUMN:
            table.describe_columns(node)

    def _cell(self, table: _Table, node: Element) -> None:
        cell = _cell(node, self._styles.index(table.style_name(node)))
        width, height = _count(node, "number-columns-repeated"), table.row_repeat
        is_blank = cell.kind is CellKind.EMPTY and not cell.comment
        if is_blank and (not cell.style or width * height > _MOST_BLANKS):
            return
        right, bottom = table.column + width, table.row + height
        self._budget.spend(width * height)
        if right > MAX_COLS or bottom > MAX_ROWS:
            raise outside(bottom - 1, right - 1)
        cells = table.sheet.cells
        for row in range(table.row, bottom):
            cells.update(((row, column), replace(cell)) for column in range(table.column, right))
        across, down = _count(node, "number-columns-spanned"), _count(node, "number-rows-spanned")
        if across * down > 1:
            table.sheet.merges.append(
                Box(
                    table.column,
                    table.row,
                    min(table.column + across, MAX_COLS),
                    min(table.row + down, MAX_ROWS),
                )
            )


def _events(part: IO[bytes], budget: Budget) -> Iterator[tuple[str, Element]]:
    """Starts and ends of elements; a finished one is dropped, so that only open ones take memory.

    Cells and styles are kept whole until they end.
    """
    path: list[Element] = []
    inside = held = 0
    for number, (event, node) in enumerate(iterparse(part, events=("start", "end"))):
        if number % 1024 == 0:
            budget.check_time()
        if event == "start":
            path.append(node)
            if len(path) > _MOST_DEEP:
                raise ValueError(f"elements lie in each other {_MOST_DEEP} deep")
            if inside or node.tag in _CELLS or node.tag in _STYLES:
                inside, held = inside + 1, held + 1
            if held > _MOST_HELD:
                raise ValueError(f"a cell or a style sheet of more than {_MOST_HELD:,} elements")
            yield event, node
            continue
        path.pop()
        yield event, node
        inside = max(inside - 1, 0)
        if not inside:
            held = 0
            if path:
                path[-1].remove(node)


def _hiding_styles(styles: Element) -> Iterator[str]:
    for style in styles:
        properties = style.find(f"{STYLE}table-properties")
        if properties is not None and properties.get(f"{TABLE}display") == "false":
            yield style.get(f"{STYLE}name", "")


def _cell(node: Element, style: int) -> Cell:
    kind, value = (CellKind.EMPTY, None) if node.tag == _COVERED else _value(node)
    formula = node.get(f"{TABLE}formula")
    if formula is not None:
        formula = formula[formula.find("=") :] if "=" in formula else "="  # without "of:", the grammar's name
        if kind is CellKind.EMPTY:
            kind, value = CellKind.TEXT, ""
    return Cell(value, kind, style, formula, node.find(f"{OFFICE}annotation") is not None)


def _value(node: Element) -> tuple[CellKind, CellValue]:
    kind = node.get(f"{OFFICE}value-type")
    text = node.get(f"{OFFICE}string-value") or _text(node)
    is_formula = node.get(f"{TABLE}formula") is not None
    if node.get(f"{_CALCEXT}value-type") == "error" or (is_formula and _ERROR.fullmatch(text)):
        return CellKind.ERROR, text
    try:
        if kind in ("float", "percentage", "currency"):
            number = float(node.get(f"{OFFICE}value", ""))
            is_whole = number.is_integer() and abs(number) < 1e15
            return CellKind.NUMBER, int(number) if is_whole else number
        if kind == "boolean":
            return CellKind.BOOLEAN, node.get(f"{OFFICE}boolean-value") == "true"
        if kind == "date":
            moment = dt.datetime.fromisoformat(node.get(f"{OFFICE}date-value", ""))
            return CellKind.DATE, moment.replace(tzinfo=None)  # sheets know no time zones
        if kind == "time":
            return CellKind.DATE, _time(node.get(f"{OFFICE}time-value", ""))
    except (ValueError, OverflowError):
        pass  # a date before year 1, a number that is none: what the sheet shows is still its text
    return (CellKind.TEXT, text) if text else (CellKind.EMPTY, None)


def _time(text: str) -> dt.time | dt.timedelta:
    """A duration as a time of day when it is one."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups()[1:])
    duration = dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if match[1] or duration >= dt.timedelta(days=1):
        return -duration if match[1] else duration
    return (dt.datetime.min + duration).time()


def _text(cell: Element) -> str:
    return "\n".join("".join(_pieces(paragraph)) for paragraph in cell if paragraph.tag == f"{_TEXT}p")


def _pieces(node: Element) -> Iterator[str]:
    """The text in an element; blanks beyond one and breaks are elements of their own."""
    yield node.text or ""
    for child in node:
        if child.tag == f"{_TEXT}s":
            count = child.get(f"{_TEXT}c", "1")
            yield " " * min(int(count), _MOST_SPACES)
        elif child.tag == f"{_TEXT}tab":
            yield "\t"
        elif child.tag == f"{_TEXT}line-break":
            yield "\n"
        elif child.tag not in (f"{OFFICE}annotation", f"{_TEXT}ruby-text"):
            yield from _pieces(child)
        yield child.tail or ""


def _count(node: Element, name: str) -> int:
    """A number of lines or cells that an element stands for: one, unless it says more."""
    return max(int(node.get(f"{TABLE}{name}", "1")), 1)


def _clipped(ranges: Collection[range], end: int) -> frozenset[int]:
    return frozenset(line for lines in ranges for line in range(lines.start, min(lines.stop, end)))
