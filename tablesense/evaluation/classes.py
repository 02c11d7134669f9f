"""Counts by class of sheets and tables, pooled over the corpora."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tablesense.evaluation.eob import Counts, count
from tablesense.evaluation.rows import class_metric_rows
from tablesense.evaluation.scores import SheetResult
from tablesense.evaluation.sheet_errors import NEAR

NUMBERS = (("0", 0), ("1", 1), ("2-3", 3), ("4+", None))
"""Classes of sheets by the tables annotated on them, each with the most it takes."""


@dataclass
class ClassCounts:
    """Counts of one class at EoB-0 and EoB-2; ``sheets`` is 0 where tables are classed, not sheets."""

    sheets: int = 0
    exact: Counts = field(default_factory=Counts)
    near: Counts = field(default_factory=Counts)


def number_class(tables: int) -> str:
    """The class of a sheet, by the tables annotated on it."""
    return next(name for name, most in NUMBERS if most is None or tables <= most)


def by_number(results: Sequence[SheetResult], threshold: float) -> dict[str, ClassCounts]:
    """Counts by the number of tables annotated on the sheet; every class is there."""
    classes = {name: ClassCounts() for name, _ in NUMBERS}
    for result in results:
        one = classes[number_class(len(result.annotated))]
        one.sheets += 1
        for total, tolerance in ((one.exact, 0), (one.near, NEAR)):
            sheet = count(result.above(threshold), result.annotated, tolerance)
            total.predicted += sheet.predicted
            total.annotated += sheet.annotated
            total.right += sheet.right
    return classes


def by_size(results: Sequence[SheetResult], threshold: float) -> dict[str, ClassCounts]:
    """Counts by the size of the table, as ``class_metric_rows`` counts them; every class is there."""
    classes: dict[str, ClassCounts] = {}
    for row in class_metric_rows(results, threshold):
        if row["kind"] == "size":
            one = classes.setdefault(str(row["class"]), ClassCounts())
            total = one.near if row["eob"] == NEAR else one.exact
            right = int(row["tp"])
            total.predicted, total.annotated = right + int(row["fp"]), int(row["support"])
            total.right = right
    return classes
