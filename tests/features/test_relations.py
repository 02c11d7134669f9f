"""Texts that come again, sums, rising numbers: what the channels say of whole sheets."""

import datetime as dt

import numpy as np
import pytest

from tablesense.features.channels import INDEX
from tablesense.features.featurize import featurize
from tablesense.sheets.sheet import Cell, CellKind, CellValue, Sheet

KINDS = {str: CellKind.TEXT, dt.datetime: CellKind.DATE, bool: CellKind.BOOLEAN}


def sheet_of(*rows: list[CellValue]) -> Sheet:
    cells = {
        (y, x): Cell(value, CellKind.ERROR if value == "#N/A!" else KINDS.get(type(value), CellKind.NUMBER))
        for y, row in enumerate(rows)
        for x, value in enumerate(row)
        if value is not None
    }
    return Sheet("S", cells)


def column(*values: CellValue) -> Sheet:
    return sheet_of(*([value] for value in values))


def shown(sheet: Sheet, channel: str) -> list[tuple[int, int]]:
    """Row and column of the cells that a channel marks."""
    return [(y, x) for y, x in np.argwhere(featurize(sheet, keep=9).values[INDEX[channel]]).tolist()]


def rows_shown(sheet: Sheet, channel: str = "sum_of_above") -> list[int]:
    return [row for row, _ in shown(sheet, channel)]


def test_a_header_that_begins_again_is_marked_below_and_beside() -> None:
    header: list[CellValue] = ["Name", "Price"]
    below = sheet_of(header, ["tea", 1], ["milk", 2], header, ["salt", 3])
    assert shown(below, "repeated_in_column") == [(0, 0), (0, 1), (3, 0), (3, 1)]
    assert shown(below, "repeated_in_row") == []
    beside = sheet_of(header + header, ["tea", 1, "milk", 2])
    assert shown(beside, "repeated_in_row") == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert shown(beside, "repeated_in_column") == []


def test_a_run_of_equal_cells_is_no_repetition_until_something_parts_it() -> None:
    assert rows_shown(column("a", "a", "a", "b"), "repeated_in_column") == []
    assert rows_shown(column("a", "a", "b", "a"), "repeated_in_column") == [0, 1, 3]
    assert rows_shown(column("a", "a", None, "a"), "repeated_in_column") == [0, 1, 3]


def test_repetitions_are_looked_for_among_the_kept_cells() -> None:
    texts = [f"n{number}" for number in range(20)]
    assert rows_shown(column("Name", *texts, 1, "Name"), "repeated_in_column") != []
    grid = featurize(column("Name", *texts[:10], "Name", *texts[10:], 1), keep=2)
    assert grid.height == 5
    assert int(grid.values[INDEX["repeated_in_column"]].sum()) == 0


def test_words_and_years_come_again_numbers_do_not_count() -> None:
    assert rows_shown(column(0, 3, 0, 1, 0), "repeated_in_column") == []
    assert rows_shown(column(2001, 3, 2001), "repeated_in_column") == [0, 2]
    formulas = column("a", "b", "c")
    for row in (0, 2):
        formulas.cells[row, 0] = Cell(None, CellKind.EMPTY, formula="=B1")
    assert rows_shown(formulas, "repeated_in_column") == []


@pytest.mark.parametrize(
    ("values", "sums"),
    [
        (("Price", 1.5, 2, 4, 7.5), [4]),
        (("Price", 1.5, 2, 4, None, "-----", 7.5), [6]),  # blank cells and drawn lines are passed over
        ((1.5, "n/a", 2, 4, 7.5), [4]),  # so is what stands for a missing number
        ((1.5, 2, "note", 3.5), []),  # a text ends it
        ((2001, 1.5, 2, 4, 7.5), [4]),  # the year is not one of them
        ((1.5, 2, 3.5, 1, 2.5, 3.5, 7), [2, 5, 6]),  # sums of groups, and their sum
        ((1, 2, 3, 4, 5), []),  # counting
        ((0, 1, 2, 3, 4), []),
        ((2001, 1, 2, 3), []),
        ((0.1, 0.2, 0.3), []),
        ((0, 0, 0), []),
        ((0, 5, 5), []),
        ((0, 0, 1, 1, 0, 1), []),
        ((7, 450001, 450003), []),
        ((2001, 0, 0, 7, 7), []),
        ((0, 5, 5, 1.5, 2, 3.5), [5]),  # but what follows is added up anew
        ((5, 5.0), []),  # one number is no sum
        ((33.3, 33.3, 33.3, 100), []),
        ((9, -9, 4, -13, -9), [4]),  # -13 and the first 9 are the farthest from zero, -9 is neither
        ((33.33, 33.33, 33.33, 100), [3]),  # as it was shown, to a thousandth
        (("$1,200", "(200)", "50%", "$1,050"), [3]),
        (("1,5", "2,25", "3,75"), [2]),
        ((1.5, "#N/A!", 2, 3.5), [3]),
        ((1.5, 2, True, 3.5), []),
        ((1.5, 2, dt.datetime(2001, 1, 1), 3.5), [3]),
        ((1e308, 1e308, 3), []),  # not a number any more
        ((10**400, 1, 2.5, 3.5), [3]),
    ],
)
def test_sums(values: tuple[CellValue, ...], sums: list[int]) -> None:
    assert rows_shown(column(*values)) == sums
    assert [x for _, x in shown(sheet_of(list(values)), "sum_of_left")] == sums


def test_sums_are_of_all_rows_those_folded_away_too() -> None:
    sheet = column("Price", *([7.5] * 50), 375)
    grid = featurize(sheet)
    assert grid.height < 10
    assert grid.values[INDEX["sum_of_above"], -1, 0] == 255


def test_dates_rise_like_numbers_but_are_not_added_up() -> None:
    moments = [dt.datetime(2001, 1, 1, second=second) for second in (1, 2, 4)]
    assert rows_shown(column(*moments), "greater_than_above") == [1, 2]
    assert rows_shown(column(*moments)) == []
    assert rows_shown(column(3, 3, 2, "tea", 5), "greater_than_above") == []
