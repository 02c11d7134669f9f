"""EoB-k precision, recall and F1 of predicted tables, the measure of ``../shared/tools/score.py``."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from tablesense.boxes import Box, eob


@dataclass
class Counts:
    """Tables predicted, annotated and right, summed over sheets."""

    predicted: int = 0
    annotated: int = 0
    right: int = 0

    @property
    def precision(self) -> float:
        """Share of the predicted tables that are right; 0 when none was predicted."""
        return self.right / max(self.predicted, 1)

    @property
    def recall(self) -> float:
        """Share of the annotated tables that were found; 0 when there are none."""
        return self.right / max(self.annotated, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / max(self.predicted + self.annotated, 1)


def eob_matrix(
    predicted: Sequence[Box], annotated: Sequence[Box]
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """EoB of every pair, ``[P, N]`` cells."""
    table = np.zeros((len(predicted), len(annotated)), dtype=np.int64)
    for row, box in enumerate(predicted):
        table[row] = [eob(box, other) for other in annotated]
    return table


def matched_pairs(
    predicted: Sequence[Box], annotated: Sequence[Box], tolerance: int
) -> list[tuple[int, int]]:
    """The one-to-one pairs with EoB at most ``tolerance``; as many as there can be."""
    if not predicted or not annotated:
        return []
    wrong = eob_matrix(predicted, annotated) > tolerance
    rows, columns = linear_sum_assignment(wrong)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if not wrong[r, c]]


def count(predicted: Sequence[Box], annotated: Sequence[Box], tolerance: int) -> Counts:
    """Counts of one sheet at EoB-``tolerance``."""
    return Counts(len(predicted), len(annotated), len(matched_pairs(predicted, annotated, tolerance)))


def overlapping_pairs(predicted: Sequence[Box], annotated: Sequence[Box]) -> list[tuple[int, int, int]]:
    """The one-to-one pairs of boxes that overlap, as many as there can be, whose EoB sums to the least.

    Returns:
        Index of the predicted box, index of the annotated box and their EoB, by predicted box.
    """
    if not predicted or not annotated:
        return []
    table = eob_matrix(predicted, annotated)
    apart = np.array([[box.intersection(other) == 0 for other in annotated] for box in predicted])
    cost = np.where(apart, table.max() * (len(predicted) + len(annotated)) + 1, table)
    rows, columns = linear_sum_assignment(cost)
    return [(int(r), int(c), int(table[r, c])) for r, c in zip(rows, columns, strict=True) if not apart[r, c]]


def paired_eob(predicted: Sequence[Box], annotated: Sequence[Box]) -> list[int]:
    """EoB of the pairs that overlap, paired so that their EoB sums to the least."""
    return [error for _, _, error in overlapping_pairs(predicted, annotated)]
