"""Reader of .xlsb: calamine gives values; one pass over the records tells what it leaves out.

That pass (records of MS-XLSB 2.4) finds hidden lines, merges, formulas and errors, and the used range
before calamine lays it out. Formats are not read, so the sheets say that they carry none.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring
from python_calamine import SheetTypeEnum, SheetVisibleEnum

from tablesense.boxes import MAX_COLS, MAX_ROWS, Box
from tablesense.sheets.bounded_zip import BoundedZip
from tablesense.sheets.calamine_values import open_calamine, sheet_of
from tablesense.sheets.detect_format import SAVE_AS_XLSX
from tablesense.sheets.request import Budget, ReadRequest
from tablesense.sheets.sheet import Cell, CellKind, Sheet, SheetError, outside, real_merges

# calamine lays a used range out in full, at 32 bytes a cell, however empty it is.
MAX_USED_RANGE = 20_000_000

_ROW, _COLUMNS, _MERGE, _SHEET = 0, 60, 176, 156
_CELLS = frozenset((*range(2, 12), 62))
_ERRORS, _FORMULAS = frozenset((3, 11)), frozenset((8, 9, 10, 11))
_ERROR_TEXTS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


@dataclass
class _Marks:
    """What the records of a sheet say beside values."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    merges: list[Box] = field(default_factory=list)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)

    @property
    def used_range(self) -> int:
        """Cells between the first and last row and column that have a value."""
        if not self.rows:
            return 0
        return (max(self.rows) - min(self.rows) + 1) * (max(self.columns) - min(self.columns) + 1)


def read_xlsb(data: bytes, request: ReadRequest, budget: Budget) -> list[Sheet]:
    """Read the worksheets that are asked for; charts, dialogs and macro sheets are left out.

    Raises:
        SheetError: calamine refuses the workbook, or it is over the limits.
    """
    sheets = []
    with BoundedZip(io.BytesIO(data)) as archive:
        parts = _sheet_parts(archive)
        wanted = {name for name, visible, _ in parts if request.wants(name, visible=visible)}
        marks = [
            _marks(archive.read(part), budget) if name in wanted else _Marks() for name, _, part in parts
        ]
    with open_calamine(data) as book:
        for number, about in enumerate(book.sheets_metadata):
            visible = about.visible is SheetVisibleEnum.Visible
            if about.typ is SheetTypeEnum.WorkSheet and request.wants(about.name, visible=visible):
                sheet = sheet_of(book.get_sheet_by_index(number), budget, visible=visible)
                _apply(marks[number], sheet, budget)
                sheets.append(sheet)
    return sheets


def _apply(marks: _Marks, sheet: Sheet, budget: Budget) -> None:
    sheet.hidden_rows, sheet.hidden_columns = frozenset(marks.hidden_rows), frozenset(marks.hidden_columns)
    sheet.merges = real_merges(marks.merges)
    budget.spend(len(marks.errors) + len(marks.formulas))
    for place, text in marks.errors.items():
        sheet.cells[place] = Cell(text, CellKind.ERROR)
    for place in marks.formulas:
        # calamine leaves out a formula whose result is the empty text
        sheet.cells.setdefault(place, Cell("", CellKind.TEXT)).formula = "="


def _sheet_parts(archive: BoundedZip) -> list[tuple[str, bool, str]]:
    """Name, visibility and part of every sheet, charts too, in the workbook's order."""
    rels: Element = fromstring(archive.read("xl/_rels/workbook.bin.rels"))
    targets = {rel.get("Id", ""): rel.get("Target", "") for rel in rels}
    sheets = []
    for code, body in _records(archive.read("xl/workbook.bin")):
        if code == _SHEET:
            state = struct.unpack_from("<I", body)[0]
            relation, end = _text(body, 8)
            name, _ = _text(body, end)
            target = targets.get(relation, "")
            sheets.append((name, state == 0, target.lstrip("/") if target[:1] == "/" else f"xl/{target}"))
    return sheets


def _marks(part: bytes, budget: Budget) -> _Marks:
    marks, row = _Marks(), 0
    for number, (code, body) in enumerate(_records(part)):
        if number % 1024 == 0:
            budget.check_time()
        if code == _ROW:
            (row,) = struct.unpack_from("<I", body)
            if body[11] & 0x10:
                marks.hidden_rows.add(row)
        elif code in _CELLS:
            _mark_cell(marks, code, (row, struct.unpack_from("<I", body)[0]), body)
        elif code == _COLUMNS:
            first, last, _, _, flags = struct.unpack_from("<IIIIH", body)
            if flags & 1:
                marks.hidden_columns.update(range(first, min(last + 1, MAX_COLS)))
        elif code == _MERGE:
            top, bottom, left, right = struct.unpack_from("<IIII", body)
            marks.merges.append(Box(left, top, right + 1, bottom + 1))
    if marks.used_range > MAX_USED_RANGE:
        raise SheetError(
            f"a sheet spreads its cells over a range of {marks.used_range:,}, more than the "
            f"{MAX_USED_RANGE:,} that .xlsb is read for; {SAVE_AS_XLSX}"
        )
    return marks


def _mark_cell(marks: _Marks, code: int, place: tuple[int, int], body: bytes) -> None:
    if place[0] >= MAX_ROWS or place[1] >= MAX_COLS:
        raise outside(*place)
    marks.rows.add(place[0])
    marks.columns.add(place[1])
    if code in _ERRORS:
        marks.errors[place] = _ERROR_TEXTS.get(body[8], "#N/A")
    if code in _FORMULAS:
        marks.formulas.add(place)


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """The records of a part: a code of one or two bytes, a size of up to four, the body."""
    position = 0
    while position < len(part):
        code, position = _number(part, position, 2)
        size, position = _number(part, position, 4)
        yield code, part[position : position + size]
        position += size


def _number(part: bytes, position: int, most: int) -> tuple[int, int]:
    """A number in bytes of seven bits, the last without the eighth (the code keeps its bits), and its end."""
    value = 0
    for count in range(most):
        byte = part[position + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, position + count + 1
    return value, position + most


def _text(body: bytes, position: int) -> tuple[str, int]:
    """A counted UTF-16 text and where it ends."""
    (length,) = struct.unpack_from("<I", body, position)
    start = position + 4
    return body[start : start + 2 * length].decode("utf-16-le"), start + 2 * length
