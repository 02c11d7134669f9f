"""The figures of a detector: by corpus and as the mean over corpora, each with a 95 % interval.

Where a corpus gives no value (no table found overlaps one, no table annotated, no scores) it is NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tablesense.evaluation.average_precision import average_precision, rank
from tablesense.evaluation.bootstrap import draw, interval, mean_over, templates
from tablesense.evaluation.eob import count, paired_eob
from tablesense.evaluation.scores import SheetResult
from tablesense.evaluation.sheet_errors import NEAR

Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

SAMPLES = 1000


class Measures(NamedTuple):
    """What is measured.

    Attributes:
        eob0_precision: share of the tables found that are exact; 0 when none was found.
        eob0_recall: share of the annotated tables that were found exactly; 0 when there are none.
        eob0_f1: harmonic mean of the two.
        eob2_precision: the same with every edge at most two cells off.
        eob2_recall: likewise.
        eob2_f1: likewise.
        mean_eob: EoB in cells, mean over the pairs of tables found and annotated that overlap, one to one,
            as many as there can be.
        ap50: average precision at IoU 0.5, over all boxes, those below the score threshold too.
        ap50_95: mean of the average precisions at IoU 0.5, 0.55, ... 0.95.
    """

    eob0_precision: float
    eob0_recall: float
    eob0_f1: float
    eob2_precision: float
    eob2_recall: float
    eob2_f1: float
    mean_eob: float
    ap50: float
    ap50_95: float

    @classmethod
    def of(cls, row: Array) -> "Measures":
        """From an array of as many numbers."""
        return cls(*map(float, row))


@dataclass(frozen=True)
class Figures:
    """What was measured on the sheets of a corpus, or of all; ``low`` and ``high`` bound 95 %.

    Bounds are NaN where all sheets share one template: nothing is known about others then.
    """

    sheets: int
    templates: int
    annotated: int
    predicted: int
    value: Measures
    low: Measures
    high: Measures


@dataclass(frozen=True)
class Scored:
    """Figures by corpus, and their mean over the corpora, which weigh alike."""

    corpora: dict[str, Figures]
    macro: Figures


def score(
    results: Sequence[SheetResult],
    threshold: float,
    *,
    has_scores: bool = True,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Scored:
    """Measure what was found.

    Intervals are percentiles of a bootstrap: the templates of each corpus are drawn anew ``samples`` times.
    Nothing depends on the order of the results.

    Args:
        results: every sheet once, those with nothing on them and those that could not be read too.
        threshold: a box scored lower is no prediction; average precision takes it in all the same.
        has_scores: whether boxes are scored; without, there is no average precision.
        samples: draws of the bootstrap; 0 leaves the intervals out.
        seed: of the draws.
    """
    corpora, values, draws = {}, [], []
    for name in sorted({result.corpus for result in results}):
        sheets = sorted((result for result in results if result.corpus == name), key=lambda sheet: sheet.key)
        table = _Sheets(sheets, threshold, has_scores=has_scores)
        value = table.measure(np.ones((1, len(sheets))))[0]
        drawn = table.measure(draw(sheets, samples, seed)) if samples else np.full((1, len(value)), np.nan)
        number = len(set(templates(sheets)))
        corpora[name] = _figures(len(sheets), number, table.tables, value, drawn)
        values.append(value)
        draws.append(drawn)
    if not corpora:
        nothing = np.full((1, len(Measures._fields)), np.nan)
        return Scored({}, _figures(0, 0, (0, 0), nothing[0], nothing))
    parts = list(corpora.values())
    # The macro interval moves as long as one corpus does.
    is_known = any(part.templates > 1 for part in parts)
    macro = _figures(
        sum(part.sheets for part in parts),
        sum(part.templates for part in parts) if is_known else 1,
        (sum(part.annotated for part in parts), sum(part.predicted for part in parts)),
        mean_over(np.stack(values)),
        mean_over(np.stack(draws)),
    )
    return Scored(corpora, macro)


def _figures(sheets: int, number: int, tables: tuple[int, int], value: Array, drawn: Array) -> Figures:
    low, high = interval(drawn if number > 1 else np.full_like(drawn, np.nan))
    return Figures(sheets, number, *tables, Measures.of(value), Measures.of(low), Measures.of(high))


class _Sheets:
    """What of each sheet the measures are made of, so that any weighting of sheets is quickly measured."""

    def __init__(self, results: Sequence[SheetResult], threshold: float, *, has_scores: bool) -> None:
        # Annotated, predicted, right at EoB-0, right at EoB-2, sum of EoB, overlapping pairs. [S, 6]
        self._counts = np.array([_counts(result, threshold) for result in results], dtype=np.float64)
        self._ranking = rank(results) if has_scores else None

    @property
    def tables(self) -> tuple[int, int]:
        """Tables annotated and predicted."""
        return int(self._counts[:, 0].sum()), int(self._counts[:, 1].sum())

    def measure(self, weights: Array) -> Array:
        """The measures for each weighting of the sheets, ``[B, S]`` -> ``[B, M]``."""
        annotated, predicted, exact, near, off, pairs = (weights @ self._counts).T
        columns = []
        for right in (exact, near):
            columns += [right / np.maximum(predicted, 1), right / np.maximum(annotated, 1)]
            columns += [2 * right / np.maximum(predicted + annotated, 1)]
        columns.append(np.where(pairs > 0, off / np.maximum(pairs, 1), np.nan))
        if self._ranking is None:
            columns += [np.full(len(weights), np.nan)] * 2
        else:
            precisions = average_precision(self._ranking, weights)
            columns += [precisions[:, 0], precisions.mean(1)]
        return np.stack(columns, axis=1)


def _counts(result: SheetResult, threshold: float) -> tuple[int, ...]:
    predicted = [box for box, _ in result.best_first(threshold)]
    exact, near = (count(predicted, result.annotated, tolerance) for tolerance in (0, NEAR))
    errors = paired_eob(predicted, result.annotated)
    return exact.annotated, exact.predicted, exact.right, near.right, sum(errors), len(errors)
