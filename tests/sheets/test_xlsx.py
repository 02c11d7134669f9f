import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, PatternFill, Side
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from tablesense.boxes import parse_a1
from tablesense.sheets.sheet import Cell, CellKind, NativeTable, Sheet
from tablesense.sheets.workbook import open_workbook

from .twins import package, read_fast, read_slow, worksheet
from .xlsx_books import NO_ROWS, SHEET_PART, at, new_book, read, rewrite, style_at, with_sheet_data


def test_values_and_kinds(tmp_path: Path) -> None:
    book, ws = new_book()
    expected = [
        ("tea", CellKind.TEXT),
        (7, CellKind.NUMBER),
        (2.5, CellKind.NUMBER),
        (True, CellKind.BOOLEAN),
        (dt.datetime(2024, 2, 29), CellKind.DATE),
        (dt.datetime(2024, 2, 29, 12, 30), CellKind.DATE),
        (dt.time(8, 15), CellKind.DATE),
        (dt.timedelta(hours=30), CellKind.DATE),
        ("#DIV/0!", CellKind.ERROR),
        ("0012", CellKind.TEXT),
    ]
    ws.append([value for value, _ in expected])
    (sheet,) = read(book, tmp_path)
    assert [(cell.value, cell.kind) for cell in sheet.cells.values()] == expected
    assert [type(cell.value) for cell in sheet.cells.values()] == [type(value) for value, _ in expected]
    assert list(sheet.cells) == [(0, column) for column in range(len(expected))]


def test_dates_of_the_1904_calendar(tmp_path: Path) -> None:
    book, ws = new_book()
    book.epoch = CALENDAR_MAC_1904
    ws["A1"] = dt.datetime(2001, 5, 17)
    assert at(read(book, tmp_path)[0], "A1").value == dt.datetime(2001, 5, 17)


def test_rich_and_inline_text(tmp_path: Path) -> None:
    book, ws = new_book()
    ws["A1"] = CellRichText("net ", TextBlock(InlineFont(b=True), "total"))
    assert at(read(book, tmp_path)[0], "A1").value == "net total"
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c></row>'
    assert at(with_sheet_data(tmp_path, rows), "A1") == Cell("inline", CellKind.TEXT)


def test_cells_without_references_count_on(tmp_path: Path) -> None:
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>"
    cells = with_sheet_data(tmp_path, rows).cells
    assert {place: cell.value for place, cell in cells.items()} == {(0, 0): 1, (0, 1): 2, (1, 0): 3}


def test_formula_without_cached_value_is_a_number(tmp_path: Path) -> None:
    book, ws = new_book()
    ws["A1"] = "=1+1"
    ws["A2"] = ArrayFormula("A2:A3", "=B1:B2*2")
    (sheet,) = read(book, tmp_path)
    assert at(sheet, "A1") == Cell(None, CellKind.NUMBER, formula="=1+1")
    assert at(sheet, "A2") == Cell(None, CellKind.NUMBER, formula="=B1:B2*2")


@pytest.mark.parametrize(
    ("attributes", "cached", "value", "kind"),
    [
        ("", "<v>42</v>", 42, CellKind.NUMBER),
        ('t="str"', "<v>yes</v>", "yes", CellKind.TEXT),
        ('t="str"', "<v></v>", "", CellKind.TEXT),
        ('t="b"', "<v>0</v>", False, CellKind.BOOLEAN),
        ('t="e"', "<v>#REF!</v>", "#REF!", CellKind.ERROR),
    ],
)
def test_kind_of_a_formula_is_that_of_its_result(
    tmp_path: Path, attributes: str, cached: str, value: object, kind: CellKind
) -> None:
    sheet = with_sheet_data(tmp_path, f'<row r="1"><c r="A1" {attributes}><f>B1</f>{cached}</c></row>')
    cell = at(sheet, "A1")
    assert (cell.value, cell.kind, cell.formula) == (value, kind, "=B1")


def test_formula_shown_as_a_date(tmp_path: Path) -> None:
    book, ws = new_book()
    ws["A1"] = "=TODAY()"
    ws["A1"].number_format = "yyyy-mm-dd"
    path = tmp_path / "book.xlsx"
    book.save(path)
    edited = rewrite(path, SHEET_PART, ("<v />", "<v>45351</v>"))
    cell = at(open_workbook(edited)[0], "A1")
    assert (cell.value, cell.kind) == (dt.datetime(2024, 2, 29), CellKind.DATE)


def test_shared_formulas_are_spelled_out(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="B1"><f t="shared" ref="B1:B3" si="0">A1*2</f><v>2</v></c></row>'
        '<row r="2"><c r="B2"><f t="shared" si="0"/><v>4</v></c></row>'
        '<row r="3"><c r="B3"><f t="dataTable" ref="B3:B4" dt2D="0" r1="A9"/><v>4</v></c></row>'
    )
    sheet = with_sheet_data(tmp_path, rows)
    assert [at(sheet, ref).formula for ref in ("B1", "B2", "B3")] == ["=A1*2", "=A2*2", "=TABLE(A9,)"]


