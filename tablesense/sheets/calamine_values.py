"""Values by calamine, for what no reader with formatting covers: .xlsb, and workbooks others fail on.

calamine knows no formats and no hidden lines, and gives empty text for a cell that holds an error.
"""

import datetime as dt
import io

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from tablesense.boxes import MAX_COLS, MAX_ROWS, Box
from tablesense.sheets.detect_format import damaged
from tablesense.sheets.request import Budget, ReadRequest
from tablesense.sheets.sheet import Cell, CellKind, CellValue, Sheet, SheetError, outside, real_merges


def read_values(data: bytes, request: ReadRequest, budget: Budget, note: str = "") -> list[Sheet]:
    """Read the values and merges of any workbook that calamine opens, without formatting.

    Raises:
        SheetError: calamine refuses the file, or it is over the limits.
    """
    with open_calamine(data) as book:
        sheets = []
        for number, about in enumerate(book.sheets_metadata):
            visible = about.visible is SheetVisibleEnum.Visible
            if about.typ is SheetTypeEnum.WorkSheet and request.wants(about.name, visible=visible):
                found = book.get_sheet_by_index(number)  # by number: two sheets may share a name
                sheets.append(sheet_of(found, budget, visible=visible, note=note))
        return sheets


def open_calamine(data: bytes) -> CalamineWorkbook:
    """Open a workbook.

    Raises:
        SheetError: calamine refuses it.
    """
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError:
        raise SheetError("it is password protected; remove the password") from None
    except CalamineError as error:
        raise SheetError(damaged(error)) from error


def sheet_of(found: CalamineSheet, budget: Budget, *, visible: bool, note: str = "") -> Sheet:
    """Convert what calamine read of a sheet."""
    top, left = found.start or (0, 0)
    bottom, right = found.end or (0, 0)
    if bottom >= MAX_ROWS or right >= MAX_COLS:
        raise outside(bottom, right)
    cells: dict[tuple[int, int], Cell] = {}
    for row, values in enumerate(found.to_python(skip_empty_area=True), top):
        for column, value in enumerate(values, left):
            if value != "":
                budget.spend()
                cells[row, column] = Cell(plain(value), kind_of(value))
    merges = (
        Box(left, top, right + 1, bottom + 1)
        for (top, left), (bottom, right) in found.merged_cell_ranges or ()
    )
    return Sheet(
        found.name, cells, merges=real_merges(merges), visible=visible, has_formatting=False, note=note
    )


def kind_of(value: object) -> CellKind:
    """The kind of a value as calamine gives it."""
    if isinstance(value, str):
        return CellKind.TEXT
    if isinstance(value, bool):
        return CellKind.BOOLEAN
    return CellKind.NUMBER if isinstance(value, (int, float)) else CellKind.DATE


def plain(value: CellValue) -> CellValue:
    """Whole numbers as ``int`` and dates as ``datetime``, as the other readers give them."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    return value
