"""How a sheet went, in a few numbers: what the rows of a CSV say and what pictures are chosen by."""

from typing import NamedTuple

from tablesense.evaluation.eob import count, paired_eob
from tablesense.evaluation.scores import SheetResult

NEAR = 2  # the tolerance that forgives a header row or a footnote more or less: the published EoB-2


class SheetErrors(NamedTuple):
    """Tables of one sheet; ``near + missed == annotated`` and ``near + extra == predicted``.

    Attributes:
        annotated: tables that are there.
        predicted: tables that were found, right or wrong.
        exact: pairs with the same corners (EoB-0).
        near: pairs with every edge at most two cells off (EoB-2).
        missed: annotated tables without a pair at EoB-2.
        extra: predicted tables without a pair at EoB-2.
        f1: of the sheet, at EoB-0.
        largest_eob: of the pairs that overlap; 0 when none does.
    """

    annotated: int
    predicted: int
    exact: int
    near: int
    missed: int
    extra: int
    f1: float
    largest_eob: int


def sheet_errors(result: SheetResult, threshold: float) -> SheetErrors:
    """Compare what was found on a sheet, scored at least ``threshold``, with what is there."""
    predicted = [box for box, _ in result.best_first(threshold)]
    exact, near = (count(predicted, result.annotated, tolerance) for tolerance in (0, NEAR))
    return SheetErrors(
        annotated=exact.annotated,
        predicted=exact.predicted,
        exact=exact.right,
        near=near.right,
        missed=near.annotated - near.right,
        extra=near.predicted - near.right,
        f1=exact.f1,
        largest_eob=max(paired_eob(predicted, result.annotated), default=0),
    )
