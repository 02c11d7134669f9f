"""Marks in an openpyxl workbook: a frame and a comment, or a native Excel table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from openpyxl.cell.cell import Cell as BookCell
from openpyxl.comments import Comment
from openpyxl.styles import Border, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.worksheet.table import Table as BookTable
from openpyxl.worksheet.table import TableStyleInfo

from tablesense.boxes import MAX_COLS, MAX_ROWS, Box, parse_a1
from tablesense.detection.table import Table

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

_AUTHOR = "tablesense"
_LINE = Side(style="thick", color="FF2F6FEB")
_STYLE = TableStyleInfo(name="TableStyleMedium2", showRowStripes=True)
_Known = dict[tuple[int, str], int]  # an old border's number and a side -> the new border's
_UNUSABLE = re.compile(r"[\x00-\x1f]")  # a line break in a column's name makes Excel repair the file


class Marker:
    """Marks tables in a workbook.

    Args:
        book: the workbook.
        native_tables: make a native Excel table where the range allows one.
    """

    def __init__(self, book: Workbook, *, native_tables: bool = False) -> None:
        self.native_tables = native_tables
        tables = [table for sheet in book.worksheets for table in sheet.tables.values()]
        self._names = {str(table.displayName).casefold() for table in tables}
        self._names |= {name.casefold() for name in book.defined_names}
        self._number = 0
        self._taken: dict[str, list[Box]] = {}  # title of a sheet -> where no native table may lie

    def mark(self, sheet: Worksheet, table: Table) -> None:
        """Mark one table on its sheet."""
        if self.native_tables and allows_native_table(sheet, table, self._taken_on(sheet)):
            self._add_table(sheet, table)
        else:
            draw_frame(sheet, table.box)
        _comment(sheet, table)

    def _add_table(self, sheet: Worksheet, table: Table) -> None:
        self._number += 1
        while f"found_{self._number}" in self._names:
            self._number += 1
        native = BookTable(displayName=f"Found_{self._number}", ref=table.range)
        native.tableStyleInfo = _STYLE
        sheet.add_table(native)
        self._taken[sheet.title].append(table.box)

    def _taken_on(self, sheet: Worksheet) -> list[Box]:
        """The ranges where no native table may lie; read once a sheet, of which some have many."""
        if sheet.title not in self._taken:
            self._taken[sheet.title] = taken_ranges(sheet)
        return self._taken[sheet.title]


def taken_ranges(sheet: Worksheet) -> list[Box]:
    """The tables, merged ranges and filter of a sheet."""
    taken = [str(other.ref) for other in sheet.tables.values()]
    taken += [str(merge) for merge in sheet.merged_cells.ranges]
    taken += [sheet.auto_filter.ref] if sheet.auto_filter.ref else []
    return [parse_a1(name) for name in taken]


def allows_native_table(sheet: Worksheet, table: Table, taken: Sequence[Box]) -> bool:
    """Whether Excel would take the range: a header row of distinct texts, rows below, nothing in the way.

    Args:
        sheet: the sheet.
        table: what was found there.
        taken: what is in the way.
    """
    box = table.box
    if table.header_rows != 1 or box.height < 2:
        return False
    names = [sheet.cell(box.top + 1, column + 1).value for column in range(box.left, box.right)]
    texts = [name for name in names if isinstance(name, str) and name.strip() and not name.startswith("=")]
    if len({text.casefold() for text in texts}) < box.width or any(map(_UNUSABLE.search, texts)):
        return False
    return not any(map(box.intersection, taken))


def draw_frame(sheet: Worksheet, box: Box) -> None:
    """Draw a line around a box; the other borders of its cells stay."""
    # A box from a damaged workbook may reach beyond what a sheet can hold.
    bottom, right = min(box.bottom, MAX_ROWS), min(box.right, MAX_COLS)
    known: _Known = {}
    for row in range(box.top, bottom):
        _add_border(sheet, row, box.left, "left", known)
        _add_border(sheet, row, right - 1, "right", known)
    for column in range(box.left, right):
        _add_border(sheet, box.top, column, "top", known)
        _add_border(sheet, bottom - 1, column, "bottom", known)


def _add_border(sheet: Worksheet, row: int, column: int, side: str, known: _Known) -> None:
    """Add a side to the border of a cell; ``known`` are borders made before: to make one takes long."""
    cell: Any = sheet.cell(row + 1, column + 1)  # openpyxl has more of it than its stubs
    if not cell.has_style:
        cell._style = StyleArray()
    key = cell._style.borderId, side
    if key in known:
        cell._style.borderId = known[key]
        return
    old = cell.border
    sides = {name: getattr(old, name) for name in ("left", "right", "top", "bottom", "diagonal")}
    cell.border = Border(**{**sides, side: _LINE}, diagonalUp=old.diagonalUp, diagonalDown=old.diagonalDown)
    known[key] = cell._style.borderId


def _comment(sheet: Worksheet, table: Table) -> None:
    """Say what was found on the table's first cell that can carry a comment (a merged one cannot)."""
    cells = (sheet.cell(table.box.top + 1, column + 1) for column in range(table.box.left, table.box.right))
    cell = next((cell for cell in cells if isinstance(cell, BookCell)), None)
    if cell is None:
        return
    text = f"Table {table.range}\nscore {table.score:.2f}\nheader rows: {table.header_rows}"
    if cell.comment is None:
        cell.comment = Comment(text, _AUTHOR)
    else:
        cell.comment = Comment(f"{cell.comment.text}\n\n{text}", cell.comment.author or _AUTHOR)
