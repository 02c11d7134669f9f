"""All that is said of a detector: its figures, counts by class, kinds of errors; and the same as JSON."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tablesense.evaluation.bootstrap import LEVEL
from tablesense.evaluation.classes import ClassCounts, by_number, by_size
from tablesense.evaluation.eob import Counts
from tablesense.evaluation.error_kinds import ErrorKinds, error_kinds
from tablesense.evaluation.figures import SAMPLES, Figures, Scored, score
from tablesense.evaluation.scores import SheetResult, best_threshold, counts_by_corpus, macro
from tablesense.evaluation.sheet_errors import NEAR

FORMAT = 1

Json = dict[str, Any]


class BestThreshold(NamedTuple):
    """The score threshold, in steps of 0.05, with the best macro EoB-0 F1, and the macro F1 that it gives."""

    threshold: float
    eob0_f1: float
    eob2_f1: float


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Attributes:
        scored: figures by corpus and their mean, with intervals.
        sizes: counts by the size of the table, all corpora pooled.
        numbers: counts by the number of tables annotated on the sheet, all corpora pooled.
        errors: kinds of errors by corpus; ``all`` pools them.
        threshold: a box scored lower was no prediction.
        best: the threshold that would have been best on these very sheets; None without scores.
        samples: draws behind the intervals.
        seed: of the draws.
    """

    scored: Scored
    sizes: dict[str, ClassCounts]
    numbers: dict[str, ClassCounts]
    errors: dict[str, ErrorKinds]
    threshold: float
    best: BestThreshold | None
    samples: int
    seed: int

    def as_json(self) -> Json:
        """Everything as plain values; what has no value is null."""
        return {
            "format": FORMAT,
            "threshold": _finite(self.threshold),
            "best_threshold": None if self.best is None else self.best._asdict(),
            "intervals": {"level": LEVEL, "samples": self.samples, "seed": self.seed},
            "corpora": {name: _figures(one) for name, one in self.scored.corpora.items()},
            "macro": _figures(self.scored.macro),
            "by_size": {name: _class(one) for name, one in self.sizes.items()},
            "by_number": {name: {"sheets": one.sheets, **_class(one)} for name, one in self.numbers.items()},
            "errors": {name: _errors(one) for name, one in self.errors.items()},
        }


def evaluate(
    results: Sequence[SheetResult],
    threshold: float,
    *,
    has_scores: bool = True,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Measure what was found; the arguments are those of :func:`tablesense.evaluation.figures.score`."""
    errors = {"all": error_kinds(results, threshold)}
    for name in sorted({result.corpus for result in results}):
        errors[name] = error_kinds([result for result in results if result.corpus == name], threshold)
    return Evaluation(
        score(results, threshold, has_scores=has_scores, samples=samples, seed=seed),
        by_size(results, threshold),
        by_number(results, threshold),
        errors,
        threshold,
        _best(results) if has_scores else None,
        samples,
        seed,
    )


def _best(results: Sequence[SheetResult]) -> BestThreshold:
    threshold = best_threshold(list(results))
    f1 = (macro(counts_by_corpus(results, tolerance, threshold)).f1 for tolerance in (0, NEAR))
    return BestThreshold(threshold, *f1)


def _figures(figures: Figures) -> Json:
    ends = zip(figures.value._fields, figures.value, figures.low, figures.high, strict=True)
    return {
        "sheets": figures.sheets,
        "templates": figures.templates,
        "annotated": figures.annotated,
        "predicted": figures.predicted,
        "measures": {
            name: {"value": _finite(value), "low": _finite(low), "high": _finite(high)}
            for name, value, low, high in ends
        },
    }


def _class(counts: ClassCounts) -> Json:
    return {"eob0": _counts(counts.exact), "eob2": _counts(counts.near)}


def _counts(counts: Counts) -> Json:
    return {
        "annotated": counts.annotated,
        "predicted": counts.predicted,
        "right": counts.right,
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
    }


def _errors(kinds: ErrorKinds) -> Json:
    values = dict(vars(kinds))
    values["sides"] = {
        side: {str(by): count for by, count in sorted(counts.items())} for side, counts in kinds.sides.items()
    }
    return values


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
