import datetime as dt
import zipfile
from pathlib import Path

import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, GradientFill, PatternFill, Protection, Side
from openpyxl.styles.colors import Color
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.workbook import Workbook
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from tablesense.boxes import parse_a1
from tablesense.sheets.sheet import Cell, CellKind, NativeTable, Sheet, Style
from tablesense.sheets.workbook import open_workbook

SHEET_PART = "xl/worksheets/sheet1.xml"
NO_ROWS = "<sheetData></sheetData>"


def new_book() -> tuple[Workbook, Worksheet]:
    book = Workbook()
    return book, book.worksheets[0]


def read(book: Workbook, folder: Path) -> list[Sheet]:
    path = folder / "book.xlsx"
    book.save(path)
    return open_workbook(path)


def rewrite(path: Path, part: str, *changes: tuple[str, str], rename: str | None = None) -> Path:
    """The same package with texts replaced in one part (each must be there), or the part renamed."""
    target = path.with_name(f"edited-{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == part:
                for before, after in changes:
                    assert before.encode() in text
                    text = text.replace(before.encode(), after.encode())
            new.writestr(rename if rename and name == part else name, text)
    return target


def with_sheet_data(folder: Path, rows: str) -> Sheet:
    """A sheet whose rows are written as XML, for what openpyxl does not write."""
    book, _ = new_book()
    path = folder / "book.xlsx"
    book.save(path)
    edited = rewrite(path, SHEET_PART, (NO_ROWS, f"<sheetData>{rows}</sheetData>"))
    return open_workbook(edited)[0]


def at(sheet: Sheet, ref: str) -> Cell:
    box = parse_a1(ref)
    return sheet.cells[box.top, box.left]


def style_at(sheet: Sheet, ref: str) -> Style:
    return sheet.styles[at(sheet, ref).style]


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


def test_style_of_a_cell(tmp_path: Path) -> None:
    book, ws = new_book()
    cell = ws["A1"]
    cell.value = 0.25
    cell.font = Font(sz=14.5, b=True, i=True, u="double", strike=True, color="FF00aabb")
    cell.fill = PatternFill("lightGrid", fgColor="112233", bgColor="FFFFFF")
    cell.border = Border(left=Side("thin"), top=Side("double"), right=Side("none"))
    cell.alignment = Alignment(horizontal="right", vertical="top", wrap_text=True, indent=2)
    cell.number_format = "0.00%"
    cell.protection = Protection(locked=False, hidden=True)
    assert style_at(read(book, tmp_path)[0], "A1") == Style(
        font_color="00AABB",
        fill_color="112233",
        font_size=14.5,
        bold=True,
        italic=True,
        underline=True,
        strikethrough=True,
        border_left=True,
        border_top=True,
        horizontal="right",
        vertical="top",
        wrap=True,
        indent=2,
        number_format="0.00%",
        locked=False,
        hidden=True,
    )


def test_custom_number_formats(tmp_path: Path) -> None:
    book, ws = new_book()
    codes = ['#,##0 "kg"', "0.000E+00", "[Red]0;[Blue]-0"]
    for row, code in enumerate(codes, start=1):
        ws.cell(row, 1, 1.5).number_format = code
    (sheet,) = read(book, tmp_path)
    assert [style_at(sheet, f"A{row}").number_format for row in (1, 2, 3)] == codes
    assert all(cell.kind is CellKind.NUMBER for cell in sheet.cells.values())


@pytest.mark.parametrize(
    ("color", "fill", "font"),
    [
        (Color(rgb="80C0FFEE"), "C0FFEE", "C0FFEE"),
        (Color(theme=0), "FFFFFF", "FFFFFF"),
        (Color(theme=1), "000000", "000000"),
        (Color(theme=4, tint=-1.0), "000000", "000000"),
        (Color(indexed=10), "FF0000", "FF0000"),
        (Color(indexed=64), None, "000000"),
        (Color(auto=True), None, "000000"),
        (Color(theme=40), None, None),
    ],
)
def test_colors(tmp_path: Path, color: Color, fill: str | None, font: str | None) -> None:
    book, ws = new_book()
    ws["A1"] = "x"
    ws["A1"].fill = PatternFill("solid", fgColor=color)
    ws["A1"].font = Font(color=color, b=True)
    style = style_at(read(book, tmp_path)[0], "A1")
    assert (style.fill_color, style.font_color) == (fill, font)


def test_gradient_is_its_first_stop_and_no_fill_is_none(tmp_path: Path) -> None:
    book, ws = new_book()
    ws["A1"].fill = GradientFill(stop=("00FF00", "0000FF"))
    ws["A2"] = "plain"
    (sheet,) = read(book, tmp_path)
    assert style_at(sheet, "A1").fill_color == "00FF00"
    assert style_at(sheet, "A2").fill_color is None


def test_theme_and_palette_of_the_workbook_win(tmp_path: Path) -> None:
    book, ws = new_book()
    ws["A1"].fill = PatternFill("solid", fgColor=Color(theme=4))
    ws["A2"].fill = PatternFill("solid", fgColor=Color(indexed=1))
    path = tmp_path / "book.xlsx"
    book.save(path)
    path = rewrite(path, "xl/theme/theme1.xml", ("4F81BD", "00C0DE"))
    path = rewrite(path, "xl/styles.xml", ('rgb="00FFFFFF"', 'rgb="FF040506"'))  # openpyxl writes the palette
    (sheet,) = open_workbook(path)
    assert style_at(sheet, "A1").fill_color == "00C0DE"
    assert style_at(sheet, "A2").fill_color == "040506"


def test_styles_are_interned(tmp_path: Path) -> None:
    book, ws = new_book()
    for row in range(1, 50):
        ws.cell(row, 1, row)
        ws.cell(row, 2, row).font = Font(b=True)
    (sheet,) = read(book, tmp_path)
    assert len(sheet.styles) == len(set(sheet.styles)) == 2
    assert sheet.styles[0].bold is False


def test_stylesheet_that_openpyxl_refuses(tmp_path: Path) -> None:
    book, ws = new_book()
    ws["A1"] = "x"
    ws["A1"].font = Font(b=True)
    path = tmp_path / "book.xlsx"
    book.save(path)
    path = rewrite(path, "xl/styles.xml", ("<patternFill />", ""), ("cellStyleXfs", "unknown"))
    (sheet,) = open_workbook(path)
    assert style_at(sheet, "A1").bold


def test_style_ids_that_do_not_exist_mean_the_default(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1" s="99"><v>1</v></c><c r="B1" s=""><v>2</v></c></row>'
    sheet = with_sheet_data(tmp_path, rows)
    assert [at(sheet, "A1").style, at(sheet, "B1").style] == [0, 0]


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
