"""Folding: what is kept, what may go, and the way back for every box."""

from bisect import bisect_right
from collections.abc import Collection, Hashable, Sequence
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box
from tablesense.features.fold import AxisFold, Fold, fold_cells, line_signatures

Codes = dict[tuple[int, int], int]

keeps = st.integers(1, 3)
runs = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), min_size=1, max_size=6)
axes = st.sets(st.integers(-30, 60), min_size=1, max_size=12).map(lambda kept: axis(*sorted(kept)))


@st.composite
def sheets(draw: st.DrawFn) -> tuple[Codes, Box]:
    """Cells that repeat down and across often enough to be folded, and the extent around them."""
    left, top = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    widths = draw(st.lists(st.integers(1, 7), min_size=1, max_size=4))
    patterns = st.lists(st.integers(0, 2), min_size=len(widths), max_size=len(widths))
    rows = draw(st.lists(st.tuples(patterns, st.integers(1, 9)), min_size=1, max_size=5))
    lines = [np.repeat(pattern, widths) for pattern, times in rows for _ in range(times)]
    grid = np.array(lines)
    codes = {(top + int(y), left + int(x)): int(grid[y, x]) for y, x in zip(*np.nonzero(grid), strict=True)}
    return codes, Box(left, top, left + grid.shape[1], top + grid.shape[0])


@st.composite
def boxes_in(draw: st.DrawFn, extent: Box) -> Box:
    left, top = (
        draw(st.integers(extent.left, extent.right - 1)),
        draw(st.integers(extent.top, extent.bottom - 1)),
    )
    return Box(
        left, top, draw(st.integers(left + 1, extent.right)), draw(st.integers(top + 1, extent.bottom))
    )


def axis(*kept: int) -> AxisFold:
    return AxisFold(np.array(kept, dtype=np.int64))


def folded(codes: Codes, extent: Box, keep: int, edges: Collection[Box] = ()) -> Fold:
    entries = [(row, column, code) for (row, column), code in sorted(codes.items())]
    rows, columns, numbers = np.array(entries, dtype=np.int64).reshape(-1, 3).T
    return fold_cells(rows, columns, numbers, extent, keep, edges)


def grid_box(fold: Fold) -> Box:
    return Box(0, 0, len(fold.columns), len(fold.rows))


def line(codes: Codes, row: int, extent: Box) -> list[int]:
    return [codes.get((row, column), 0) for column in range(extent.left, extent.right)]


def reference(signatures: Sequence[Hashable], keep: int) -> list[int]:
    """Which positions stay, run by run."""
    kept, start = [], 0
    for _, group in groupby(signatures):
        run = list(range(start, start + len(list(group))))
        kept += sorted({*run[:keep], *run[-keep:]})
        start += len(run)
    return kept


@given(runs, st.integers(-20, 20), keeps)
def test_first_and_last_of_every_run_stay(pattern: list[tuple[int, int]], start: int, keep: int) -> None:
    signatures = [code for code, times in pattern for _ in range(times)]
    fold = AxisFold.from_signatures(np.array(signatures), start, keep)
    assert fold.kept.tolist() == [start + position for position in reference(signatures, keep)]


def test_no_lines_give_no_positions() -> None:
    fold = AxisFold.from_signatures(np.zeros(0, dtype=np.int64), 3, keep=2)
    assert len(fold) == len(fold.gaps()) == 0


def test_keeping_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        AxisFold.from_signatures(np.zeros(5, dtype=np.int64), 0, keep=0)


@given(axes, st.lists(st.integers(-40, 70), min_size=1))
def test_snapping_goes_to_the_nearest_position_and_never_back(fold: AxisFold, positions: list[int]) -> None:
    snapped = [fold.to_grid(position, position + 1) for position in sorted(positions)]
    for position, (first, stop) in zip(sorted(positions), snapped, strict=True):
        assert stop == first + 1
        nearest = min(abs(int(kept) - position) for kept in fold.kept)
        assert abs(int(fold.kept[first]) - position) == nearest
    assert snapped == sorted(snapped)


@given(axes, st.integers(-40, 70), st.integers(1, 50))
def test_an_interval_never_becomes_empty_and_stays_in_the_grid(
    fold: AxisFold, first: int, length: int
) -> None:
    low, high = fold.to_grid(first, first + length)
    assert 0 <= low < high <= len(fold)


def test_half_way_goes_to_the_later_position() -> None:
    assert axis(0, 4).to_grid(2, 3) == (1, 2)
    assert axis(0, 4).to_grid(1, 2) == (0, 1)


@given(axes)
def test_gaps_count_what_was_folded_away(fold: AxisFold) -> None:
    gaps = fold.gaps().tolist()
    assert gaps[-1] == 0
    assert len(fold) + sum(gaps) == fold.kept[-1] - fold.kept[0] + 1
    assert all(fold.kept[i] + gaps[i] + 1 == fold.kept[i + 1] for i in range(len(gaps) - 1))


@given(sheets(), keeps, st.data())
def test_grid_to_sheet_and_back_is_the_identity(
    sheet: tuple[Codes, Box], keep: int, data: st.DataObject
) -> None:
    fold = folded(*sheet, keep)
    box = data.draw(boxes_in(grid_box(fold)))
    assert fold.to_grid(fold.to_sheet(box)) == box
    assert fold.is_exact(fold.to_sheet(box))


@given(sheets(), keeps, st.data())
def test_a_box_survives_exactly_when_its_edges_are_kept(
    sheet: tuple[Codes, Box], keep: int, data: st.DataObject
) -> None:
    codes, extent = sheet
    fold = folded(codes, extent, keep)
    box = data.draw(boxes_in(extent))
    rows, columns = set(fold.rows.kept.tolist()), set(fold.columns.kept.tolist())
    edges_kept = {box.top, box.bottom - 1} <= rows and {box.left, box.right - 1} <= columns
    assert fold.is_exact(box) == edges_kept
    assert (fold.to_sheet(fold.to_grid(box)) == box) == edges_kept


