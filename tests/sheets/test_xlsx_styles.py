from pathlib import Path

import pytest
from openpyxl.styles import Alignment, Border, Font, GradientFill, PatternFill, Protection, Side
from openpyxl.styles.colors import Color

from tablesense.sheets.sheet import CellKind
from tablesense.sheets.workbook import open_workbook

from .looks import loud
from .xlsx_books import at, new_book, read, rewrite, style_at, with_sheet_data


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
    assert style_at(read(book, tmp_path)[0], "A1") == loud(
        font_color="00AABB", fill_color="112233", font_size=14.5, border_top=True, horizontal="right"
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
