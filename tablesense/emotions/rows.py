"""Results as rows for CSV files, with the columns that the run's files have by agreement."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tablesense.emotions.metrics import Counts, Flags
from tablesense.emotions.texts import SEPARATOR
from tablesense.terminal.untrusted import csv_text

Row = dict[str, str | int | float]

NO_LABEL = "(none)"
"""Stands for no label: pandas would read an empty cell as NaN, which equals nothing."""
_DIGITS = 6


def joined(labels: Iterable[str]) -> str:
    """Labels of one text in a cell, in the order of the labels."""
    return SEPARATOR.join(labels) or NO_LABEL


def chosen(labels: Sequence[str], flags: NDArray[np.bool_]) -> list[str]:
    """The labels whose flag, (L,), is set."""
    return [label for label, flag in zip(labels, flags, strict=True) if flag]


def probability_cells(labels: Sequence[str], probabilities: NDArray[np.floating]) -> dict[str, float]:
    """``pred_prob_{label}`` of every label of a text, given as (L,)."""
    return {
        f"pred_prob_{label}": round(float(probability), _DIGITS)
        for label, probability in zip(labels, probabilities, strict=True)
    }


def prediction_rows(
    texts: Sequence[str],
    labels: Sequence[str],
    targets: Flags,
    predicted: Flags,
    probabilities: NDArray[np.floating],
) -> list[Row]:
    """A row a text: ``text, true_labels, pred_labels`` and ``pred_prob_{label}`` of every label.

    Args:
        texts: N of them.
        labels: L names.
        targets: (N, L).
        predicted: (N, L).
        probabilities: (N, L).
    """
    return [
        {
            "text": csv_text(text),
            "true_labels": csv_text(joined(chosen(labels, true))),
            "pred_labels": csv_text(joined(chosen(labels, flags))),
            **probability_cells(labels, row),
        }
        for text, true, flags, row in zip(texts, targets, predicted, probabilities, strict=True)
    ]


def class_metric_rows(labels: Sequence[str], counts: Counts) -> list[Row]:
    """A row a label: its scores, in how many texts it is, and what the scores are made of."""
    return [
        {
            "emotion": csv_text(label),
            "f1_score": float(counts.f1[place]),
            "precision": float(counts.precision[place]),
            "recall": float(counts.recall[place]),
            "support": int(counts.support[place]),
            "tp": int(counts.tp[place]),
            "fp": int(counts.fp[place]),
            "fn": int(counts.fn[place]),
            "tn": int(counts.tn[place]),
        }
        for place, label in enumerate(labels)
    ]