@given(sheets(), keeps)
def test_what_is_folded_away_repeats_its_neighbours(sheet: tuple[Codes, Box], keep: int) -> None:
    codes, extent = sheet
    fold = folded(codes, extent, keep)
    rows, columns = fold.rows.kept.tolist(), fold.columns.kept.tolist()
    for row in range(extent.top, extent.bottom):
        near = fold.rows.to_sheet(*fold.rows.to_grid(row, row + 1))[0]
        assert line(codes, row, extent) == line(codes, near, extent)
    for column in range(extent.left, extent.right):
        near = fold.columns.to_sheet(*fold.columns.to_grid(column, column + 1))[0]
        assert [codes.get((row, column), 0) for row in rows] == [codes.get((row, near), 0) for row in rows]
    assert {extent.top, extent.bottom - 1} <= set(rows)
    assert {extent.left, extent.right - 1} <= set(columns)


@given(sheets(), keeps, st.data())
def test_forced_edges_are_always_kept(sheet: tuple[Codes, Box], keep: int, data: st.DataObject) -> None:
    codes, extent = sheet
    boxes = data.draw(st.lists(boxes_in(extent), min_size=1, max_size=4))
    fold = folded(codes, extent, keep, edges=boxes)
    assert all(fold.is_exact(box) for box in boxes)


@given(sheets(), keeps, st.data())
def test_an_edge_ends_a_run_and_joins_none(sheet: tuple[Codes, Box], keep: int, data: st.DataObject) -> None:
    codes, extent = sheet
    boxes = data.draw(st.lists(boxes_in(extent), min_size=1, max_size=4))
    edges = sorted({edge for box in boxes for edge in (box.top, box.bottom)})
    lines = range(extent.top, extent.bottom)
    runs = [(bisect_right(edges, row), *line(codes, row, extent)) for row in lines]
    fold = folded(codes, extent, keep, edges=boxes)
    assert fold.rows.kept.tolist() == [extent.top + row for row in reference(runs, keep)]


@given(sheets(), keeps, st.integers(0, 9))
def test_edges_outside_the_extent_change_nothing(sheet: tuple[Codes, Box], keep: int, away: int) -> None:
    codes, extent = sheet
    plain = folded(codes, extent, keep)
    around = Box(extent.left - away, extent.top - away, extent.right + away, extent.bottom + away)
    same = folded(codes, extent, keep, edges=[around])
    assert same.rows.kept.tolist() == plain.rows.kept.tolist()
    assert same.columns.kept.tolist() == plain.columns.kept.tolist()


@given(sheets(), keeps)
def test_cells_outside_the_extent_do_not_count(sheet: tuple[Codes, Box], keep: int) -> None:
    codes, extent = sheet
    around = {(extent.bottom, extent.left): 1, (extent.top, extent.right + 3): 2, (-1, extent.left): 1}
    fold, same = folded(codes, extent, keep), folded({**around, **codes}, extent, keep)
    assert same.rows.kept.tolist() == fold.rows.kept.tolist()
    assert same.columns.kept.tolist() == fold.columns.kept.tolist()


def test_a_sparse_sheet_keeps_the_ends_of_its_blank_stretch() -> None:
    fold = folded({(0, 0): 1, (1_000_000, 0): 1}, Box(0, 0, 1, 1_000_001), keep=2)
    assert fold.rows.kept.tolist() == [0, 1, 2, 999_998, 999_999, 1_000_000]
    assert fold.rows.gaps().tolist() == [0, 0, 999_995, 0, 0, 0]


def test_a_box_that_leads_out_of_the_grid_is_cut_to_it() -> None:
    fold = Fold(axis(2, 3, 4), axis(1, 2))
    assert fold.to_grid(Box(-5, 0, 99, 99)) == Box(0, 0, 2, 3)


@given(
    st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=1, max_size=9), st.integers(0, 4)
)
def test_signatures_are_equal_for_equal_lines_only(lines: list[list[int]], start: int) -> None:
    entries = [(start + y, x, code) for y, codes in enumerate(lines) for x, code in enumerate(codes) if code]
    rows, columns, codes = np.array(entries, dtype=np.int64).reshape(-1, 3).T
    signatures = line_signatures(rows, columns, codes, start, len(lines)).tolist()
    for one, signature in zip(lines, signatures, strict=True):
        assert [other == signature for other in signatures] == [other == one for other in lines]
        assert (signature == 0) == (not any(one))


def test_a_table_below_its_title() -> None:
    """Title in row 0, blank row 1, header in row 2, data in rows 3-12, total in row 13; six columns."""
    codes = {(0, 0): 1, **{(2, column): 1 for column in range(6)}, (13, 0): 1}
    codes |= {(row, column): 2 if column else 1 for row in range(3, 14) for column in range(6)}
    codes |= {(13, column): 3 for column in range(1, 6)}
    fold = folded(codes, Box(0, 0, 6, 14), keep=2)
    assert fold.rows.kept.tolist() == [0, 1, 2, 3, 4, 11, 12, 13]
    assert fold.columns.kept.tolist() == [0, 1, 2, 4, 5]
    assert fold.to_grid(Box(0, 2, 6, 14)) == Box(0, 2, 5, 8)
    assert fold.to_sheet(Box(0, 2, 5, 8)) == Box(0, 2, 6, 14)
    assert not fold.is_exact(Box(0, 2, 6, 9)), "row 8 lies in the middle of the data"
