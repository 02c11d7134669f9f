"""Small files made to cost hours or gigabytes. Each test would not end without what it tests."""

import re

import pytest

from tablesense.sheets.workbook import ReadLimits, open_workbook

from .bad_books import message, with_sheet
from .books import edited, ods_bytes, shared_xlsx_bytes, xlsx_bytes

CELL = '<row r="1"><c r="A1"><v>1</v></c></row>'
ODD_CELL = '<row r="2"><c r="A2"><is></is><x/></c></row>'
ALL_COLUMNS = '<col min="1" max="16384" hidden="1"/>'
MERGE = '<mergeCell ref="A1:B2"/>'
MEGABYTE = 1 << 20
BRACKETS = "[" * MEGABYTE


@pytest.mark.parametrize(
    "sheet",
    [
        f"<sheetData>{CELL}{' ' * MEGABYTE}</sheetData>",
        f"<sheetData>{CELL}{ODD_CELL * 20_000}</sheetData>",
        f"<cols>{ALL_COLUMNS * 50_000}</cols><sheetData>{CELL}</sheetData>",
    ],
    ids=["blanks", "odd cells", "columns hidden again and again"],
)
def test_no_part_takes_time_that_grows_with_its_square(sheet: str) -> None:
    assert open_workbook(with_sheet(sheet))[0].cells[0, 0].value == 1


def test_strings_that_do_not_end_as_usual() -> None:
    def change(part: bytes) -> bytes:
        return part.replace(b"</sst>", b"<si></si>" * 50_000 + b"</sst>").replace(b"</si>", b"</si >")

    (sheet,) = open_workbook(edited(shared_xlsx_bytes(), sharedStrings__xml=change))
    assert sheet.cells[0, 0].value == "item"


def test_a_number_format_of_a_megabyte_is_none() -> None:
    styles = (
        '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts>'
        f'<numFmt numFmtId="200" formatCode="{BRACKETS}"/></numFmts>'
        '<cellXfs><xf numFmtId="200"/></cellXfs></styleSheet>'
    )
    (sheet,) = open_workbook(edited(xlsx_bytes(), styles__xml=lambda _: styles.encode()))
    assert sheet.styles[0].number_format == "General"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"<cols>{ALL_COLUMNS}</cols>", ""),
        ("", f"<mergeCells>{MERGE * 1_000}</mergeCells>"),
    ],
    ids=["hidden columns", "merges"],
)
def test_one_part_that_is_listed_as_many_sheets(before: str, after: str) -> None:
    listed = b"".join(b'<sheet name="%d" sheetId="%d" r:id="rId1"/>' % (n, n) for n in range(1, 1_000))
    book = edited(
        with_sheet(f"{before}<sheetData>{CELL}</sheetData>{after}"),
        workbook__xml=lambda part: re.sub(rb"<sheet .*?/>", listed, part),
    )
    assert "max_cells" in message(book, ReadLimits(max_cells=100_000))


def test_a_formula_that_all_cells_share_is_not_spelled_out_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tablesense.sheets.xlsx_formulas._MOST_TEXT", 20)
    rows = '<row r="1"><c r="A1"><f t="shared" ref="A1:A9" si="0">1+B1+C1+D1</f><v>1</v></c></row>'
    for n in range(2, 5):
        rows += f'<row r="{n}"><c r="A{n}"><f t="shared" si="0"/><v>1</v></c></row>'
    (sheet,) = open_workbook(with_sheet(f"<sheetData>{rows}</sheetData>"))
    formulas = [sheet.cells[row, 0].formula for row in range(4)]
    assert formulas == ["=1+B1+C1+D1", "=1+B2+C2+D2", "=", "="]


def test_many_sheets_of_one_name() -> None:
    sheets = open_workbook(ods_bytes('<table:table table:name="S"/>' * 5_000))
    assert len({sheet.name for sheet in sheets}) == len(sheets) >= 5_000
