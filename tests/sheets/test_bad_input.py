"""What a stranger may hand in: each file gives sheets or one line, in bounded time and memory."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tablesense.sheets.sheet import CellKind
from tablesense.sheets.workbook import ReadLimits, open_workbook

from .bad_books import MAKERS, message, with_sheet
from .books import (
    edited,
    ods_bytes,
    shared_xlsx_bytes,
    unzipped,
    xls_bytes,
    xlsb_bytes,
    xlsb_cell,
    xlsb_row,
    xlsx_bytes,
    zipped,
)


@pytest.mark.parametrize("kind", ["xlsx", "xlsb", "ods"])
def test_a_zip_bomb(kind: str) -> None:
    book = io.BytesIO(MAKERS[kind]())
    with zipfile.ZipFile(book, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("bomb", "w") as part:
        for _ in range(300):
            part.write(bytes(1024**2))
    assert len(book.getvalue()) < 1024**2
    assert "max_unpacked_bytes" in message(book.getvalue())


def test_a_zip_directory_that_lies_about_sizes() -> None:
    """zipfile stops at the size it was told; calamine does not, and gets no more memory than allowed."""
    for make in (xlsx_bytes, xlsb_bytes, ods_bytes):
        parts = unzipped(make())
        main = next(name for name in parts if name.endswith(("sheet1.xml", "sheet0.bin", "content.xml")))
        book = bytearray(zipped({**parts, main: parts[main] + b" " * 20_000_000}))
        directory = book.rindex(b"PK\x01\x02", 0, book.rindex(main.encode()))
        book[directory + 24 : directory + 28] = len(parts[main]).to_bytes(4, "little")
        assert "damaged" in message(bytes(book))


@pytest.mark.parametrize("part", ["sheet1__xml", "workbook__xml", "styles__xml", "sharedStrings__xml"])
def test_an_entity_bomb(part: str) -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "lol">{levels}]><x>&l9;</x>'.encode()
    assert "EntitiesForbidden" in message(edited(shared_xlsx_bytes(), **{part: lambda _: bomb}))


def test_a_million_styled_blank_rows() -> None:
    blank = "".join(f'<row r="{row}" s="1" customFormat="1"/>' for row in range(2, 1_048_577))
    book = with_sheet(f'<sheetData><row r="1"><c r="A1"><v>1</v></c></row>{blank}</sheetData>')
    (sheet,) = open_workbook(book)
    assert {place: cell.value for place, cell in sheet.cells.items()} == {(0, 0): 1}


def test_16_384_columns() -> None:
    (sheet,) = open_workbook(xlsx_bytes([list(range(16_384))]))
    assert sheet.cells[0, 16_383].value == 16_383


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods", "csv"])
def test_a_cell_of_32_767_characters(kind: str) -> None:
    text = "x" * 32_767
    book = {
        "xlsx": lambda: xlsx_bytes([[text]]),
        "xls": lambda: xls_bytes(lambda book, _: book.add_sheet("S").write(0, 0, text)),
        "ods": lambda: edited(ods_bytes(), content__xml=lambda part: part.replace(b"item", text.encode())),
        "csv": lambda: text.encode(),
    }[kind]()
    assert open_workbook(book)[0].cells[0, 0].value == text


def test_the_corners_of_a_sheet() -> None:
    corners = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    (sheet,) = open_workbook(with_sheet(f"<sheetData>{corners}</sheetData>"))
    assert set(sheet.cells) == {(0, 0), (1_048_575, 16_383)}


@pytest.mark.parametrize("change", [b'count="4" uniqueCount="99999999"', b'count="-1" uniqueCount="x"', b""])
def test_shared_strings_that_lie_about_their_number(change: bytes) -> None:
    def lie(part: bytes) -> bytes:
        assert b'count="4" uniqueCount="4"' in part
        return part.replace(b'count="4" uniqueCount="4"', change)

    (sheet,) = open_workbook(edited(shared_xlsx_bytes(), sharedStrings__xml=lie))
    assert sheet.cells[0, 0].value == "item"


def test_a_shared_string_that_is_not_there() -> None:
    book = with_sheet(
        '<sheetData><row r="1"><c r="A1" t="s"><v>99</v></c><c r="B1"><v>5</v></c></row></sheetData>'
    )
    assert "damaged (IndexError" in message(book), "no sheet that lacks a text without a word"


def test_dates_before_1900_and_after_9999() -> None:
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" s="1"><v>{value}</v></c></row>'
        for row, value in enumerate((-5, 0, 1, 59, 60, 61, 2_958_465, 2_958_466, 1e300), 1)
    )
    book = edited(
        with_sheet(f"<sheetData>{rows}</sheetData>"),
        styles__xml=lambda part: part.replace(
            b"</cellXfs>", b'<xf numFmtId="14" fontId="0" fillId="0" borderId="0"/></cellXfs>'
        ).replace(b'<cellXfs count="2">', b'<cellXfs count="3">'),
    )
    (sheet,) = open_workbook(book)
    assert len(sheet.cells) == 9


def test_the_1904_system() -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.worksheets[0]["A1"] = dt.datetime(2020, 2, 29)
    file = io.BytesIO()
    book.save(file)
    (sheet,) = open_workbook(file.getvalue())
    assert sheet.cells[0, 0].value == dt.datetime(2020, 2, 29)


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_sheets_that_share_a_name(kind: str) -> None:
    if kind == "xlsx":
        book = edited(xlsx_bytes(sheets=3), workbook__xml=lambda part: part.replace(b'"S1"', b'"S0"'))
        third = "S2"
    else:
        tables = '<table:table table:name="S0"/>' * 2 + '<table:table table:name="S0 (2)"/>'
        book, third = ods_bytes(tables), "S0 (2) (2)"
    names = [sheet.name for sheet in open_workbook(book)]
    assert names == ["S0", "S0 (2)", third]
    assert "more than one sheet" in open_workbook(book)[1].note


@pytest.mark.parametrize("kind", MAKERS)
def test_sheets_without_values_give_no_filled_cells(kind: str) -> None:
    blank: dict[str, Callable[[], bytes]] = {
        "xlsx": lambda: xlsx_bytes([[]]),
        "xls": lambda: xls_bytes(lambda book, _: book.add_sheet("S")),
        "xlsb": lambda: xlsb_bytes({"S": b""}),
        "ods": lambda: ods_bytes("<table:table-row/>"),
        "csv": lambda: b"\n,,\n\n",
    }
    (sheet,) = open_workbook(blank[kind]())
    assert all(cell.kind is CellKind.EMPTY for cell in sheet.cells.values())


@pytest.mark.parametrize("kind", MAKERS)
def test_time_is_bounded(kind: str) -> None:
    assert "max_seconds" in message(MAKERS[kind](), ReadLimits(max_seconds=-1.0))


@pytest.mark.parametrize("kind", ["xls", "xlsb"])
def test_memory_is_bounded(kind: str) -> None:
    def fill(book: Any, xlwt: Any) -> None:
        sheet = book.add_sheet("S")
        for row in range(20_000):
            sheet.write(row, 0, f"text {row}")

    rows = (xlsb_row(row, xlsb_cell(0, f"text {row}")) for row in range(20_000))
    book = xls_bytes(fill) if kind == "xls" else xlsb_bytes({"S": b"".join(rows)})
    assert open_workbook(book)
    assert "max_memory_bytes" in message(book, ReadLimits(max_memory_bytes=1024))


def test_values_come_through_when_the_reader_of_the_formats_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise KeyError("a style that nobody has seen")

    monkeypatch.setattr("tablesense.sheets.fallback.read_xlsx", fail)
    (sheet,) = open_workbook(xlsx_bytes())
    assert [sheet.cells[row, 0].value for row in range(3)] == ["item", "tea", "coffee"]
    assert not sheet.has_formatting
    assert "only values" in sheet.note
    assert "KeyError" in message(zipped({"[Content_Types].xml": "spreadsheetml"})), (
        "the first failure is told"
    )


def test_hidden_sheets_are_left_out_unless_asked_for() -> None:
    book = openpyxl.Workbook()
    for name, state in (("hidden", "hidden"), ("very", "veryHidden")):
        book.create_sheet(name).sheet_state = state
    file = io.BytesIO()
    book.save(file)
    assert [sheet.name for sheet in open_workbook(file.getvalue())] == ["Sheet"]
    found = open_workbook(file.getvalue(), include_hidden=True)
    assert [(sheet.name, sheet.hidden) for sheet in found] == [
        ("Sheet", False),
        ("hidden", True),
        ("very", True),
    ]
    assert [sheet.name for sheet in open_workbook(file.getvalue(), sheet_names=["very"])] == ["very"]
