"""Scores of many sheets, by corpus and as the macro mean over corpora."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tablesense.boxes import Box
from tablesense.evaluation.eob import Counts, count, paired_eob


@dataclass(frozen=True)
class SheetResult:
    """What was found on a sheet (scored boxes, any order) and what is there, in sheet cells.

    Sheets of one ``group`` share a template, and are drawn together where intervals are told; without
    one, the sheets of a file are.
    """

    corpus: str
    file_name: str
    sheet_name: str
    predicted: tuple[tuple[Box, float], ...]
    annotated: tuple[Box, ...]
    group: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells the sheet from all others: corpus, file, sheet."""
        return self.corpus, self.file_name, self.sheet_name

    def above(self, threshold: float) -> list[Box]:
        """The boxes scored at least ``threshold``."""
        return [box for box, score in self.predicted if score >= threshold]

    def best_first(self, threshold: float) -> list[tuple[Box, float]]:
        """The boxes scored at least ``threshold`` with their scores, best first; equals by position."""
        kept = [(box, score) for box, score in self.predicted if score >= threshold]
        return sorted(kept, key=lambda scored: (-scored[1], scored[0].top, scored[0].left, scored[0]))


@dataclass(frozen=True)
class Scores:
    """Precision, recall and F1, each the mean over corpora."""

    precision: float
    recall: float
    f1: float


def counts_by_corpus(results: Iterable[SheetResult], tolerance: int, threshold: float) -> dict[str, Counts]:
    """Counts at EoB-``tolerance`` of every corpus, keeping boxes scored at least ``threshold``."""
    totals: dict[str, Counts] = {}
    for result in results:
        total = totals.setdefault(result.corpus, Counts())
        sheet = count(result.above(threshold), result.annotated, tolerance)
        total.predicted += sheet.predicted
        total.annotated += sheet.annotated
        total.right += sheet.right
    return totals


def macro(totals: dict[str, Counts]) -> Scores:
    """Mean over corpora, as the published figures are; zeros when there is no corpus."""
    if not totals:
        return Scores(0.0, 0.0, 0.0)
    table = [(total.precision, total.recall, total.f1) for total in totals.values()]
    return Scores(*(float(mean) for mean in np.mean(table, axis=0)))


def mean_eob(results: Iterable[SheetResult], threshold: float) -> float:
    """Mean EoB in cells over predicted tables that overlap an annotated one; NaN when none does."""
    errors = [error for result in results for error in paired_eob(result.above(threshold), result.annotated)]
    return float(np.mean(errors)) if errors else float("nan")


def best_threshold(results: list[SheetResult], tolerance: int = 0) -> float:
    """The score threshold, in steps of 0.05, with the best macro F1; the lowest of equals."""
    steps = [step / 20 for step in range(1, 20)]
    return max(steps, key=lambda step: macro(counts_by_corpus(results, tolerance, step)).f1)