def test_only_cells_with_something_are_kept(tmp_path: Path) -> None:
    book, ws = new_book()
    ws["A1"] = "x"
    ws["B1"].alignment = Alignment(shrink_to_fit=True)  # a style of its own, but none that Style records
    ws["C1"].fill = PatternFill("solid", fgColor="FF0000")
    ws["D1"].comment = Comment("see below", "me")
    ws["E1"] = ""
    (sheet,) = read(book, tmp_path)
    assert set(sheet.cells) == {(0, 0), (0, 2), (0, 3)}
    assert at(sheet, "C1").kind is CellKind.EMPTY
    assert at(sheet, "D1") == Cell(None, CellKind.EMPTY, comment=True)


def test_merges_keep_the_borders_that_their_cells_have(tmp_path: Path) -> None:
    book, ws = new_book()
    ws["B2"] = "title"
    ws["B2"].border = Border(left=Side("thin"))
    ws.merge_cells("B2:D3")
    (sheet,) = read(book, tmp_path)
    assert sheet.merges == [parse_a1("B2:D3")]
    assert style_at(sheet, "B2").border_left
    assert [cell.value for cell in sheet.cells.values() if cell.value] == ["title"]


def test_a_merge_over_the_whole_sheet_costs_nothing(tmp_path: Path) -> None:
    book, _ = new_book()
    path = tmp_path / "book.xlsx"
    book.save(path)
    merges = '<mergeCells><mergeCell ref="A1:XFD1048576"/><mergeCell ref="B2"/></mergeCells>'
    path = rewrite(path, SHEET_PART, (NO_ROWS, NO_ROWS + merges))
    (sheet,) = open_workbook(path)
    assert sheet.merges == [parse_a1("A1:XFD1048576")]  # a merge of one cell is none
    assert sheet.cells == {}


@pytest.mark.parametrize("read_sheets", [read_fast, read_slow])
def test_a_merge_that_is_no_range_costs_itself_only(
    tmp_path: Path, read_sheets: Callable[[Path], list[Sheet]]
) -> None:
    refs = ("F:XFD", "A1:B2", "", "B3", "C1:D1")
    merges = "".join(f'<mergeCell ref="{ref}"/>' for ref in refs) + "<mergeCell/>"
    rows = '<row r="1"><c r="A1"><v>1</v></c></row>'
    sheet_part = worksheet(rows, after=f"<mergeCells>{merges}</mergeCells>")
    (sheet,) = read_sheets(package(tmp_path / "book.xlsx", sheet_part))
    assert sheet.merges == [parse_a1("A1:B2"), parse_a1("C1:D1")]
    assert at(sheet, "A1").value == 1


def test_comments(tmp_path: Path) -> None:
    book, ws = new_book()
    ws["C5"] = 3
    ws["C5"].comment = Comment("why", "me")
    ws["C6"] = 4
    (sheet,) = read(book, tmp_path)
    assert (at(sheet, "C5").value, at(sheet, "C5").comment, at(sheet, "C6").comment) == (3, True, False)


def test_native_tables(tmp_path: Path) -> None:
    book, ws = new_book()
    for column in "BCFG":
        ws[f"{column}2"], ws[f"{column}3"] = f"head {column}", 1
    ws.add_table(Table(displayName="With", ref="B2:C3"))
    ws.add_table(Table(displayName="Without", ref="F2:G3", headerRowCount=0))
    (sheet,) = read(book, tmp_path)
    assert sheet.tables == [NativeTable(parse_a1("B2:C3")), NativeTable(parse_a1("F2:G3"), header_rows=0)]


def test_hidden_rows_columns_and_sheets(tmp_path: Path) -> None:
    book, ws = new_book()
    ws.row_dimensions[3].hidden = True
    ws.row_dimensions[4].height = 30
    ws.column_dimensions["B"].hidden = True
    ws.column_dimensions["H"].width = 30
    ws.column_dimensions.group("D", "F", hidden=True)
    ws.row_dimensions.group(6, 7, hidden=True)
    for state in ("hidden", "veryHidden"):
        book.create_sheet(state).sheet_state = state
    book.save(tmp_path / "book.xlsx")
    first, *others = open_workbook(tmp_path / "book.xlsx", include_hidden=True)
    assert first.hidden_rows == {2, 5, 6}
    assert first.hidden_columns == {1, 3, 4, 5}
    assert [sheet.visible for sheet in (first, *others)] == [True, False, False]


def test_chart_sheets_are_left_out(tmp_path: Path) -> None:
    book, ws = new_book()
    ws.append([1, 2])
    book.create_chartsheet("Chart", 0).add_chart(BarChart())
    assert [sheet.name for sheet in read(book, tmp_path)] == ["Sheet"]


def test_parts_are_found_whatever_their_case(tmp_path: Path) -> None:
    book, ws = new_book()
    ws["A1"] = "text"
    path = tmp_path / "book.xlsx"
    book.save(path)
    path = rewrite(path, "xl/sharedStrings.xml", rename="xl\\SharedStrings.XML")
    assert at(open_workbook(path)[0], "A1").value == "text"


def test_warnings_of_openpyxl_stay_inside(tmp_path: Path) -> None:
    book, ws = new_book()
    ws["A1"] = dt.datetime(2024, 1, 1)
    path = tmp_path / "book.xlsx"
    book.save(path)
    path = rewrite(path, SHEET_PART, ("<v>45292</v>", "<v>1e99</v>"))
    assert at(open_workbook(path)[0], "A1").kind is CellKind.ERROR
