"""Average precision as COCO defines it: of the boxes of many sheets ranked by score, IoU counted in cells.

Legend: D boxes found, T IoU thresholds, S sheets, B weightings of the sheets.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tablesense.boxes import Box, iou
from tablesense.evaluation.scores import SheetResult

Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

IOUS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""AP@0.5 takes the first, AP@[.5:.95] the mean over all."""

_RECALLS = np.linspace(0, 1, 101)


class Ranking(NamedTuple):
    """The boxes found on some sheets, the best scored first.

    Attributes:
        hits: whether a box is a hit at each IoU threshold. ``[D, T]``
        sheets: number of the sheet that a box was found on. ``[D]``
        annotated: tables that are on each sheet. ``[S]``
    """

    hits: Array
    sheets: Array
    annotated: Array


def rank(results: Sequence[SheetResult]) -> Ranking:
    """Rank all boxes, low scores too; of equal scores those of the earlier sheet come first.

    On a sheet each box, best first, takes the annotated table with the highest IoU among those no better
    box has taken, and is a hit when that IoU reaches the threshold.
    """
    hits: list[list[bool]] = []
    scores: list[float] = []
    sheets: list[int] = []
    for number, result in enumerate(results):
        scored = result.best_first(-np.inf)
        scores += [score for _, score in scored]
        sheets += [number] * len(scored)
        hits += _hits([box for box, _ in scored], result.annotated)
    order = np.argsort(-np.array(scores, dtype=np.float64), kind="stable")
    table = np.array(hits, dtype=bool).reshape(len(hits), len(IOUS))
    annotated = np.array([len(result.annotated) for result in results], dtype=np.float64)
    return Ranking(table[order], np.array(sheets, dtype=np.int64)[order], annotated)


def _hits(boxes: Sequence[Box], annotated: Sequence[Box]) -> list[list[bool]]:
    """Which boxes of a sheet, best first, are hits at each threshold."""
    overlaps = [[iou(box, table) for table in annotated] for box in boxes]
    hits = [[False] * len(IOUS) for _ in boxes]
    for column, threshold in enumerate(IOUS):
        free = set(range(len(annotated)))
        for row, ious in enumerate(overlaps):
            best = max(free, key=lambda table: (ious[table], -table), default=None)
            if best is not None and ious[best] >= threshold:
                free.remove(best)
                hits[row][column] = True
    return hits


def average_precision(ranking: Ranking, weights: Array) -> Array:
    """AP at every IoU threshold, interpolated at 101 recalls; NaN where there is no annotated table.

    Args:
        ranking: of the sheets.
        weights: how many times each sheet counts, a row a weighting. ``[B, S]``

    Returns:
        ``[B, T]``
    """
    return np.stack([_weighted(ranking, row) for row in weights])


def _weighted(ranking: Ranking, weights: Array) -> Array:
    tables = float(weights @ ranking.annotated)
    if not tables:
        return np.full(len(IOUS), np.nan)
    counted = weights[ranking.sheets].astype(np.float64)
    found = np.cumsum(counted[:, None] * ranking.hits, axis=0)
    precision = found / np.maximum(np.cumsum(counted), 1)[:, None]
    # The best precision at this recall or a higher one; 0 beyond the highest recall.
    best = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
    best = np.vstack([best, np.zeros(len(IOUS))])
    recall = found / tables
    places = [np.searchsorted(recall[:, column], _RECALLS) for column in range(len(IOUS))]
    return np.array([best[place, column].mean() for column, place in enumerate(places)])
