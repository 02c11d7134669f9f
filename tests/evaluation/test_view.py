from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box
from tablesense.evaluation.view import View, choose_view
from tablesense.sheets.sheet import Cell, CellKind, Sheet


@st.composite
def big_boxes(draw: st.DrawFn) -> Box:
    left, top = draw(st.integers(0, 100)), draw(st.integers(0, 5000))
    return Box(left, top, left + draw(st.integers(1, 100)), top + draw(st.integers(1, 5000)))


def sheet_with(*positions: tuple[int, int]) -> Sheet:
    return Sheet("S", {position: Cell(1, CellKind.NUMBER) for position in positions})


@given(st.lists(big_boxes(), max_size=12), st.integers(16, 80), st.integers(12, 24))
def test_a_view_is_small_and_shows_the_first_box_from_edge_to_edge(
    boxes: list[Box], max_rows: int, max_columns: int
) -> None:
    view = choose_view(sheet_with((0, 0), (10_100, 210)), boxes, max_rows, max_columns)
    for lines, most in ((view.rows, max_rows), (view.columns, max_columns)):
        assert 0 < len(lines) <= most
        assert list(lines) == sorted(set(lines))
        assert lines[0] >= 0
    if boxes:
        first = boxes[0]
        assert {first.top, first.bottom - 1, first.bottom} <= set(view.rows)
        assert {first.left, first.right - 1, first.right} <= set(view.columns)


@given(st.lists(big_boxes(), min_size=1, max_size=12))
def test_nothing_is_left_out_for_a_line_or_two(boxes: list[Box]) -> None:
    view = choose_view(sheet_with(), boxes)
    for lines in view:
        gaps = [after - before - 1 for before, after in pairwise(lines)]
        assert all(gap == 0 or gap > 2 for gap in gaps)


@given(st.integers(0, 77), st.integers(0, 21))
def test_a_sheet_that_fits_is_shown_whole(row: int, column: int) -> None:
    view = choose_view(sheet_with((0, 0), (row, column)), [])
    assert view == View(list(range(row + 2)), list(range(column + 2)))


def test_both_ends_of_a_tall_table_are_shown_and_the_middle_is_not() -> None:
    view = choose_view(sheet_with(), [Box(0, 10, 5, 3000)])
    assert {9, 10, 2999, 3000} <= set(view.rows)
    assert 1500 not in view.rows


def test_a_table_that_does_not_fit_takes_no_rows_from_the_others() -> None:
    """Its columns could not be shown, so its rows would be blank."""
    wide = [Box(100 * n, 0, 100 * n + 50, 10) for n in range(5)]
    hidden = Box(900, 500, 950, 510)
    view = choose_view(sheet_with(), [*wide, hidden])
    assert not view.shows(hidden)
    assert max(view.rows) < 100


def test_no_table_and_no_cell() -> None:
    assert choose_view(sheet_with(), []) == View([0], [0])
    assert choose_view(sheet_with((5000, 3)), []).rows == list(range(4999, 5002))
    tall = choose_view(sheet_with((0, 0), (5000, 3)), [])
    assert tall.rows == list(range(80))


def test_formatted_blank_cells_make_no_picture_larger() -> None:
    sheet = sheet_with((0, 0))
    sheet.cells[4000, 4000] = Cell(None, CellKind.EMPTY)
    assert choose_view(sheet, []) == View([0, 1], [0, 1])
