import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import (
    MAX_COLS,
    MAX_ROWS,
    Box,
    column_index,
    column_letters,
    eob,
    iou,
    parse_a1,
    to_a1,
)


@st.composite
def boxes(draw: st.DrawFn, columns: int = MAX_COLS, rows: int = MAX_ROWS) -> Box:
    left = draw(st.integers(0, columns - 1))
    top = draw(st.integers(0, rows - 1))
    return Box(left, top, draw(st.integers(left + 1, columns)), draw(st.integers(top + 1, rows)))


small_boxes = boxes(columns=12, rows=12)


@given(boxes())
def test_a1_round_trip(box: Box) -> None:
    assert parse_a1(to_a1(box)) == box


@given(st.integers(0, MAX_COLS - 1))
def test_column_round_trip(index: int) -> None:
    letters = column_letters(index)
    assert column_index(letters) == column_index(letters.lower()) == index


def test_column_letters_at_the_turns() -> None:
    turns = {0: "A", 25: "Z", 26: "AA", 701: "ZZ", 702: "AAA", MAX_COLS - 1: "XFD"}
    assert {index: column_letters(index) for index in turns} == turns


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("A1:B3", Box(0, 0, 2, 3)),
        ("b2", Box(1, 1, 2, 2)),
        ("$C$4:$A$2", Box(0, 1, 3, 4)),
        (" A1 : B2 ", Box(0, 0, 2, 2)),
        ("A1:XFD1048576", Box(0, 0, MAX_COLS, MAX_ROWS)),
    ],
)
def test_parse_a1(text: str, box: Box) -> None:
    assert parse_a1(text) == box


@pytest.mark.parametrize("text", ["", "A", "1", "A:B", "1:2", "A1:B2:C3", "Sheet1!A1", "R1C1", "A1-B2", "É1"])
def test_parse_a1_refuses_what_is_no_range(text: str) -> None:
    with pytest.raises(ValueError, match="is not a cell range"):
        parse_a1(text)


@pytest.mark.parametrize("text", ["A0", "XFE1", "A1048577", "A1:ZZZ2"])
def test_parse_a1_refuses_what_lies_outside(text: str) -> None:
    with pytest.raises(ValueError, match="lies outside a worksheet"):
        parse_a1(text)


def test_single_cell_has_two_corners() -> None:
    assert to_a1(Box(1, 1, 2, 2)) == "B2:B2"


@pytest.mark.parametrize("box", [Box(0, 0, 0, 1), Box(0, 0, 1, 0), Box(2, 0, 1, 1), Box(-1, 0, 1, 1)])
def test_to_a1_refuses_empty_and_negative(box: Box) -> None:
    with pytest.raises(ValueError, match="is not a rectangle"):
        to_a1(box)


@given(boxes(), boxes())
def test_distances_are_symmetric(a: Box, b: Box) -> None:
    assert eob(a, b) == eob(b, a)
    assert iou(a, b) == iou(b, a)
    assert a.intersection(b) == b.intersection(a)


@given(boxes(), boxes())
def test_distances_tell_equal_boxes(a: Box, b: Box) -> None:
    assert eob(a, a) == 0
    assert iou(a, a) == 1.0
    assert (eob(a, b) == 0) == (iou(a, b) == 1.0) == (a == b)


@given(small_boxes, small_boxes, small_boxes)
def test_eob_obeys_the_triangle(a: Box, b: Box, c: Box) -> None:
    assert eob(a, c) <= eob(a, b) + eob(b, c)


@given(small_boxes, small_boxes)
def test_overlap_counts_cells(a: Box, b: Box) -> None:
    def cells(box: Box) -> set[tuple[int, int]]:
        return {(x, y) for x in range(box.left, box.right) for y in range(box.top, box.bottom)}

    shared, joined = cells(a) & cells(b), cells(a) | cells(b)
    assert a.area == len(cells(a))
    assert a.intersection(b) == len(shared)
    assert iou(a, b) == len(shared) / len(joined)
    assert a.contains(b) == (cells(b) <= cells(a))


@given(small_boxes, st.integers(0, 9), st.integers(0, 9))
def test_shift_keeps_the_size_and_is_undone(box: Box, columns: int, rows: int) -> None:
    moved = box.shift(columns, rows)
    assert (moved.width, moved.height) == (box.width, box.height)
    assert moved.shift(-columns, -rows) == box
    assert eob(box, moved) == max(columns, rows)
