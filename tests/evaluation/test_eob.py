from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box, eob, parse_a1, to_a1
from tablesense.evaluation.eob import (
    Counts,
    count,
    eob_matrix,
    matched_pairs,
    overlapping_pairs,
    paired_eob,
)
from tests.scripts import load_script

SCORE_TOOL = Path(__file__).parents[2].parent / "shared" / "tools" / "score.py"


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Small boxes, so that near misses are common."""
    left, top = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    return Box(left, top, left + draw(st.integers(1, 4)), top + draw(st.integers(1, 4)))


some_boxes = st.lists(boxes(), max_size=4)


def most_pairs(predicted: Sequence[Box], annotated: Sequence[Box], tolerance: int) -> int:
    """The most boxes that can be right at EoB-``tolerance``, by trying every one-to-one pairing."""
    if len(predicted) > len(annotated):
        predicted, annotated = annotated, predicted
    ways = permutations(annotated, len(predicted))
    return max(sum(eob(a, b) <= tolerance for a, b in zip(predicted, way, strict=True)) for way in ways)


@given(some_boxes, some_boxes, st.integers(0, 3))
def test_as_many_pairs_as_there_can_be(predicted: list[Box], annotated: list[Box], tolerance: int) -> None:
    pairs = matched_pairs(predicted, annotated, tolerance)
    assert len(pairs) == most_pairs(predicted, annotated, tolerance)
    assert all(eob(predicted[p], annotated[a]) <= tolerance for p, a in pairs)
    assert len({p for p, _ in pairs}) == len({a for _, a in pairs}) == len(pairs)


@given(some_boxes, some_boxes, st.integers(0, 3))
def test_counts(predicted: list[Box], annotated: list[Box], tolerance: int) -> None:
    counts = count(predicted, annotated, tolerance)
    assert (counts.predicted, counts.annotated) == (len(predicted), len(annotated))
    assert counts.right == most_pairs(predicted, annotated, tolerance)
    assert 0 <= counts.f1 <= 1


def test_a_table_is_found_once() -> None:
    table = Box(0, 0, 4, 4)
    assert count([table, table], [table], 0) == Counts(2, 1, 1)
    assert count([table], [table, table], 0) == Counts(1, 2, 1)


@given(some_boxes)
def test_perfect_predictions(tables: list[Box]) -> None:
    counts = count(tables[::-1], tables, 0)
    assert counts.right == len(tables)
    if tables:
        assert counts.precision == counts.recall == counts.f1 == 1.0


def test_precision_recall_f1() -> None:
    counts = Counts(predicted=4, annotated=10, right=3)
    assert counts.precision == 0.75
    assert counts.recall == 0.3
    assert counts.f1 == pytest.approx(2 * 0.75 * 0.3 / (0.75 + 0.3))


def test_nothing_there_and_nothing_found() -> None:
    counts = count([], [], 0)
    assert (counts.precision, counts.recall, counts.f1) == (0.0, 0.0, 0.0)


def test_eob_matrix_has_a_row_a_prediction() -> None:
    predicted, annotated = [Box(0, 0, 2, 2), Box(1, 1, 5, 3)], [Box(0, 0, 2, 3)]
    assert eob_matrix(predicted, annotated).tolist() == [[1], [3]]
    assert eob_matrix([], annotated).shape == (0, 1)


@given(some_boxes, some_boxes)
def test_paired_eob_sums_to_the_least(predicted: list[Box], annotated: list[Box]) -> None:
    short, long = sorted((predicted, annotated), key=len)
    ways = [list(zip(short, way, strict=True)) for way in permutations(long, len(short))]
    overlapping = [[eob(a, b) for a, b in way if a.intersection(b)] for way in ways]
    best = min(overlapping, key=lambda errors: (-len(errors), sum(errors)))
    found = paired_eob(predicted, annotated)
    assert (len(found), sum(found)) == (len(best), sum(best))


def test_paired_eob_leaves_out_what_is_far_away() -> None:
    table = Box(0, 0, 4, 4)
    assert paired_eob([Box(0, 0, 4, 6), Box(20, 20, 22, 22)], [table]) == [2]
    assert paired_eob([Box(20, 20, 22, 22)], [table]) == []
    assert paired_eob([], [table]) == paired_eob([table], []) == []


@given(some_boxes, some_boxes)
def test_overlapping_pairs_say_which_boxes_they_pair(predicted: list[Box], annotated: list[Box]) -> None:
    pairs = overlapping_pairs(predicted, annotated)
    assert len({p for p, _, _ in pairs}) == len({a for _, a, _ in pairs}) == len(pairs)
    assert all(predicted[p].intersection(annotated[a]) > 0 for p, a, _ in pairs)
    assert [error for _, _, error in pairs] == [eob(predicted[p], annotated[a]) for p, a, _ in pairs]
    assert [p for p, _, _ in pairs] == sorted(p for p, _, _ in pairs)


@pytest.fixture(scope="module")
def score_tool() -> ModuleType:
    if not SCORE_TOOL.exists():
        pytest.skip(f"{SCORE_TOOL} is not there: the published measure cannot be compared with")
    return load_script(SCORE_TOOL)


@given(some_boxes, some_boxes)
def test_equal_to_the_published_measure(
    score_tool: ModuleType, predicted: list[Box], annotated: list[Box]
) -> None:
    key = ("corpus", "file", "sheet")
    gold = {key: {"table_regions": [to_a1(box) for box in annotated]}}
    row = score_tool.score(gold, {key: [to_a1(box) for box in predicted]})["corpus"]
    for tolerance in (0, 2):
        counts = count(predicted, annotated, tolerance)
        ours = (counts.precision, counts.recall, counts.f1)
        theirs = tuple(row[f"{letter}{tolerance}"] for letter in "PRF")
        assert ours == pytest.approx(theirs, abs=1e-6)


@given(boxes(), boxes())
def test_half_open_boxes_are_as_far_apart_as_ranges(score_tool: ModuleType, a: Box, b: Box) -> None:
    assert parse_a1(to_a1(a)) == a
    assert eob(a, b) == score_tool.eob(score_tool.parse(to_a1(a)), score_tool.parse(to_a1(b)))
