import datetime as dt
import re
import struct
from typing import Any

import pytest

from tablesense.boxes import Box
from tablesense.sheets.sheet import Cell, CellKind, Sheet, SheetError, Style
from tablesense.sheets.workbook import ReadLimits, open_workbook

from .books import VALUES, xls_bytes
from .looks import loud


def filled(fill: Any, **options: Any) -> list[Sheet]:
    return open_workbook(xls_bytes(fill), **options)


def style_of(sheet: Sheet, row: int, column: int) -> Style:
    return sheet.styles[sheet.cells[row, column].style]


def test_values_keep_their_types_and_places() -> None:
    (sheet,) = open_workbook(xls_bytes())
    assert {place: cell.value for place, cell in sheet.cells.items()} == {
        (y, x): value for y, row in enumerate(VALUES) for x, value in enumerate(row)
    }
    assert sheet.cells[3, 0].kind is CellKind.DATE
    assert sheet.cells[3, 1].kind is CellKind.BOOLEAN
    assert type(sheet.cells[2, 1].value) is int
    assert sheet.has_formatting


def test_formatting_is_read() -> None:
    def fill(book: Any, xlwt: Any) -> None:
        sheet = book.add_sheet("S")
        sheet.write(0, 0, "plain")
        look = xlwt.easyxf(
            "font: bold on, italic on, underline on, struck_out on, height 280, color red;"
            "pattern: pattern solid, fore_color yellow;"
            "borders: left thin, bottom double;"
            "alignment: horizontal center, vertical top, wrap on, indent 2;"
            "protection: cell_locked off, formula_hidden on",
            num_format_str="0.00%",
        )
        sheet.write(0, 1, 0.5, look)
        sheet.write(1, 1, None, look)

    (sheet,) = filled(fill)
    assert style_of(sheet, 0, 1) == loud(fill_color="FFFF00", border_bottom=True, horizontal="center")
    assert sheet.cells[1, 1] == Cell(None, CellKind.EMPTY, sheet.cells[0, 1].style)
    assert not style_of(sheet, 0, 0).bold


def test_structure_is_read() -> None:
    def fill(book: Any, xlwt: Any) -> None:
        sheet = book.add_sheet("S")
        sheet.write_merge(1, 2, 0, 3, "title")
        sheet.write(4, 0, 1.5)
        sheet.row(4).hidden = True
        sheet.col(2).hidden = True

    (sheet,) = filled(fill)
    assert sheet.merges == [Box(0, 1, 4, 3)]
    assert sheet.hidden_rows == {4}
    assert sheet.hidden_columns == {2}
    assert sheet.cells[4, 0].value == 1.5, "what is hidden is kept"


def test_formulas_are_marked() -> None:
    def fill(book: Any, xlwt: Any) -> None:
        for name in ("first", "second"):
            sheet = book.add_sheet(name)
            sheet.write(0, 0, 1)
            sheet.write(1, 0 if name == "first" else 1, xlwt.Formula("A1+1"))

    first, second = filled(fill)
    assert [place for place, cell in first.cells.items() if cell.formula] == [(1, 0)]
    assert [place for place, cell in second.cells.items() if cell.formula] == [(1, 1)]


def test_dates_times_and_durations() -> None:
    def fill(book: Any, xlwt: Any) -> None:
        sheet = book.add_sheet("S")
        formats = ("yyyy-mm-dd", "hh:mm", "[h]:mm", "yyyy-mm-dd", "yyyy-mm-dd")
        for row, (value, code) in enumerate(zip((45000, 0.75, 1.5, -3, 1e9), formats, strict=True)):
            sheet.write(row, 0, value, xlwt.easyxf(num_format_str=code))

    (sheet,) = filled(fill)
    assert [sheet.cells[row, 0].value for row in range(5)] == [
        dt.datetime(2023, 3, 15),
        dt.time(18),
        dt.timedelta(hours=36),
        -3,
        1_000_000_000,
    ]
    assert [sheet.cells[row, 0].kind for row in range(5)] == [CellKind.DATE] * 3 + [CellKind.NUMBER] * 2


def test_the_1904_system() -> None:
    def fill(book: Any, xlwt: Any) -> None:
        book.dates_1904 = True
        book.add_sheet("S").write(0, 0, 10, xlwt.easyxf(num_format_str="yyyy-mm-dd"))

    (sheet,) = filled(fill)
    assert sheet.cells[0, 0].value == dt.datetime(1904, 1, 11)


def test_hidden_sheets_are_left_out_unless_asked_for() -> None:
    def fill(book: Any, xlwt: Any) -> None:
        for state, name in enumerate(("shown", "hidden", "very")):
            sheet = book.add_sheet(name)
            sheet.write(0, 0, name)
            sheet.visibility = state

    assert [sheet.name for sheet in filled(fill)] == ["shown"]
    assert [sheet.hidden for sheet in filled(fill, include_hidden=True)] == [False, True, True]
    (very,) = filled(fill, sheet_names=["very"])
    assert very.cells[0, 0].value == "very"


@pytest.mark.parametrize("count", [0, 3, 5, 2**32 - 1])
def test_values_come_through_when_the_shared_strings_lie(count: int) -> None:
    book = bytearray(xls_bytes())
    told = re.search(
        rb"\xfc\x00..\x04\x00\x00\x00\x04\x00\x00\x00", book, re.DOTALL
    )  # four strings, all different
    assert told is not None
    book[told.start() + 8 : told.end()] = struct.pack("<I", count)
    (sheet,) = open_workbook(bytes(book))
    assert [cell.value for cell in sheet.cells.values()] == [value for row in VALUES for value in row]
    assert not sheet.has_formatting
    assert sheet.note.startswith("only values")


def test_cells_are_bounded() -> None:
    assert open_workbook(xls_bytes(), limits=ReadLimits(max_cells=8))
    with pytest.raises(SheetError, match="max_cells"):
        open_workbook(xls_bytes(), limits=ReadLimits(max_cells=7))
