import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import MAX_COLS, MAX_ROWS
from tablesense.sheets.delimited import find_delimiter, typed
from tablesense.sheets.sheet import CellKind, Sheet, SheetError
from tablesense.sheets.workbook import ReadLimits, open_workbook


def read(text: str | bytes) -> Sheet:
    (sheet,) = open_workbook(text if isinstance(text, bytes) else text.encode())
    return sheet


def values(sheet: Sheet) -> list[list[object]]:
    height = max(row for row, _ in sheet.cells) + 1
    width = max(column for _, column in sheet.cells) + 1
    cells = sheet.cells
    return [[cells[y, x].value if (y, x) in cells else None for x in range(width)] for y in range(height)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    lines = ["Prices of 2024, all of them", "", "item|price|note", "tea|2|hot", "milk|3|cold", "||total"]
    assert values(read("\n".join(lines).replace("|", delimiter)))[2:4] == [
        ["item", "price", "note"],
        ["tea", 2, "hot"],
    ]


def test_a_delimiter_in_quotes_is_text() -> None:
    assert values(read('a;b\n"x, y, z";"1;2"\n"u, v, w";"3;4"\n')) == [
        ["a", "b"],
        ["x, y, z", "1;2"],
        ["u, v, w", "3;4"],
    ]


def test_one_column_has_no_delimiter() -> None:
    assert find_delimiter("name\ntea\nmilk\n") == ","
    assert values(read("name\ntea\nmilk\n")) == [["name"], ["tea"], ["milk"]]


def test_the_first_line_may_name_the_delimiter() -> None:
    assert values(read("sep=#\na#b,c\n1#2\n")) == [["a", "b,c"], [1, 2]]


def test_decimal_commas_are_read_where_the_file_writes_them() -> None:
    assert values(read("a;b\n1,5;2\n-3,25;4\n")) == [["a", "b"], [1.5, 2], [-3.25, 4]]
    assert values(read("a;b\n1.5;2\n1,500;4\n2.5;1\n"))[2] == ["1,500", 4]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_found(encoding: str) -> None:
    text = "name,price\nGrüner Tee,2.5\nCrème brûlée,4\n"
    data = text.encode(encoding)
    if encoding == "utf-32":
        assert data.startswith(b"\xff\xfe\0\0")
    assert values(read(data)) == [["name", "price"], ["Grüner Tee", 2.5], ["Crème brûlée", 4]]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Größe;Stück\nMüller;3\nJäger;4\n"),
        ("cp1252", "Année,Quantité\nété,3\ncôté,5\n"),
        ("cp1252", "señor;1\nniño;2\naño;2020\n"),
        ("cp1250", "Název;Počet\nČeské;3\nŽluťoučký kůň;4\n"),
        ("cp1251", "Дом;Цена\nЖильё;3\nЧёй;4\n"),
        ("cp932", "名前,値段\nお茶,3\n東京,5\n"),
    ],
)
def test_code_pages_are_found(encoding: str, text: str) -> None:
    assert list(read(text.encode(encoding)).cells.values()) == list(read(text).cells.values())


def test_strange_letters_far_into_the_file_are_found() -> None:
    data = b"name,price\n" + b"tea,2\n" * 40_000 + "Müller,3\n".encode("cp1252")
    assert read(data).cells[40_001, 0].value == "Müller"


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("12", 12, CellKind.NUMBER),
        ("-0.5", -0.5, CellKind.NUMBER),
        (" 7 ", 7, CellKind.NUMBER),
        ("-.5", -0.5, CellKind.NUMBER),
        ("1.5E-05", 1.5e-05, CellKind.NUMBER),
        ("1e+16", 1e16, CellKind.NUMBER),
        ("1e5", "1e5", CellKind.TEXT),
        ("12E3", "12E3", CellKind.TEXT),
        ("+491", "+491", CellKind.TEXT),
        ("007", "007", CellKind.TEXT),
        ("1,234", "1,234", CellKind.TEXT),
        ("1234567890123456", "1234567890123456", CellKind.TEXT),
        ("3/4/2020", "3/4/2020", CellKind.TEXT),
        ("2020-02-29", dt.datetime(2020, 2, 29), CellKind.DATE),
        ("2020-02-29T12:30", dt.datetime(2020, 2, 29, 12, 30), CellKind.DATE),
        ("2021-02-29", "2021-02-29", CellKind.TEXT),
        ("true", True, CellKind.BOOLEAN),
        ("#DIV/0!", "#DIV/0!", CellKind.ERROR),
        ("nan", "nan", CellKind.TEXT),
        ("=1+1", "=1+1", CellKind.TEXT),
    ],
)
def test_values_get_their_types(text: str, value: object, kind: CellKind) -> None:
    found = typed(text)
    assert found == (value, kind)
    assert type(found[0]) is type(value)


@given(st.text())
def test_a_text_that_gets_no_type_stays_as_it_is(text: str) -> None:
    value, kind = typed(text)
    assert kind is not CellKind.TEXT or value == text


def test_blank_lines_and_cells_hold_their_place() -> None:
    sheet = read("a,,b\n\n,c\n")
    assert set(sheet.cells) == {(0, 0), (0, 2), (2, 1)}
    assert not sheet.has_formatting


def test_the_sheet_is_called_as_the_file(tmp_path: Path) -> None:
    path = tmp_path / "prices 2024.csv"
    path.write_text("a,b\n1,2\n")
    assert open_workbook(path)[0].name == "prices 2024"
    assert open_workbook(path, sheet_names=["prices 2024"])
    assert open_workbook(path, sheet_names=["Prices 2024"])
    assert open_workbook(path, sheet_names=["other"]) == []


def test_a_quote_that_is_never_closed() -> None:
    text = 'size,item\n"5 inch pipe,3\n' + "tea,2\n" * 40_000
    assert values(read(text))[1:3] == [['"5 inch pipe', 3], ["tea", 2]]


def test_a_cell_of_32_767_characters() -> None:
    assert read(f"a,b\n{'x' * 32_767},1\n").cells[1, 0].value == "x" * 32_767


def test_more_than_a_sheet_is_refused() -> None:
    assert len(read("," * (MAX_COLS - 2) + "x,y\n").cells) == 2
    with pytest.raises(SheetError, match="16,384 columns"):
        read("," * (MAX_COLS - 1) + "x,y\n")
    with pytest.raises(SheetError, match="1,048,576 rows"):
        read("a,b\n" + "\n" * MAX_ROWS + "c,d\n")


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(SheetError, match="a line has more than"):
        read(b"a,b\n" + b"x" * (17 * 1024**2))


def test_limits_hold() -> None:
    book = b"a,b\n1,2\n"
    assert open_workbook(book, limits=ReadLimits(max_cells=4, max_unpacked_bytes=len(book)))
    with pytest.raises(SheetError, match="max_cells"):
        open_workbook(book, limits=ReadLimits(max_cells=3))
    with pytest.raises(SheetError, match="max_unpacked_bytes"):
        open_workbook(book, limits=ReadLimits(max_unpacked_bytes=len(book) - 1))


def test_cells_count_once_where_a_quote_is_never_closed() -> None:
    data = ("a,b\n" * 500 + '"' + "x,y\n" * 40_000).encode()
    (sheet,) = open_workbook(data, limits=ReadLimits(max_cells=81_000 + 1))
    assert len(sheet.cells) == 81_000


def test_a_number_beyond_all_numbers_stays_text() -> None:
    assert typed("1e+999") == ("1e+999", CellKind.TEXT)
