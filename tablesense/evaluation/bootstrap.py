"""How far a figure would move with other sheets of the same kind: bootstrap over templates."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tablesense.evaluation.scores import SheetResult

Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

LEVEL = 0.95


def templates(results: Sequence[SheetResult]) -> list[str]:
    """The template of each sheet: its group, else its file."""
    return [result.group or result.file_name for result in results]


def draw(results: Sequence[SheetResult], samples: int, seed: int) -> Array:
    """How many times each sheet of one corpus counts in each sample.

    As many templates are drawn, with replacement, as the corpus has; the sheets of a template come
    together, as they are right and wrong together. What was found plays no part, so two detectors on the
    same sheets get the same draws, and their difference has an interval as well.

    Returns:
        ``[samples, sheets]``
    """
    names = templates(results)
    places = {name: place for place, name in enumerate(sorted(set(names)))}
    # A stream for each corpus: one corpus more or less does not change the draws of the others.
    generator = np.random.default_rng([seed, *results[0].corpus.encode("utf-8", "surrogatepass")])
    counts = generator.multinomial(len(places), np.full(len(places), 1 / len(places)), size=samples)
    return np.asarray(counts)[:, [places[name] for name in names]]


def interval(draws: Array) -> tuple[Array, Array]:
    """Lower and upper end of the middle 95 % of each column, passing over NaN; NaN where all are.

    Args:
        draws: a row a sample, a column a measure. ``[B, M]``
    """
    ends = np.full((2, draws.shape[1]), np.nan)
    for column, values in enumerate(draws.T):
        known = values[np.isfinite(values)]
        if len(known):
            ends[:, column] = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return ends[0], ends[1]


def mean_over(values: Array) -> Array:
    """Mean over the first axis, passing over NaN; NaN where all are."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(0)
    return np.asarray(np.where(known.any(0), total / np.maximum(known.sum(0), 1), np.nan))
