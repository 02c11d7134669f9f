"""Average precision against COCO's definition written down plainly, and on cases worked out by hand."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tablesense.boxes import Box, iou
from tablesense.evaluation.average_precision import IOUS, average_precision, rank
from tablesense.evaluation.scores import SheetResult

from .results import sheet_results

TABLE, HALF, FAR = Box(0, 0, 4, 10), Box(0, 0, 4, 6), Box(20, 20, 24, 30)


def sheet(found: dict[Box, float], annotated: tuple[Box, ...], name: str = "a.xlsx") -> SheetResult:
    return SheetResult("c", name, "S", tuple(found.items()), annotated)


def precisions(results: Sequence[SheetResult]) -> list[float]:
    return list(average_precision(rank(results), np.ones((1, len(results))))[0])


def plainly(results: Sequence[SheetResult], threshold: float) -> float:
    """COCO's definition, box by box."""
    ranked = sorted(
        (
            (-score, number, place)
            for number, r in enumerate(results)
            for place, (_, score) in enumerate(best(r))
        ),
    )
    taken: set[tuple[int, int]] = set()
    hits = []
    for _, number, place in ranked:
        box = best(results[number])[place][0]
        tables = results[number].annotated
        free = [t for t in range(len(tables)) if (number, t) not in taken]
        nearest = max(free, key=lambda t: (iou(box, tables[t]), -t), default=None)
        hit = nearest is not None and iou(box, tables[nearest]) >= threshold
        if hit and nearest is not None:
            taken.add((number, nearest))
        hits.append(hit)
    total = sum(len(r.annotated) for r in results)
    points = [(sum(hits[:n]) / total, sum(hits[:n]) / n) for n in range(1, len(hits) + 1)]
    return float(
        np.mean(
            [max((p for r, p in points if r >= recall), default=0.0) for recall in np.linspace(0, 1, 101)]
        )
    )


def best(result: SheetResult) -> list[tuple[Box, float]]:
    return result.best_first(-math.inf)


@given(sheet_results())
def test_it_is_cocos(results: list[SheetResult]) -> None:
    found = precisions(results) if results else [math.nan] * len(IOUS)
    if not any(result.annotated for result in results):
        assert all(math.isnan(value) for value in found)
        return
    for value, threshold in zip(found, IOUS, strict=True):
        assert value == pytest.approx(plainly(results, threshold))


def test_all_found_is_1_and_nothing_found_0() -> None:
    assert precisions([sheet({TABLE: 0.3}, (TABLE,)), sheet({}, (), "b.xlsx")]) == [1.0] * 10
    assert precisions([sheet({}, (TABLE,))]) == [0.0] * 10


def test_a_better_scored_wrong_box_costs_and_a_worse_scored_one_does_not() -> None:
    assert precisions([sheet({TABLE: 0.9, FAR: 0.1}, (TABLE,))]) == [1.0] * 10
    assert precisions([sheet({TABLE: 0.1, FAR: 0.9}, (TABLE,))]) == [0.5] * 10


def test_half_found() -> None:
    """The recalls 0, 0.01 ... 0.5 have precision 1, those above 0: 51 of 101."""
    assert precisions([sheet({TABLE: 0.9}, (TABLE, FAR))]) == pytest.approx([51 / 101] * 10)


def test_the_iou_decides() -> None:
    """HALF has 24 of the table's 40 cells: IoU 0.6, a hit at 0.5, 0.55 and 0.6."""
    assert precisions([sheet({HALF: 0.9}, (TABLE,))]) == [1.0] * 3 + [0.0] * 7


def test_a_table_is_hit_once() -> None:
    nearly = Box(0, 0, 4, 9)
    assert precisions([sheet({TABLE: 0.9, nearly: 0.8}, (TABLE, FAR))])[0] == pytest.approx(51 / 101)


@given(sheet_results(), st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_a_weight_is_so_many_sheets(results: list[SheetResult], weights: list[int]) -> None:
    weights = weights[: len(results)]
    # Equal scores go by sheets: two copies' come copy by copy, a weighted sheet's box by box.
    several = [result.predicted for result, weight in zip(results, weights, strict=True) if weight > 1]
    assume(all(len({score for _, score in predicted}) == len(predicted) for predicted in several))
    copies = [result for result, weight in zip(results, weights, strict=True) for _ in range(weight)]
    if copies:
        weighted = average_precision(rank(results), np.array([weights]))[0]
        np.testing.assert_allclose(weighted, precisions(copies))
