"""From which probability a label counts as predicted, tuned on validation texts."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from tablesense.emotions.metrics import Array, Flags, ratio

GRID: Array = np.round(np.arange(0.05, 0.9501, 0.01), 2)
"""What is tried. Its ends bound every tuned threshold."""

_EQUAL = 1e-9


class Thresholds(NamedTuple):
    """Tuned thresholds.

    Attributes:
        overall: one for all labels.
        per_class: (L,) one a label.
    """

    overall: float
    per_class: Array


def tune(probabilities: NDArray[np.floating], targets: Flags, prior: float) -> Thresholds:
    """Thresholds with the best F1 on texts that were not trained on.

    The overall one has the best macro F1. Alone, the best threshold of a rare label would be that of a
    few texts by chance; so each label's is drawn towards the overall one as if ``prior`` more texts with
    the label spoke for that: the mean of the log odds, weighted by the number of texts. Of thresholds that
    are equally good the middle one is taken (in log odds).

    Args:
        probabilities: (N, L).
        targets: (N, L).
        prior: in texts; 0 believes every label's own threshold, a large number the overall one.
    """
    scores = f1_by_threshold(probabilities, targets)
    overall = _best(scores.mean(axis=1), 0.0)
    own = np.array([_best(column, overall) for column in scores.T])
    support = targets.sum(axis=0).astype(np.float64)
    share = ratio(support, support + prior)
    drawn = share * own + (1 - share) * overall
    return Thresholds(float(expit(overall)), expit(drawn))


def f1_by_threshold(probabilities: NDArray[np.floating], targets: Flags) -> Array:
    """F1 of every label at every threshold of the grid, (thresholds, L)."""
    support = targets.sum(axis=0)
    scores = []
    for threshold in GRID:
        predicted = probabilities >= threshold
        right = (predicted & targets).sum(axis=0)
        scores.append(ratio(2 * right, predicted.sum(axis=0) + support))
    return np.stack(scores)


def _best(scores: Array, default: float) -> float:
    """The log odds of the best threshold; of the longest row of equally good ones, its middle.

    Args:
        scores: of all thresholds of the grid.
        default: the log odds where all are equal: the label is never there, or never likely enough.
    """
    best = np.flatnonzero(scores >= scores.max() - _EQUAL)
    if len(best) == len(GRID):
        return default
    rows = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
    return float(logit(GRID[max(rows, key=len)]).mean())
