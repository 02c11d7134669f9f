"""Header rows are counted from kinds, looks and merges; nothing in them hangs on one signal alone."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tablesense.boxes import Box
from tablesense.detection.headers import MAX_HEADER_ROWS, count_header_rows
from tablesense.detection.surroundings import find_surroundings
from tablesense.sheets.packed import PackedCells, pack
from tablesense.sheets.sheet import Cell, CellKind, CellValue, NativeTable, Sheet, Style

BOLD = 1
KINDS = {str: CellKind.TEXT, int: CellKind.NUMBER, float: CellKind.NUMBER, dt.date: CellKind.DATE}


def sheet_of(rows: Sequence[Sequence[CellValue]], bold_rows: int = 0) -> Sheet:
    cells = {
        (y, x): Cell(value, KINDS[type(value)], BOLD if y < bold_rows else 0)
        for y, row in enumerate(rows)
        for x, value in enumerate(row)
        if value is not None
    }
    return Sheet("S", cells, [Style(), Style(bold=True)])


def count(rows: Sequence[Sequence[CellValue]], bold_rows: int = 0) -> int:
    return count_header_rows(sheet_of(rows, bold_rows), Box(0, 0, max(map(len, rows)), len(rows)))


@pytest.mark.parametrize(("said", "counted"), [(-3, 0), (0, 0), (2, 2), (10**9, MAX_HEADER_ROWS)])
def test_a_native_table_says_it_within_reason(said: int, counted: int) -> None:
    box = Box(0, 0, 1, 400)
    sheet = replace(sheet_of([["x"]] * 400), tables=[NativeTable(box, said)])
    assert count_header_rows(sheet, box) == counted


def test_packed_cells_give_the_same_and_stay_packed() -> None:
    rows: list[list[CellValue]] = [[f"place {n}", n] for n in range(400)]
    sheet, box = sheet_of([["Place", "Price"], *rows], 1), Box(0, 0, 2, 401)
    cells = PackedCells(pack(sheet.cells), list)
    same = replace(sheet, cells=cells)
    assert count_header_rows(same, box) == count_header_rows(sheet, box) == 1
    assert find_surroundings(same, [box]) == find_surroundings(sheet, [box])
    assert cells.packed is not None


NUMBERS: list[list[CellValue]] = [[f"place {n}", 1.5 * n, 7 * n] for n in range(1, 9)]
WORDS: list[list[CellValue]] = [[f"place {n}", f"person {n}", f"note {n}"] for n in range(1, 9)]


def test_text_over_numbers_is_a_header() -> None:
    assert count([["Place", "Price", "Count"], *NUMBERS]) == 1


def test_numbers_from_the_first_row_on_are_no_header() -> None:
    assert count([row[1:] for row in NUMBERS]) == 0


def test_words_over_words_are_a_header_when_they_look_different() -> None:
    assert count([["Place", "Person", "Note"], *WORDS], bold_rows=1) == 1


def test_words_that_come_again_below_are_data() -> None:
    assert count([["north", "yes"], ["south", "no"], ["north", "no"], ["south", "yes"]] * 3) == 0


@pytest.mark.parametrize(
    "years", [[2001, 2002], ["2001", "2002"], [dt.date(2001, 1, 1), dt.date(2002, 1, 1)]]
)
def test_years_and_dates_over_numbers_are_a_header(years: list[CellValue]) -> None:
    assert count([["Place", *years], *NUMBERS]) == 1


def test_a_column_of_years_does_not_make_its_first_row_a_header() -> None:
    assert count([[year, 10.5 * year] for year in range(1990, 2000)]) == 0


def test_spanning_row_above_the_names_belongs_to_the_header() -> None:
    assert count([[None, "Money", None], ["Place", "Price", "Count"], *NUMBERS], bold_rows=2) == 2


def test_blank_row_after_the_header_is_not_counted() -> None:
    assert count([["Place", "Price", "Count"], [], *NUMBERS], bold_rows=1) == 1


def test_name_of_a_group_below_the_header_is_not_counted() -> None:
    assert count([["Place", "Price", "Count"], ["North:"], *NUMBERS], bold_rows=1) == 1


def test_native_table_says_it_itself() -> None:
    sheet = sheet_of([["Place", "Price", "Count"], *NUMBERS])
    sheet.tables = [NativeTable(Box(0, 0, 3, 9), header_rows=0)]
    assert count_header_rows(sheet, Box(0, 0, 3, 9)) == 0


def test_never_all_of_a_table_and_never_more_than_the_bound() -> None:
    rows = [["a", "b"]] * 30
    for height in range(1, 30):
        assert count(rows[:height], bold_rows=30) < min(height, MAX_HEADER_ROWS) + (height > MAX_HEADER_ROWS)
