"""Titles and notes: each goes to its table or to none, and nothing is said without evidence."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense import detect_tables
from tablesense.boxes import Box, column_letters, parse_a1
from tablesense.detection.surroundings import (
    MAX_NOTES,
    MAX_TEXT,
    MAX_TITLE_LINES,
    Surroundings,
    find_surroundings,
)
from tablesense.sheets.sheet import Cell, CellKind, CellValue, Sheet
from tests.detection.blobs import BlobDetector
from tests.detection.report_sheets import sheet_of


def made(
    texts: Mapping[str, CellValue], tables: Sequence[str], merges: Sequence[str] = ()
) -> list[Surroundings]:
    """What is found around tables whose cells are all filled: names over numbers."""
    cells: dict[str, CellValue | Cell] = {}
    boxes = [parse_a1(table) for table in tables]
    for box in boxes:
        for column in range(box.left, box.right):
            for row in range(box.top, box.bottom):
                name = f"{column_letters(column)}{row + 1}"
                cells[name] = f"name {column}" if row == box.top else row
    for place, value in texts.items():
        cells[place] = Cell(value, CellKind.DATE) if isinstance(value, dt.date) else value
    return find_surroundings(sheet_of(cells, merges=[parse_a1(merge) for merge in merges]), boxes)


def title(texts: Mapping[str, CellValue], table: str = "B5:E9", merges: Sequence[str] = ()) -> str | None:
    (around,) = made(texts, [table], merges)
    return around.title_text


def notes(texts: Mapping[str, CellValue], table: str = "B5:E9") -> list[str]:
    (around,) = made(texts, [table])
    return list(around.note_texts)


def test_no_text_around_is_no_title_and_no_notes() -> None:
    assert made({}, ["B5:E9"]) == find_surroundings(Sheet("S"), [Box(0, 0, 2, 2)]) == [Surroundings()]
    assert made({}, []) == []


@pytest.mark.parametrize("place", ["B4", "B3", "B2", "B1", "D4", "E2", "A4"])
def test_a_line_directly_above_or_some_rows_up_is_the_title(place: str) -> None:
    assert title({place: "Sales by region"}) == "Sales by region"


@pytest.mark.parametrize("place", ["B4", "F8", "A9", "F9", "H8", "B17"])
def test_text_far_away_or_beside_the_table_is_no_title(place: str) -> None:
    assert title({place: "Sales by region"}, "B9:E12") is None


def test_title_begins_left_of_its_table_but_not_far_left() -> None:
    assert title({"A4": "Sales"}, "D5:F9") == "Sales"
    assert title({"A4": "Sales"}, "E5:G9") is None
    assert title({"A4": "Sales"}, "E5:G9", merges=["A4:G4"]) == "Sales"


def test_lines_of_a_title_come_from_the_top_down() -> None:
    assert title({"B1": "Company", "B2": "Sales  by\nregion", "B3": "2024, unaudited"}) == (
        "Company\nSales by region\n2024, unaudited"
    )


def test_where_a_line_stands_is_told() -> None:
    (around,) = made({"C2": "Sales", "B11": "Source: us"}, ["B5:E9"])
    assert [(line.row, line.column) for line in around.title + around.notes] == [(1, 2), (10, 1)]


def test_row_of_several_texts_is_no_title_and_nothing_above_it_is() -> None:
    assert title({"B3": "Sales", "B4": "North", "C4": "South"}) is None
    assert title({"B3": "Sales", "B4": "North", "C4": 5}) is None


def test_date_beside_a_title_does_not_hide_it() -> None:
    assert title({"B3": "Sales", "E3": dt.date(2024, 5, 1)}) == "Sales"


def test_text_written_in_every_merged_cell_counts_once() -> None:
    assert title({f"{letter}3": "Sales" for letter in "BCDE"}) == "Sales"


def test_form_fields_and_numbers_between_title_and_table_are_passed_over() -> None:
    assert title({"B1": "Sales", "B3": "Office:", "C3": "Oslo", "B4": "1,234"}) == "Sales"
    assert title({"B2": "Page", "B3": "1,234", "B4": "Sales"}) == "Sales", "but not above a title"
    assert title({"B3": dt.date(2024, 5, 1)}) is None
    assert title({"B3": "1,234"}) is None
    assert title({"B3": "-----"}) is None


def test_units_and_sources_above_are_notes() -> None:
    texts = {"B1": "Sales", "B2": "(in thousands)", "B3": "$ millions", "B4": "See notes"}
    (around,) = made(texts, ["B5:E9"])
    assert (around.title_text, *around.note_texts) == tuple(texts.values())


def test_bracket_over_several_lines_is_one_run_of_notes() -> None:
    (around,) = made({"B1": "Index", "B2": "[1967=100. Average (mean)", "B3": "of the year]"}, ["B5:E9"])
    assert (around.title_text, *around.note_texts) == ("Index", "[1967=100. Average (mean)", "of the year]")
    assert title({"B1": "[1967=100]", "B2": "Index"}) == "Index"


@pytest.mark.parametrize("text", ["1. Costs", "Sources of funds", "Notes payable", "Data for 2001"])
def test_titles_that_begin_like_notes_are_titles(text: str) -> None:
    assert title({"B4": text}) == text


def test_sentences_below_a_title_describe_and_before_it_are_the_sheets() -> None:
    sentence = "All prices are those of the day before delivery."
    (around,) = made({"B2": "Prices", "B3": sentence}, ["B5:E9"])
    assert (around.title_text, around.note_texts) == ("Prices", (sentence,))
    (around,) = made({"B2": sentence, "B3": "Prices"}, ["B5:E9"])
    assert (around.title_text, around.note_texts) == ("Prices", ())
    assert title({"B4": sentence}) == sentence


MARKED = (
    "Source: the office",
    "Note: without islands",
    "* revised",
    "1/ revised",
    "(1) revised",
    "(a) revised",
    "NA Not available",
    "X: Not applicable",
    "https://example.org",
)


@pytest.mark.parametrize("text", MARKED)
@pytest.mark.parametrize("row", [10, 11, 12, 13])
def test_marked_lines_below_are_notes(text: str, row: int) -> None:
    assert notes({f"B{row}": text}) == [text]


@pytest.mark.parametrize("place", ["B14", "F10", "B4"])
def test_marked_lines_elsewhere_are_none_of_the_tables(place: str) -> None:
    (around,) = made({place: "Source: the office"}, ["B5:E9"])
    assert [line.text for line in around.notes if line.row > 8] == []


def test_unmarked_lines_below_are_no_notes() -> None:
    assert notes({"B11": "Next month"}) == []
    assert notes({"B11": "Total", "C11": 5}) == []
    assert notes({"B11": "Next month", "B12": "Source: the office"}) == []


def test_notes_go_on_below_until_a_blank_row() -> None:
    lines = {"B11": "Source: the office of", "B12": "Statistics", "B14": "of Oslo", "B15": "1/ revised"}
    assert notes(lines) == list(lines.values())
    assert notes({"B11": "* revised", "B13": "Next month"}) == ["* revised"]


def test_mark_with_a_cell_of_its_own() -> None:
    found = notes({"B11": "*", "C11": "revised", "B12": "Source:", "D12": "the office"})
    assert found == ["* revised", "Source: the office"]
    assert notes({"B11": "Total", "C11": "revised"}) == []


def test_sentence_right_below_is_a_note() -> None:
    sentence = "The islands are not part of any of the regions."
    assert notes({"B11": sentence}) == [sentence]
    assert notes({"B12": sentence}) == []


def test_title_of_the_second_table_is_not_a_note_of_the_first() -> None:
    first, second = made({"B1": "1. Costs", "B11": "2. Sales", "B19": "* revised"}, ["B2:E9", "B12:E18"])
    assert (first.title_text, first.note_texts) == ("1. Costs", ())
    assert (second.title_text, second.note_texts) == ("2. Sales", ("* revised",))


@pytest.mark.parametrize("blank", [0, 1])
def test_notes_of_the_first_table_are_not_the_title_of_the_second(blank: int) -> None:
    texts = {"B10": "Source: the office of", "B11": "Statistics", f"B{13 + blank}": "Sales"}
    first, second = made(texts, ["B5:E9", f"B{14 + blank}:E20"])
    assert first.note_texts == ("Source: the office of", "Statistics")
    assert (second.title_text, second.note_texts) == ("Sales", ())
    del texts[f"B{13 + blank}"]
    first, second = made(texts, ["B5:E9", f"B{14 + blank}:E20"])
    assert first.note_texts == ("Source: the office of", "Statistics")
    assert second == Surroundings()


def test_between_tables_a_source_is_the_upper_ones_and_forms_hide_what_is_above_them() -> None:
    first, second = made({"B10": "Source: the office", "B11": "Sales"}, ["B5:E9", "B12:E20"])
    assert first.note_texts == ("Source: the office",)
    assert (second.title_text, second.note_texts) == ("Sales", ())
    _, second = made({"B11": "Sales", "B12": "Office:", "C12": "Oslo"}, ["B5:E9", "B13:E20"])
    assert second == Surroundings()


def test_line_between_tables_goes_to_the_nearer_one() -> None:
    assert [one.title_text for one in made({"B6": "Sales"}, ["B2:E5", "B8:E12"])] == [None, None]
    assert [one.title_text for one in made({"B7": "Sales"}, ["B2:E5", "B8:E12"])] == [None, "Sales"]


def test_nothing_is_read_across_another_table() -> None:
    first, second = made({"B1": "Sales", "B10": "* revised"}, ["B2:E5", "B6:E9"])
    assert (first.title_text, first.notes) == ("Sales", ())
    assert (second.title, second.note_texts) == ((), ("* revised",))


def test_tables_side_by_side_have_their_own() -> None:
    left, right = made({"A1": "Costs", "E1": "Sales", "A8": "* costs", "E8": "* sales"}, ["A2:C7", "E2:G7"])
    assert (left.title_text, left.note_texts) == ("Costs", ("* costs",))
    assert (right.title_text, right.note_texts) == ("Sales", ("* sales",))


def test_table_beside_a_titled_one_does_not_take_its_title() -> None:
    left, right = made({"C1": "Costs", "C8": "* costs"}, ["A2:C7", "D2:G7"])
    assert (left.title_text, left.note_texts) == ("Costs", ("* costs",))
    assert right == Surroundings()


def test_title_merged_over_both_tables_is_that_of_both() -> None:
    both = made({"A1": "Costs"}, ["A3:C7", "E3:G7"], merges=["A1:G1"])
    assert [one.title_text for one in both] == ["Costs", "Costs"]


def test_title_that_was_found_as_the_first_row() -> None:
    assert title({"B5": "Sales", "C5": None, "D5": None, "E5": None}, merges=["B5:E5"]) == "Sales"
    assert title({"B3": "Company", **{f"{letter}5": "Sales" for letter in "BCDE"}}) == "Company\nSales"
    assert title({"B5": "Region", "C5": None, "D5": None, "E5": None}) is None, "the corner of a header"
    assert title({"B5": "Region", "C5": None, "D5": None, "E5": None}, merges=["B5:D5"]) is None


def test_hostile_text_is_quoted_on_one_line_and_cut() -> None:
    text = "=cmd|' /C calc'!A0\r\n<script>\u2028 alert(1)" + "x" * 40_000
    found = title({"B4": text})
    assert found is not None
    assert found.startswith("=cmd|' /C calc'!A0 <script> alert(1)xx")
    assert len(found) == MAX_TEXT
    (note,) = notes({"B10": "* " + text})
    assert len(note) == MAX_TEXT
    assert title({"B4": " " * 40_000 + "x"}) is None


def test_numbers_of_lines_are_bounded() -> None:
    found = title({f"B{row}": f"line {row}" for row in range(1, 12)}, "B12:E15")
    assert found == "\n".join(f"line {row}" for row in range(12 - MAX_TITLE_LINES, 12))
    assert len(notes({f"B{row}": f"* note {row}" for row in range(10, 300)})) == MAX_NOTES


values = st.one_of(st.text(max_size=8), st.sampled_from([*MARKED, "Sales", "(", "]"]), st.integers())
places = st.tuples(st.integers(0, 30), st.integers(0, 8))
boxes = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h), *(st.integers(low, 8) for low in (0, 0, 1, 1))
).map(lambda box: box.shift(0, 6))


@given(st.dictionaries(places, values, max_size=40), st.lists(boxes, max_size=4))
def test_lines_are_cells_outside_other_tables(
    texts: dict[tuple[int, int], CellValue], tables: list[Box]
) -> None:
    cells = {
        place: Cell(value, CellKind.TEXT if isinstance(value, str) else CellKind.NUMBER)
        for place, value in texts.items()
    }
    found = find_surroundings(Sheet("S", cells), tables)
    assert len(found) == len(tables)
    for box, around in zip(tables, found, strict=True):
        for line in around.title + around.notes:
            value = texts[line.row, line.column]
            assert isinstance(value, str)
            assert " ".join(value.split()) in line.text
            place = Box(line.column, line.row, line.column + 1, line.row + 1)
            assert not any(other.contains(place) for other in tables if other != box)
        rows = [line.row for line in around.title]
        assert rows == sorted({row for row in rows if row <= box.top})


def test_tables_of_a_workbook_have_their_titles(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"] = "Sales by region"
    sheet.merge_cells("A1:C1")
    for row in range(3, 9):
        for column in range(1, 4):
            sheet.cell(row, column, f"head {column}" if row == 3 else row * column)
    sheet["A10"] = "Source: the office"
    book.save(tmp_path / "book.xlsx")
    (table,) = detect_tables(tmp_path / "book.xlsx", BlobDetector())
    assert (table.range, table.header_rows) == ("A3:C8", 1)
    assert (table.title, table.notes) == ("Sales by region", ("Source: the office",))
    assert table.as_row()["title"] == "Sales by region"
    assert table.as_row()["notes"] == ["Source: the office"]
