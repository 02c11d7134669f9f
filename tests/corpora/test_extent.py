from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box, parse_a1
from tablesense.corpora.extent import Extent, overlapping
from tablesense.sheets.sheet import Cell, CellKind, Sheet

cells = st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=20)
boxes = st.builds(
    lambda left, top, width, height: Box(left, top, left + width, top + height),
    *(st.integers(0, 6), st.integers(0, 6), st.integers(1, 4), st.integers(1, 4)),
)


def sheet_of(filled: set[tuple[int, int]]) -> Sheet:
    sheet = Sheet("S", {position: Cell("x", CellKind.TEXT) for position in filled})
    sheet.cells[20, 20] = Cell(None, CellKind.EMPTY)
    return sheet


def is_in(box: Box, position: tuple[int, int]) -> bool:
    return box.top <= position[0] < box.bottom and box.left <= position[1] < box.right


@given(cells, st.lists(boxes, min_size=1, max_size=4))
def test_counts_are_those_of_cell_by_cell(filled: set[tuple[int, int]], several: list[Box]) -> None:
    extent = Extent(sheet_of(filled))
    assert extent.filled == len(filled)
    assert extent.count(several[0]) == sum(is_in(several[0], position) for position in filled)
    assert extent.count_any(several) == sum(any(is_in(box, cell) for box in several) for cell in filled)


@given(cells, boxes)
def test_the_used_box_has_no_blank_edge_and_holds_all(filled: set[tuple[int, int]], box: Box) -> None:
    extent = Extent(sheet_of(filled))
    if extent.used is None:
        assert not filled
        return
    assert extent.count(extent.used) == len(filled)
    assert not extent.has_blank_edge(extent.used)
    assert extent.has_blank_edge(extent.used._replace(bottom=extent.used.bottom + 1))
    assert extent.has_blank_edge(extent.used._replace(right=extent.used.right + 1))


def test_overlapping_pairs() -> None:
    one, other, apart = map(parse_a1, ("A1:B2", "B2:C3", "C1:D2"))
    assert overlapping([one, apart]) == []
    assert overlapping([one, other]) == [(one, other)]
