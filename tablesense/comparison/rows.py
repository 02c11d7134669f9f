"""Rows of measurements as runs log them, made clean and ordered."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from tablesense.comparison.record import EPOCH, STEP

Rows = tuple[dict[str, float], ...]


def ordered(rows: Iterable[Mapping[str, Any]], axis: str) -> Rows:
    """The numbers of each row, in the order of ``axis``, each x once.

    A run that was killed and resumed logs the epochs (steps) since its last checkpoint again: where
    the axis goes back, what was logged from there on is forgotten, as the run itself forgot it.
    """
    kept: list[dict[str, float]] = []
    for raw in rows:
        row = numbers(raw)
        if axis not in row:
            continue
        while kept and kept[-1][axis] > row[axis]:
            kept.pop()
        if kept and kept[-1][axis] == row[axis]:
            kept[-1] |= row
        else:
            kept.append(row)
    return tuple(row for row in kept if len(row) > 1)


def split_history(rows: Iterable[Mapping[str, Any]]) -> tuple[Rows, Rows]:
    """W&B's history as rows of epochs and rows of optimizer steps."""
    epochs, steps = [], []
    for row in rows:
        if EPOCH in row:  # the logger adds the step to these as well
            epochs.append({name: value for name, value in row.items() if name != STEP})
        else:
            steps.append(row)
    return ordered(epochs, EPOCH), ordered(steps, STEP)


def numbers(row: Mapping[str, Any]) -> dict[str, float]:
    """What is a finite number; W&B's own keys begin with an underscore and are left out."""
    return {
        name: float(value)
        for name, value in row.items()
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and not name.startswith("_")
    }
