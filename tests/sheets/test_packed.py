"""A mapping out of arrays behaves as the dictionary of the same cells."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.features.channels import INDEX
from tablesense.features.featurize import featurize
from tablesense.sheets.packed import PackedCells, find_cells, mark_comments, pack, some_cells
from tablesense.sheets.sheet import Cell, CellKind, Sheet
from tests.sheets.twins import package, read_fast, worksheet

ROWS = (
    '<row r="1"><c r="A1"><v>1</v></c><c r="C1"><f>A1*2</f><v>2</v></c></row>'
    '<row r="4"><c r="B4" s="1"/></row>'
)
CELLS = {
    (0, 0): Cell(1, CellKind.NUMBER),
    (0, 2): Cell(2, CellKind.NUMBER, formula="=A1*2"),
    (3, 1): Cell(None, CellKind.EMPTY, style=1),
}
places = st.tuples(st.integers(0, 5), st.integers(0, 5))


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    return read_fast(package(tmp_path / "book.xlsx", worksheet(ROWS)))[0]


def packed(sheet: Sheet) -> PackedCells:
    assert isinstance(sheet.cells, PackedCells)
    return sheet.cells


def test_it_is_the_mapping_of_its_cells(sheet: Sheet) -> None:
    assert len(sheet.cells) == 3
    assert packed(sheet).packed is not None, "counting needs no cell"
    assert sheet.cells == CELLS
    assert list(sheet.cells) == list(CELLS)
    assert (0, 1) not in sheet.cells
    assert repr(sheet.cells) == repr(CELLS)


def test_features_need_no_cell_objects_and_see_changes(sheet: Sheet) -> None:
    assert featurize(sheet).values[INDEX["negative"]].max() == 0
    assert packed(sheet).packed is not None
    sheet.cells[0, 0].value = -1
    assert featurize(sheet).values[INDEX["negative"], 0, 0] == 255
    del sheet.cells[0, 0]
    sheet.cells[9, 9] = Cell("new", CellKind.TEXT)
    assert featurize(sheet).fold.rows.kept[-1] == 9


@pytest.mark.parametrize("look_first", [False, True])
def test_it_goes_to_another_process(sheet: Sheet, look_first: bool) -> None:
    if look_first:
        assert len(dict(sheet.cells)) == 3
    assert pickle.loads(pickle.dumps(sheet)).cells == CELLS  # noqa: S301 - our own


@given(
    st.dictionaries(places, st.integers(0, 3)), st.lists(st.tuples(st.integers(-1, 6), st.integers(-1, 6)))
)
def test_cells_are_found_where_they_are(
    styles: dict[tuple[int, int], int], wanted: list[tuple[int, int]]
) -> None:
    arrays = pack({place: Cell("x", CellKind.TEXT, style) for place, style in styles.items()})
    positions = np.array(wanted, dtype=np.int64).reshape(-1, 2)
    at, there = find_cells(arrays, positions[:, 0], positions[:, 1])
    assert there.tolist() == [place in styles for place in wanted]
    for index, place in zip(at[there].tolist(), [place for place in wanted if place in styles], strict=True):
        assert arrays.styles[index] == styles[place]


@given(st.sets(places), st.lists(places))
def test_comments_make_cells_where_there_are_none(
    filled: set[tuple[int, int]], comments: list[tuple[int, int]]
) -> None:
    arrays = pack(
        {place: Cell("x", CellKind.TEXT) for place in filled} | {(9, 9): Cell(None, CellKind.EMPTY)}
    )
    empty = len(arrays) - 1
    marked = mark_comments(arrays, comments, empty)
    found = PackedCells(marked, list)
    assert {place for place, cell in found.items() if cell.comment} == set(comments)
    assert {place for place, cell in found.items() if cell.value} == filled
    assert list(found) == sorted({*filled, *comments, (9, 9)})


def test_some_cells_are_looked_at_and_the_others_stay_packed(sheet: Sheet) -> None:
    looked_at = some_cells(sheet.cells, [0, 2, -7, 3])
    assert looked_at == {**CELLS, (0, 2): Cell(2, CellKind.NUMBER, formula="=")}
    assert set(some_cells(sheet.cells, [0], range(1, 3))) == {(0, 2)}
    assert not some_cells(sheet.cells, [])
    assert packed(sheet).packed is not None
    assert sheet.cells == CELLS
    assert some_cells(sheet.cells, [0]) is sheet.cells, "once unpacked, there is nothing to save"


@given(st.sets(places), st.sets(st.integers(-2, 7)), st.integers(0, 6), st.integers(0, 6))
def test_some_cells_are_those_of_the_rows_and_columns(
    where: set[tuple[int, int]], rows: set[int], left: int, right: int
) -> None:
    cells = {place: Cell(str(place), CellKind.TEXT) for place in where}
    found = some_cells(PackedCells(pack(cells), list), rows, range(left, right))
    assert found == {
        place: cell for place, cell in cells.items() if place[0] in rows and left <= place[1] < right
    }
