import struct

import pytest

from tablesense.boxes import Box
from tablesense.sheets.sheet import CellKind, SheetError
from tablesense.sheets.workbook import ReadLimits, open_workbook

from .books import record, xlsb_bytes, xlsb_cell, xlsb_row


def test_values_keep_their_types_and_places() -> None:
    rows = xlsb_row(2, xlsb_cell(1, "text"), xlsb_cell(2, 3.0), xlsb_cell(3, 2.5), xlsb_cell(5, True))
    (sheet,) = open_workbook(xlsb_bytes({"Data": rows}))
    found = {place: (cell.value, cell.kind) for place, cell in sheet.cells.items()}
    assert found == {
        (2, 1): ("text", CellKind.TEXT),
        (2, 2): (3, CellKind.NUMBER),
        (2, 3): (2.5, CellKind.NUMBER),
        (2, 5): (True, CellKind.BOOLEAN),
    }
    assert sheet.name == "Data"
    assert not sheet.has_formatting


def test_formulas_and_errors_are_marked() -> None:
    rows = xlsb_row(
        0,
        xlsb_cell(0, 1.5, formula=True),
        xlsb_cell(1, "#N/A"),
        xlsb_cell(2, "#N/A", formula=True),
        xlsb_cell(3, "", formula=True),
        xlsb_cell(4, 7.0),
    )
    (sheet,) = open_workbook(xlsb_bytes({"S": rows}))
    kinds = {column: cell.kind for (_, column), cell in sheet.cells.items()}
    assert kinds == {
        0: CellKind.NUMBER,
        1: CellKind.ERROR,
        2: CellKind.ERROR,
        3: CellKind.TEXT,
        4: CellKind.NUMBER,
    }
    assert {column for (_, column), cell in sheet.cells.items() if cell.formula} == {0, 2, 3}
    assert sheet.cells[0, 1].value == "#N/A"


def test_hidden_lines_and_merges() -> None:
    columns = record(390) + record(60, struct.pack("<IIIIH", 2, 3, 2560, 0, 1)) + record(391)
    columns += record(60, struct.pack("<IIIIH", 5, 5, 2560, 0, 0))
    merge = record(177) + record(176, struct.pack("<IIII", 0, 1, 0, 2)) + record(178)
    rows = xlsb_row(0, xlsb_cell(0, "a")) + xlsb_row(1, xlsb_cell(0, "b"), hidden=True)
    (sheet,) = open_workbook(xlsb_bytes({"S": rows}, before=columns, after=merge))
    assert sheet.hidden_rows == {1}
    assert sheet.hidden_columns == {2, 3}
    assert sheet.merges == [Box(0, 0, 3, 2)]
    assert len(sheet.cells) == 2, "what is hidden is kept"


def test_hidden_sheets_are_left_out_unless_asked_for() -> None:
    row = xlsb_row(0, xlsb_cell(0, "x"))
    book = xlsb_bytes({"shown": row, "hidden": row, "very": row}, states={"hidden": 1, "very": 2})
    assert [sheet.name for sheet in open_workbook(book)] == ["shown"]
    assert [sheet.hidden for sheet in open_workbook(book, include_hidden=True)] == [False, True, True]
    assert [sheet.name for sheet in open_workbook(book, sheet_names=["very"])] == ["very"]


def test_a_wide_used_range_is_refused_before_it_is_laid_out() -> None:
    corners = xlsb_row(0, xlsb_cell(0, "a")) + xlsb_row(1_048_575, xlsb_cell(16_383, "z"))
    with pytest.raises(SheetError, match=r"spreads its cells over a range of 17,179,869,184"):
        open_workbook(xlsb_bytes({"S": corners}))


def test_a_cell_outside_a_sheet_is_damage() -> None:
    with pytest.raises(SheetError, match=r"damaged \(ValueError: a cell lies at row 1, column 16385\)"):
        open_workbook(xlsb_bytes({"S": xlsb_row(0, xlsb_cell(16_384, "a"))}))


def test_cells_are_bounded() -> None:
    rows = xlsb_row(0, *(xlsb_cell(column, 1.5) for column in range(8)))
    assert open_workbook(xlsb_bytes({"S": rows}), limits=ReadLimits(max_cells=8))
    with pytest.raises(SheetError, match="max_cells"):
        open_workbook(xlsb_bytes({"S": rows}), limits=ReadLimits(max_cells=7))
