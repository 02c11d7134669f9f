"""What the network said of the texts of a validation or a test: gathered, and measured."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from lightning import Trainer
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor

from tablesense.emotions.metrics import Array, Counts, Flags, count, exact_match

HALF = 0.5


class TextResults:
    """Collects logits batch by batch.

    Attributes:
        rows: (N,) which texts of their split, ascending.
        logits: (N, L).
        targets: (N, L).
    """

    def __init__(self) -> None:
        self._parts: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
        self.clear()

    def clear(self) -> None:
        """Forget the last validation or test."""
        self._parts = []
        self.rows: NDArray[np.int64] = np.empty(0, np.int64)
        self.logits: NDArray[np.float32] = np.empty((0, 0), np.float32)
        self.targets: Flags = np.empty((0, 0), np.bool_)

    def add(self, rows: Tensor, logits: Tensor, targets: Tensor) -> None:
        """Put aside a batch: (B,), (B, L) and (B, L)."""
        self._parts.append(
            (rows.cpu().numpy(), logits.detach().float().cpu().numpy(), targets.cpu().numpy() > HALF)
        )

    def gather(self, trainer: Trainer) -> None:
        """Let every process know the results of all, in the order of the texts."""
        parts = self._parts
        if trainer.world_size > 1:
            shares: list[Any] = [None] * trainer.world_size
            torch.distributed.all_gather_object(shares, parts)
            parts = [part for share in shares for part in share]
        rows, logits, targets = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        # A distributed sampler repeats texts to give each process as many: count each once.
        self.rows, first = np.unique(rows, return_index=True)
        self.logits, self.targets = logits[first], targets[first]
        self._parts = []

    @property
    def probabilities(self) -> Array:
        """(N, L)."""
        probabilities: Array = expit(self.logits.astype(np.float64))
        return probabilities


def scores(
    results: TextResults, labels: Sequence[str], thresholds: Array, others: Mapping[str, Array | float]
) -> dict[str, float]:
    """Scores over all labels, and F1 of each.

    Args:
        results: of N texts.
        labels: L names.
        thresholds: (L,) that count.
        others: further thresholds, (L,) or one for all, for which the means of F1 are told, by name.
    """
    probabilities, targets = results.probabilities, results.targets
    predicted = probabilities >= thresholds
    counts = count(predicted, targets)
    return {
        "f1": counts.macro_f1,
        "precision": float(counts.precision.mean()),
        "recall": float(counts.recall.mean()),
        **_means_of_f1(counts),
        "exact_match": exact_match(predicted, targets),
        **{
            f"{mean}_{name}": value
            for name, other in others.items()
            for mean, value in _means_of_f1(count(probabilities >= other, targets)).items()
        },
        **_by_label("f1", labels, counts.f1),
    }


def label_scores(labels: Sequence[str], counts: Counts) -> dict[str, float]:
    """Precision, recall and support of every label."""
    return {
        **_by_label("precision", labels, counts.precision),
        **_by_label("recall", labels, counts.recall),
        **_by_label("support", labels, counts.support.astype(np.float64)),
    }


def _means_of_f1(counts: Counts) -> dict[str, float]:
    return {
        "macro_f1": counts.macro_f1,
        "micro_f1": counts.micro_f1,
        "weighted_f1": counts.weighted_f1,
    }


def _by_label(score: str, labels: Sequence[str], values: Array) -> dict[str, float]:
    return {f"{score}/{label}": float(value) for label, value in zip(labels, values, strict=True)}
