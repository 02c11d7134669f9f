"""Crowded sheets: every table keeps its edges, nothing of another table comes along."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tablesense.boxes import Box
from tablesense.data.augment import Augment, AugmentConfig
from tablesense.data.compose import compose, cut_out, shorten
from tablesense.data.lines import forget_outside
from tablesense.data.sample import Sample
from tablesense.features.channels import INDEX
from tests.data.test_augment import COLUMN, ROW, TABLE, marked_sheet, seeds, sheets


@settings(deadline=None)
@given(st.lists(sheets(min_tables=1), min_size=1, max_size=3), seeds)
def test_every_table_of_a_crowded_sheet_keeps_its_edges(drawn: list[Sample], seed: int) -> None:
    rng = np.random.default_rng(seed)
    crowded = compose(lambda: drawn[int(rng.integers(len(drawn)))], rng, max_cells=3000)
    assert crowded is not None
    inside = np.zeros(crowded.values.shape[1:], dtype=bool)
    for left, top, right, bottom in crowded.boxes.tolist():
        marks = crowded.values[TABLE, top:bottom, left:right]
        assert marks.size
        assert (marks == marks[0, 0]).all()
        assert marks[0, 0] > 0
        assert not inside[top:bottom, left:right].any()
        inside[top:bottom, left:right] = True
    assert not crowded.values[TABLE][~inside].any()
    assert crowded.cells <= 3000


def test_a_table_keeps_its_first_two_lines_and_its_last() -> None:
    long = marked_sheet(60, 4, [Box(0, 5, 4, 55)])
    for seed in range(50):
        rng = np.random.default_rng(seed)
        piece = shorten(long, rng)
        top, bottom = piece.boxes[0, [1, 3]].tolist()
        assert 3 <= bottom - top <= 14
        rows = piece.values[ROW, top:bottom, 0].tolist()
        assert [rows[0], rows[1], rows[-1]] == [6, 7, 55]
        assert rows == sorted(set(rows))


def test_what_stands_around_comes_along_but_no_other_table() -> None:
    sheet = marked_sheet(20, 6, [Box(0, 4, 3, 8), Box(0, 10, 3, 14), Box(4, 0, 6, 20)])
    seen = set()
    for seed in range(200):
        piece = cut_out(sheet, np.random.default_rng(seed))
        assert piece is not None
        _, top, _, bottom = piece.boxes[0].tolist()
        rows = piece.values[ROW, :, 0].tolist()
        if piece.values[TABLE, top, 0] == 1:
            assert 2 <= rows[0] <= 5
            assert rows[-1] <= 10
            seen.add((rows[0], rows[-1]))
        elif piece.values[TABLE, top, 0] == 2:
            assert 9 <= rows[0] <= 11
        else:
            assert piece.values[COLUMN, 0, 0] == 5
            assert len(rows) == bottom - top
    assert len(seen) > 4


def test_a_part_says_nothing_of_what_was_around_it() -> None:
    values = np.full_like(marked_sheet(3, 3, []).values, 255)
    forget_outside(values)
    for name in ("same_pattern_above", "same_value_above", "merged_top"):
        assert not values[INDEX[name], 0].any()
        assert values[INDEX[name], 1:].all()
    for name in ("same_pattern_left", "same_value_left", "merged_left"):
        assert not values[INDEX[name], :, 0].any()
        assert values[INDEX[name], :, 1:].all()
    assert not values[INDEX["merged_bottom"], -1].any()
    assert not values[INDEX["merged_right"], :, -1].any()
    assert values[INDEX["merged_bottom"], :-1].all()


@pytest.mark.parametrize("boxes", [[], [Box(0, 0, 3, 4)]])
def test_a_sheet_without_tables_is_left_as_it_is(boxes: list[Box]) -> None:
    sheet = marked_sheet(9, 5, boxes)
    augment = Augment(AugmentConfig(glue=0, drop_formatting=0, margin=0, stretch=0, crop=0, compose=1))
    result = augment(sheet, lambda: sheet, np.random.default_rng(1))
    assert (result is sheet) == (not boxes)
