"""Results as rows for CSV files: a row a sheet, and a row for every class of tables.

The size class of a table is told by its number of cells, header and blank cells included:
``small`` has at most 50, ``medium`` at most 200, ``large`` at most 1000, ``huge`` more. Of the 1,450
annotated tables of our five corpora 23, 27, 31 and 18 percent fall into them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tablesense.boxes import Box, to_a1
from tablesense.evaluation.eob import Counts, matched_pairs, overlapping_pairs
from tablesense.evaluation.scores import SheetResult
from tablesense.evaluation.sheet_errors import NEAR, sheet_errors
from tablesense.terminal.untrusted import csv_text

Row = dict[str, str | int | float]

UNPAIRED = "none"  # not "-": a spreadsheet program would read "- 3" as the number -3
SIZE_CLASSES = (("small", 50), ("medium", 200), ("large", 1000), ("huge", None))


def size_class(box: Box) -> str:
    """The size class of a table, by its cells."""
    return next(name for name, most in SIZE_CLASSES if most is None or box.area <= most)


def prediction_rows(results: Sequence[SheetResult], threshold: float) -> list[Row]:
    """What was found on every sheet, sorted by corpus, file and sheet.

    ``predicted_ranges``, ``scores`` and ``eob`` list the boxes scored at least ``threshold``, best first,
    and have as many parts, with one space between. ``eob`` pairs predicted and true tables that overlap,
    one to one, so that the errors sum to the least, as ``val/eob_mean`` does; ``none`` stands for a
    prediction without a partner. ``exact`` counts pairs at EoB-0, ``near`` pairs at EoB-2, ``missed``
    the true and ``extra`` the predicted tables without a pair at EoB-2.
    """
    return [_prediction_row(result, threshold) for result in sorted(results, key=lambda result: result.key)]


def _prediction_row(result: SheetResult, threshold: float) -> Row:
    scored = result.best_first(threshold)
    predicted = [box for box, _ in scored]
    annotated = _in_reading_order(result.annotated)  # a fixed order: of equal pairings always the same
    errors = {p: error for p, _, error in overlapping_pairs(predicted, annotated)}
    counts = sheet_errors(result, threshold)
    return {
        "corpus": csv_text(result.corpus),
        "file": csv_text(result.file_name),
        "sheet": csv_text(result.sheet_name),
        "true_ranges": " ".join(to_a1(box) for box in annotated),
        "predicted_ranges": " ".join(to_a1(box) for box in predicted),
        "scores": " ".join(f"{score:.4f}" for _, score in scored),
        "eob": " ".join(str(errors.get(number, UNPAIRED)) for number in range(len(predicted))),
        "true_tables": counts.annotated,
        "predicted_tables": counts.predicted,
        "exact": counts.exact,
        "near": counts.near,
        "missed": counts.missed,
        "extra": counts.extra,
    }


@dataclass(frozen=True)
class _Outcome:
    """A pair, an annotated table nobody found, or a predicted one that is not there."""

    corpus: str
    size: str
    is_predicted: bool
    is_annotated: bool


def class_metric_rows(results: Sequence[SheetResult], threshold: float) -> list[Row]:
    """Precision, recall and F1 of every class of tables, at EoB-0 and EoB-2.

    ``kind`` and ``class`` say which tables: ``all`` of them, those of one ``corpus``, or those of one
    ``size``. Every size class has its rows, also when it holds no table. ``tp`` counts pairs, ``fp``
    predicted tables without a pair and ``fn`` true tables without one, so over the corpora, and over the
    sizes, each sums to what ``all`` says. A pair belongs to the size of its true table, an ``fp`` to the
    size of the predicted table, an ``fn`` to that of the true one. There is no ``tn``: a sheet holds no
    countable places where no table is. ``all`` pools the tables; ``val/f1`` is the mean over corpora.
    """
    outcomes = {tolerance: _outcomes(results, threshold, tolerance) for tolerance in (0, NEAR)}
    classes = [("all", "all"), *(("corpus", name) for name in sorted({r.corpus for r in results}))]
    classes += [("size", name) for name, _ in SIZE_CLASSES]
    return [
        _class_row(kind, name, tolerance, found)
        for kind, name in classes
        for tolerance, found in outcomes.items()
    ]


def _outcomes(results: Iterable[SheetResult], threshold: float, tolerance: int) -> list[_Outcome]:
    outcomes = []
    for result in results:
        # In a fixed order, so that of several equally good pairings always the same is taken.
        predicted = [box for box, _ in result.best_first(threshold)]
        annotated = _in_reading_order(result.annotated)
        pairs = matched_pairs(predicted, annotated, tolerance)
        right, found = {p for p, _ in pairs}, {a for _, a in pairs}
        for number, box in enumerate(annotated):
            outcomes.append(_Outcome(result.corpus, size_class(box), number in found, True))
        for number, box in enumerate(predicted):
            if number not in right:
                outcomes.append(_Outcome(result.corpus, size_class(box), True, False))
    return outcomes


def _class_row(kind: str, name: str, tolerance: int, outcomes: Iterable[_Outcome]) -> Row:
    counts = Counts()
    for outcome in outcomes:
        if kind == "all" or name == (outcome.corpus if kind == "corpus" else outcome.size):
            counts.predicted += outcome.is_predicted
            counts.annotated += outcome.is_annotated
            counts.right += outcome.is_predicted and outcome.is_annotated
    return {
        "kind": kind,
        "class": csv_text(name),
        "eob": tolerance,
        "precision": counts.precision,
        "recall": counts.recall,
        "f1_score": counts.f1,
        "support": counts.annotated,
        "tp": counts.right,
        "fp": counts.predicted - counts.right,
        "fn": counts.annotated - counts.right,
    }


def _in_reading_order(boxes: Iterable[Box]) -> list[Box]:
    return sorted(boxes, key=lambda box: (box.top, box.left, box))
