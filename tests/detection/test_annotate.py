"""The annotated copy: marks are there, everything else is as it was, what is lost is said."""

import datetime as dt
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Border, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from tablesense.boxes import Box, parse_a1
from tablesense.detection.annotate import annotate
from tablesense.detection.marks import taken_ranges
from tablesense.detection.table import FileResult, SheetTables, Table
from tablesense.detection.values_copy import values_workbook
from tablesense.errors import UserError
from tablesense.sheets.sheet import Sheet
from tablesense.sheets.workbook import open_workbook
from tests.detection.blobs import write_book


def result_of(path: Path, tables: dict[str, list[str]], header_rows: int = 1) -> FileResult:
    sheets = []
    for sheet in open_workbook(path):
        found = [
            Table(str(path), sheet.name, parse_a1(text), 0.87, header_rows, sheet)
            for text in tables.get(sheet.name, [])
        ]
        sheets.append(SheetTables(sheet.name, sheet, found))
    return FileResult(str(path), sheets)


def framed_sides(sheet: Worksheet, place: str) -> set[str]:
    border = sheet[place].border
    sides = {name: getattr(border, name) for name in ("left", "right", "top", "bottom")}
    return {name for name, side in sides.items() if side is not None and side.style == "thick"}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A workbook with what a copy should keep."""
    path = write_book(tmp_path / "book.xlsx", {"A": ["B2:D9"], "B": ["A1:C4"]})
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["A"]
    sheet["C5"].border = Border(bottom=Side(style="dashed"))
    sheet["B2"].border = Border(bottom=Side(style="double"))
    sheet["B2"].comment = Comment("mine", "me")
    sheet["C3"].fill = PatternFill("solid", fgColor="FFFFFF00")
    sheet["G1"], sheet["G1"].number_format = dt.datetime(2024, 5, 1), "dd/mm/yyyy"
    sheet["G2"] = "=SUM(D3:D9)"
    sheet.merge_cells("F4:G5")
    sheet.column_dimensions["B"].width = 33
    sheet.freeze_panes = "B3"
    workbook.save(path)
    return path


def test_frame_and_comment_mark_the_table(book: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.xlsx"
    before = book.read_bytes()
    assert annotate(result_of(book, {"A": ["B2:D9"]}), target) is None
    sheet = openpyxl.load_workbook(target)["A"]
    assert framed_sides(sheet, "B2") == {"left", "top"}
    assert framed_sides(sheet, "D9") == {"right", "bottom"}
    assert framed_sides(sheet, "C2") == {"top"}
    assert framed_sides(sheet, "C5") == framed_sides(sheet, "E2") == set()
    comment = sheet["B2"].comment
    assert comment is not None
    assert comment.text.startswith("mine")
    assert "B2:D9" in comment.text
    assert "0.87" in comment.text
    assert book.read_bytes() == before


def test_everything_else_is_as_it_was(book: Path, tmp_path: Path) -> None:
    annotate(result_of(book, {"A": ["B2:D9"]}), tmp_path / "out.xlsx")
    old, new = openpyxl.load_workbook(book), openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert old.sheetnames == new.sheetnames
    for sheet in old.worksheets:
        copy = new[sheet.title]
        for row in sheet.iter_rows():
            for cell in row:
                other = copy[cell.coordinate]
                assert (other.value, other.number_format) == (cell.value, cell.number_format)
                assert repr((other.font, other.fill)) == repr(
                    (cell.font, cell.fill)
                )  # proxies are never equal
    assert new["A"]["C5"].border.bottom.style == "dashed"
    assert new["A"]["B2"].border.bottom.style == "double"
    assert new["A"].column_dimensions["B"].width == 33
    assert new["A"].freeze_panes == "B3"
    assert [str(merge) for merge in new["A"].merged_cells.ranges] == ["F4:G5"]


def test_native_table_where_the_range_allows_one(book: Path, tmp_path: Path) -> None:
    annotate(result_of(book, {"A": ["B2:D9"], "B": ["A1:C4"]}), tmp_path / "out.xlsx", native_tables=True)
    new = openpyxl.load_workbook(tmp_path / "out.xlsx")
    refs = {sheet.title: [table.ref for table in sheet.tables.values()] for sheet in new.worksheets}
    assert refs == {"A": ["B2:D9"], "B": ["A1:C4"]}
    names = [table.displayName for sheet in new.worksheets for table in sheet.tables.values()]
    assert len(set(names)) == 2
    (table, _) = (open_workbook(tmp_path / "out.xlsx")[n].tables[0] for n in (0, 1))
    assert table.box == parse_a1("B2:D9")


@pytest.mark.parametrize(
    ("place", "value"), [("C2", None), ("C2", "Head 1"), ("C2", 7), ("C2", "=A1"), ("C2", "two\nlines")]
)
def test_frame_where_a_native_table_would_break_the_file(
    book: Path, tmp_path: Path, place: str, value: str | int | None
) -> None:
    workbook = openpyxl.load_workbook(book)
    workbook["A"][place] = value
    workbook.save(book)
    annotate(result_of(book, {"A": ["B2:D9"]}), tmp_path / "out.xlsx", native_tables=True)
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["A"]
    assert not sheet.tables
    assert framed_sides(sheet, "B2") == {"left", "top"}


@pytest.mark.parametrize("header_rows", [0, 2])
def test_frame_for_any_other_number_of_header_rows(book: Path, tmp_path: Path, header_rows: int) -> None:
    annotate(result_of(book, {"A": ["B2:D9"]}, header_rows), tmp_path / "out.xlsx", native_tables=True)
    assert not openpyxl.load_workbook(tmp_path / "out.xlsx")["A"].tables


def test_native_table_does_not_overlap_another_or_a_merge(book: Path, tmp_path: Path) -> None:
    tables = {"A": ["B2:D9", "B2:D5", "D4:F5"]}
    annotate(result_of(book, tables), tmp_path / "out.xlsx", native_tables=True)
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["A"]
    assert [table.ref for table in sheet.tables.values()] == ["B2:D9"]


def test_what_is_in_the_way_is_read_once_a_sheet(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def read_and_count(sheet: Worksheet) -> list[Box]:
        asked.append(sheet.title)
        return taken_ranges(sheet)

    monkeypatch.setattr("tablesense.detection.marks.taken_ranges", read_and_count)
    tables = {"A": ["B2:D9", "B2:D5", "D4:F5"], "B": ["A1:C4"]}
    annotate(result_of(book, tables), tmp_path / "out.xlsx", native_tables=True)
    assert asked == ["A", "B"]


def test_comment_moves_to_a_cell_that_can_carry_it(book: Path, tmp_path: Path) -> None:
    annotate(result_of(book, {"A": ["G5:H6"]}), tmp_path / "out.xlsx")  # G5 is inside the merge F4:G5
    assert openpyxl.load_workbook(tmp_path / "out.xlsx")["A"]["H5"].comment is not None


def test_charts_are_kept_and_what_is_lost_is_said(book: Path, tmp_path: Path) -> None:
    workbook = openpyxl.load_workbook(book)
    chart = BarChart()
    chart.add_data(Reference(workbook["A"], min_col=3, min_row=2, max_row=9))
    workbook.worksheets[0].add_chart(chart, "J2")
    workbook.save(book)
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr("xl/slicers/slicer1.xml", "<slicers/>")
        archive.writestr("xl/vbaProject.bin", b"macro")
    lack = annotate(result_of(book, {"A": ["B2:D9"]}), tmp_path / "out.xlsx")
    assert lack == "the copy lacks macros, 1 slicer"
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        assert "xl/charts/chart1.xml" in archive.namelist()


def with_results(path: Path) -> None:
    """Put the result of the formula into the file, as a spreadsheet program does."""
    _rewrite(path, "xl/worksheets/sheet1.xml", b"<v /></c>", b"<v>7</v></c>")


def _rewrite(path: Path, part: str, old: bytes, new: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_results_of_formulas_are_named_among_the_losses(book: Path, tmp_path: Path) -> None:
    with_results(book)
    lack = annotate(result_of(book, {"A": ["B2:D9"]}), tmp_path / "out.xlsx")
    assert lack is not None
    assert "1 formula with results" in lack


def cells_of(path: Path) -> Sequence[Sequence[object]]:
    return [list(row) for row in openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)]


def test_other_formats_become_a_workbook_of_values(tmp_path: Path) -> None:
    source = tmp_path / "data.csv"
    source.write_text("name,count\n=1+1,3\nb,4\n")
    lack = annotate(result_of(source, {"data": ["A1:B3"]}), tmp_path / "out.xlsx")
    assert lack is not None
    assert "values only" in lack
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets[0]
    assert sheet["A2"].value == "=1+1"
    assert sheet["A2"].data_type == "s"  # what was text in the file does not run here
    assert framed_sides(sheet, "B3") == {"right", "bottom"}
    assert sheet["B2"].value == 3


def test_workbook_that_openpyxl_cannot_load_is_copied_by_value(book: Path, tmp_path: Path) -> None:
    _rewrite(book, "xl/worksheets/sheet1.xml", b'<pageMargins left="', b'<pageMargins left="wide')
    with pytest.raises((TypeError, ValueError), match=r"float|read"):
        openpyxl.load_workbook(book)
    lack = annotate(result_of(book, {"A": ["B2:D9"]}), tmp_path / "out.xlsx")
    assert lack is not None
    assert "openpyxl cannot load" in lack
    assert framed_sides(openpyxl.load_workbook(tmp_path / "out.xlsx")["A"], "B2") == {"left", "top"}


@pytest.mark.parametrize(
    "merge", [b'ref="F40:XFD1048576"', b"ref = 'F40:XFD1048576'", b'ref="F40&#58;XFD1048576"']
)
def test_merge_over_a_whole_sheet_is_not_unrolled(book: Path, tmp_path: Path, merge: bytes) -> None:
    _rewrite(book, "xl/worksheets/sheet1.xml", b'ref="F4:G5"', merge)
    lack = annotate(result_of(book, {"A": ["B2:D9"]}), tmp_path / "out.xlsx")
    assert lack is not None
    assert "too many cells" in lack


def test_input_is_never_written_over(book: Path, tmp_path: Path) -> None:
    before = book.read_bytes()
    (tmp_path / "link.xlsx").symlink_to(book)
    for target in (book, tmp_path / "link.xlsx"):
        with pytest.raises(UserError, match="is an input"):
            annotate(result_of(book, {}), target)
    assert book.read_bytes() == before


def test_macro_name_is_for_workbooks_with_macros(book: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no macros"):
        annotate(result_of(book, {}), tmp_path / "out.xlsm")
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    assert annotate(result_of(book, {"A": ["B2:D9"]}), tmp_path / "out.xlsm") is None
    with zipfile.ZipFile(io.BytesIO((tmp_path / "out.xlsm").read_bytes())) as archive:
        assert archive.read("xl/vbaProject.bin") == b"macro"


def test_nothing_half_written_is_left(book: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        annotate(result_of(book, {}), tmp_path / "no folder" / "out.xlsx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.xlsx"]


def test_sheets_whose_names_no_workbook_can_have() -> None:
    names = ["", "a/b", "x" * 40, "x" * 39 + "y", "History", "history", "'a'", "'", "x" * 26 + "''", "O'Hara"]
    titles = values_workbook(FileResult("f", [SheetTables(name, Sheet(name)) for name in names])).sheetnames
    assert len({title.casefold() for title in titles}) == len(names)
    assert all(0 < len(title) <= 31 for title in titles)
    assert all(title[0] != "'" != title[-1] and title.casefold() != "history" for title in titles)
    assert "O'Hara" in titles
