"""Whatever is done to a grid, its boxes frame the cells that they framed before."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tablesense.boxes import Box
from tablesense.data.augment import (
    Augment,
    AugmentConfig,
    add_margin,
    crop_outside,
    drop_channels,
    drop_formatting,
    glue,
    near_edges,
    stretch,
    thin,
)
from tablesense.data.sample import Sample
from tablesense.features.channels import FORMATTING, INDEX, NUM_CHANNELS

# Graded content channels that no change writes to; here they say which table, row and column a cell is of.
TABLE, ROW, COLUMN = INDEX["digit_share"], INDEX["letter_share"], INDEX["leading_spaces"]
NEVER = AugmentConfig(glue=0, drop_formatting=0, margin=0, stretch=0, crop=0)

seeds = st.integers(0, 10_000)
few = st.integers(0, 4)
sizes = st.integers(1, 12)
axes = st.sampled_from([1, 2])


def marked_sheet(rows: int, columns: int, boxes: list[Box], first_mark: int = 1) -> Sample:
    """A sheet whose cells say the number of their table, their row and their column."""
    values = np.random.default_rng(rows).choice([0, 255], (NUM_CHANNELS, rows, columns)).astype(np.uint8)
    values[[TABLE, INDEX["rows_folded_after"], INDEX["columns_folded_after"]]] = 0
    values[ROW] = np.arange(1, rows + 1)[:, None]
    values[COLUMN] = np.arange(1, columns + 1)
    for mark, box in enumerate(boxes, first_mark):
        values[TABLE, box.top : box.bottom, box.left : box.right] = mark
    values.flags.writeable = False  # samples are shared by all epochs
    return Sample(values, np.array(boxes, dtype=np.int64).reshape(-1, 4))


@st.composite
def sheets(draw: st.DrawFn, first_mark: int = 1, min_tables: int = 0) -> Sample:
    """Up to three tables one below the other, or side by side, anything from touching to far apart."""
    boxes, end = [], 0
    for _ in range(draw(st.integers(min_tables, 3))):
        top, left = end + draw(few), draw(few)
        end = top + draw(sizes)
        boxes.append(Box(left, top, left + draw(sizes), end))
    rows = end + draw(few) if boxes else draw(sizes)
    columns = max((box.right for box in boxes), default=1) + draw(few)
    if draw(st.booleans()):
        rows, columns = columns, rows
        boxes = [Box(box.top, box.left, box.bottom, box.right) for box in boxes]
    return marked_sheet(rows, columns, boxes, first_mark)


def assert_framed(sample: Sample, first_mark: int = 1) -> None:
    """Every box frames the cells that carry its mark, all of them and no others."""
    expected = np.zeros(sample.values.shape[1:], dtype=np.uint8)
    for mark, (left, top, right, bottom) in enumerate(sample.boxes.tolist(), first_mark):
        expected[top:bottom, left:right] = mark
    np.testing.assert_array_equal(sample.values[TABLE], expected)


def lines_of(sample: Sample, axis: int) -> list[int]:
    """The number that each row (axis 1) or column (axis 2) had in the sheet that was built."""
    numbers: list[int] = (sample.values[ROW, :, 0] if axis == 1 else sample.values[COLUMN, 0]).tolist()
    return numbers


def around_edges(lines: list[int], boxes: NDArray[np.int64], axis: int) -> list[list[int]]:
    """The two lines inside and outside of every edge of every table; fewer where the sheet ends."""
    ends = [0, 2] if axis == 2 else [1, 3]
    return [lines[max(edge - 2, 0) : edge + 2] for edge in boxes[:, ends].ravel().tolist()]


def assert_edges_untouched(before: Sample, after: Sample, axis: int) -> None:
    old, new = (around_edges(lines_of(sample, axis), sample.boxes, axis) for sample in (before, after))
    for old_lines, new_lines in zip(old, new, strict=True):
        assert [line for line in new_lines if line in old_lines] == old_lines


@given(sheets(), sheets(first_mark=4), st.booleans(), st.integers(1, 3))
def test_glue_keeps_both_sheets_whole(first: Sample, second: Sample, below: bool, gap: int) -> None:
    second_mark = len(first.boxes) + 1
    values = second.values.copy()
    values[TABLE] = np.where(values[TABLE], values[TABLE] - 4 + second_mark, 0)
    second = Sample(values, second.boxes)
    glued = glue(first, second, below, gap)
    assert_framed(glued)
    _, rows, columns = first.values.shape
    np.testing.assert_array_equal(glued.values[:, :rows, :columns], first.values)
    top, left = (rows + gap, 0) if below else (0, columns + gap)
    _, more_rows, more_columns = second.values.shape
    there = (slice(None), slice(top, top + more_rows), slice(left, left + more_columns))
    np.testing.assert_array_equal(glued.values[there], values)
    blank = glued.values.copy()
    blank[:, :rows, :columns] = 0
    blank[there] = 0
    assert blank.max() == 0


@pytest.mark.parametrize("below", [False, True])
def test_fold_channels_do_not_show_the_seam(below: bool) -> None:
    def folded(row: int, column: int) -> Sample:
        values = np.zeros((NUM_CHANNELS, 3, 3), dtype=np.uint8)
        values[INDEX["rows_folded_after"], 1] = row
        values[INDEX["columns_folded_after"], :, 1] = column
        return Sample(values, np.zeros((0, 4), dtype=np.int64))

    glued = glue(folded(40, 50), folded(60, 70), below, gap=1)
    for sample in (glued, add_margin(folded(40, 50), 2, 2)):
        rows = sample.values[INDEX["rows_folded_after"]]
        columns = sample.values[INDEX["columns_folded_after"]]
        np.testing.assert_array_equal(rows, rows[:, :1].repeat(rows.shape[1], 1))
        np.testing.assert_array_equal(columns, columns[:1].repeat(columns.shape[0], 0))
        assert rows.max() >= 40
        assert columns.max() >= 50


@given(sheets(), few, few)
def test_a_margin_moves_the_sheet(sample: Sample, rows: int, columns: int) -> None:
    moved = add_margin(sample, rows, columns)
    assert_framed(moved)
    np.testing.assert_array_equal(moved.values[:, rows:, columns:], sample.values)
    assert moved.values[:, :rows].max(initial=0) == moved.values[:, :, :columns].max(initial=0) == 0


@given(sheets())
def test_dropping_the_formatting_leaves_the_content(sample: Sample) -> None:
    plain = drop_formatting(sample)
    assert plain.values[list(FORMATTING)].max() == 0
    rest = [channel for channel in range(NUM_CHANNELS) if channel not in FORMATTING]
    np.testing.assert_array_equal(plain.values[rest], sample.values[rest])
    assert plain.boxes is sample.boxes


@given(sheets(), seeds)
def test_dropped_channels_are_gone_and_the_others_stay(sample: Sample, seed: int) -> None:
    dropped = np.random.default_rng(seed).random(NUM_CHANNELS) < 0.3
    blinded = drop_channels(sample, dropped)
    assert not blinded.values[dropped].any()
    np.testing.assert_array_equal(blinded.values[~dropped], sample.values[~dropped])
    assert blinded.boxes is sample.boxes


def test_every_sheet_loses_channels_of_its_own() -> None:
    augment = Augment(replace(NEVER, drop_channels=0.2))
    sample = Sample(np.full((NUM_CHANNELS, 3, 3), 255, dtype=np.uint8), np.zeros((0, 4), dtype=np.int64))
    rng = np.random.default_rng(0)
    lost = [~augment(sample, lambda: sample, rng).values.any((1, 2)) for _ in range(200)]
    assert np.mean(lost) == pytest.approx(0.2, abs=0.02)
    assert np.mean(lost, axis=0).min() > 0.05, "every channel is left out at times"


@given(sheets(), axes, seeds)
def test_stretch_keeps_tables_framed_and_their_edges_untouched(sample: Sample, axis: int, seed: int) -> None:
    stretched = stretch(sample, np.random.default_rng(seed), axis)
    assert_framed(stretched)
    assert_edges_untouched(sample, stretched, axis)
    lines = lines_of(stretched, axis)
    assert lines == sorted(lines)
    assert all(lines.count(line) <= 2 for line in lines)
    assert lines_of(stretched, 3 - axis) == lines_of(sample, 3 - axis)
    assert stretched.values.size > 0


@given(sheets(), axes, seeds)
def test_a_doubled_line_repeats_the_pattern_of_the_one_before(sample: Sample, axis: int, seed: int) -> None:
    stretched = stretch(sample, np.random.default_rng(seed), axis)
    side, merged, after = (
        ("above", "merged_top", "merged_bottom") if axis == 1 else ("left", "merged_left", "merged_right")
    )
    pattern, value = INDEX[f"same_pattern_{side}"], INDEX[f"same_value_{side}"]
    changed = [pattern, value, INDEX[merged]]
    numbers = lines_of(stretched, axis)
    for position, number in enumerate(numbers):
        now = stretched.values.take([position], axis)
        built = sample.values.take([number - 1], axis)
        if position and numbers[position - 1] == number:
            built[changed] = 0
            built[pattern] = built[INDEX["filled"]]
        if position + 1 < len(numbers) and numbers[position + 1] == number:
            built[INDEX[after]] = 0
        np.testing.assert_array_equal(now, built)


@pytest.mark.parametrize("axis", [1, 2])
def test_stretch_doubles_and_leaves_out(axis: int) -> None:
    sample = marked_sheet(40, 40, [Box(0, 0, 40, 40)])
    drawn = [lines_of(stretch(sample, np.random.default_rng(seed), axis), axis) for seed in range(20)]
    assert any(len(set(lines)) < 40 for lines in drawn)
    assert any(len(set(lines)) < len(lines) for lines in drawn)


@given(sheets(), st.integers(1, 200))
def test_thinning_keeps_tables_framed_and_their_edges_untouched(sample: Sample, max_cells: int) -> None:
    thinned = thin(sample, max_cells)
    assert_framed(thinned)
    assert_edges_untouched(sample, thinned, axis=1)
    rows, columns = thinned.values.shape[1:]
    assert rows >= 1
    assert columns == sample.values.shape[2]
    lines = lines_of(thinned, axis=1)
    assert lines == sorted(set(lines))
    needed = int(near_edges(sample.boxes, sample.values.shape[1], axis=1).sum())
    assert thinned.cells <= max(max_cells, max(needed, 1) * columns)
    if sample.cells <= max_cells:
        assert thinned is sample


def test_thinning_leaves_out_rows_evenly_and_no_more_than_needed() -> None:
    sample = marked_sheet(100, 3, [Box(0, 10, 3, 90)])
    thinned = thin(sample, max_cells=150)
    assert thinned.values.shape[1] == 50
    assert int(np.diff(lines_of(thinned, axis=1)).max()) <= 3


@pytest.mark.parametrize(
    ("box", "axis", "expected"),
    [
        (Box(0, 4, 1, 12), 1, [2, 3, 4, 5, 10, 11, 12, 13]),
        (Box(4, 0, 12, 1), 2, [2, 3, 4, 5, 10, 11, 12, 13]),
        (Box(0, 0, 1, 16), 1, [0, 1, 14, 15]),
        (Box(0, 7, 1, 8), 1, [5, 6, 7, 8, 9]),
    ],
)
def test_near_edges(box: Box, axis: int, expected: list[int]) -> None:
    assert np.flatnonzero(near_edges(np.array([box]), 16, axis)).tolist() == expected


@given(sheets(), seeds)
def test_cropping_keeps_the_tables_and_cuts_at_one_side(sample: Sample, seed: int) -> None:
    cropped = crop_outside(sample, np.random.default_rng(seed))
    assert_framed(cropped)
    cuts = 0
    for axis in (1, 2):
        before, after = lines_of(sample, axis), lines_of(cropped, axis)
        assert after == list(range(after[0], after[-1] + 1))
        cuts += (after[0] != before[0]) + (after[-1] != before[-1])
    assert cuts <= (1 if len(sample.boxes) else 0)


def test_cropping_can_cut_every_side() -> None:
    sample = marked_sheet(9, 9, [Box(3, 3, 6, 6)])
    shapes, corners = set(), set()
    for seed in range(200):
        cropped = crop_outside(sample, np.random.default_rng(seed))
        shapes.add(cropped.values.shape[1:])
        corners.add((int(cropped.boxes[0, 0]), int(cropped.boxes[0, 1])))
    assert shapes == {(9, size) for size in range(6, 10)} | {(size, 9) for size in range(6, 10)}
    assert corners == {(cut, 3) for cut in range(4)} | {(3, cut) for cut in range(4)}


@given(sheets(), st.lists(sheets(), min_size=1, max_size=3), seeds)
def test_with_every_change_all_tables_stay_framed_inside_the_grid(
    sample: Sample, others: list[Sample], seed: int
) -> None:
    config = AugmentConfig(glue=1, drop_formatting=1, margin=1, stretch=1, crop=1, max_cells=10**6)
    rng = np.random.default_rng(seed)
    drawn = []

    def draw() -> Sample:
        drawn.append(others[int(rng.integers(len(others)))])
        return drawn[-1]

    result = Augment(config)(sample, draw, rng)
    assert len(drawn) == 3
    assert len(result.boxes) == len(sample.boxes) + sum(len(other.boxes) for other in drawn)
    _, rows, columns = result.values.shape
    covered = np.zeros((rows, columns), dtype=bool)
    for left, top, right, bottom in result.boxes.tolist():
        assert 0 <= left < right <= columns
        assert 0 <= top < bottom <= rows
        assert len(np.unique(result.values[TABLE, top:bottom, left:right])) == 1
        covered[top:bottom, left:right] = True
    np.testing.assert_array_equal(result.values[TABLE] > 0, covered)
    assert result.values[list(FORMATTING)].max() == 0
    assert result.source is None


@given(sheets(), seeds)
def test_without_any_change_the_sample_is_the_sample(sample: Sample, seed: int) -> None:
    assert Augment(NEVER)(sample, lambda: sample, np.random.default_rng(seed)) is sample


@pytest.mark.parametrize("max_cells", [0, 26, 27, 60, 10_000])
def test_glue_stops_where_the_sheet_would_become_too_large(max_cells: int) -> None:
    sample = marked_sheet(3, 3, [Box(0, 0, 3, 3)])
    config = replace(NEVER, glue=1, max_glued=5, max_cells=max_cells)
    results = [Augment(config)(sample, lambda: sample, np.random.default_rng(seed)) for seed in range(20)]
    assert all(result.cells <= max(max_cells, sample.cells) for result in results)
    tables = {len(result.boxes) for result in results}
    assert max(tables) <= 5
    assert (tables == {1}) == (max_cells < 21)
    assert (tables == {5}) == (max_cells == 10_000)


def test_equal_generators_give_equal_samples() -> None:
    sample = marked_sheet(30, 8, [Box(1, 2, 7, 28)])
    augment = Augment(AugmentConfig(glue=1, margin=1, stretch=1, crop=1))
    one, other = (augment(sample, lambda: sample, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.boxes, other.boxes)
