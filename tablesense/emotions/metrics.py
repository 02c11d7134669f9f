"""Precision, recall and F1 of labels, a text having any number of them.

Of a label that is neither there nor predicted, and wherever else nothing can be divided, the score is 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Counts:
    """How often each label was right and wrong, each (L,).

    Attributes:
        tp: predicted and true.
        fp: predicted, not true.
        fn: true, not predicted.
        tn: neither.
    """

    tp: NDArray[np.int64]
    fp: NDArray[np.int64]
    fn: NDArray[np.int64]
    tn: NDArray[np.int64]

    @property
    def support(self) -> NDArray[np.int64]:
        """(L,) how many texts have the label."""
        return self.tp + self.fn

    @property
    def precision(self) -> Array:
        """(L,) tp / (tp + fp)."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> Array:
        """(L,) tp / (tp + fn)."""
        return ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> Array:
        """(L,) 2 tp / (2 tp + fp + fn)."""
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def macro_f1(self) -> float:
        """The mean over the labels, each counting the same."""
        return float(self.f1.mean())

    @property
    def micro_f1(self) -> float:
        """F1 of all labels pooled."""
        tp = self.tp.sum()
        return float(ratio(2 * tp, 2 * tp + self.fp.sum() + self.fn.sum()))

    @property
    def weighted_f1(self) -> float:
        """The mean over the labels, each counting as often as it is true."""
        support = self.support
        return float(ratio((self.f1 * support).sum(), support.sum()))


def ratio(part: NDArray[np.generic], whole: NDArray[np.generic]) -> Array:
    """``part / whole``, and 0 where there is nothing to divide by."""
    numerator, denominator = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    result: Array = np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)
    return result


def count(predicted: Flags, targets: Flags) -> Counts:
    """Compare predictions with what is true, both (N, L)."""
    tp = (predicted & targets).sum(axis=0)
    fp = (predicted & ~targets).sum(axis=0)
    fn = (~predicted & targets).sum(axis=0)
    return Counts(tp, fp, fn, len(targets) - tp - fp - fn)


def exact_match(predicted: Flags, targets: Flags) -> float:
    """Share of the texts whose labels are all right."""
    return float((predicted == targets).all(axis=1).mean())
