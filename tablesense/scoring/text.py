"""What the command prints: figures by corpus, counts by class, kinds of errors."""

import math
from collections.abc import Iterator

from rich.table import Table as Grid
from rich.text import Text

from tablesense.evaluation.classes import ClassCounts
from tablesense.evaluation.eob import Counts
from tablesense.evaluation.error_kinds import MOST_OFF, SIDES, ErrorKinds
from tablesense.evaluation.evaluation import Evaluation
from tablesense.evaluation.figures import Figures
from tablesense.terminal.untrusted import plain

_PARTS = ("precision", "recall", "f1")


def tables(evaluation: Evaluation) -> Iterator[tuple[str, Grid]]:
    """The tables that are printed, in their order, and what is said above each."""
    yield "Tables right, with 95 % intervals of F1", _right(evaluation)
    yield "Boxes, with 95 % intervals", _boxes(evaluation)
    yield "By size of the table, all corpora", _classes(evaluation.sizes, with_sheets=False)
    yield "By number of tables on the sheet, all corpora", _classes(evaluation.numbers, with_sheets=True)
    yield "Outcomes of tables", _errors(evaluation.errors)
    yield (
        "One side off, by rows or columns: + left out of the table, - taken in beside it",
        _sides(evaluation.errors["all"]),
    )


def best_line(evaluation: Evaluation) -> str | None:
    """What another threshold would have given, where that is more."""
    if evaluation.best is None:
        return None
    threshold, exact, near = evaluation.best
    if exact <= evaluation.scored.macro.value.eob0_f1:
        return None
    return (
        f"The threshold that is best on these very sheets, {threshold:.2f}, would give macro F1 "
        f"{exact:.3f} at EoB-0 and {near:.3f} at EoB-2."
    )


def _grid(*columns: str) -> Grid:
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, name in enumerate(columns):
        grid.add_column(name, justify="right" if number else "left", no_wrap=True)
    return grid


def _add(grid: Grid, *cells: object) -> None:
    grid.add_row(*(Text(plain(cell)) for cell in cells))


def _rows(evaluation: Evaluation) -> list[tuple[str, Figures]]:
    return [*evaluation.scored.corpora.items(), ("macro", evaluation.scored.macro)]


def _right(evaluation: Evaluation) -> Grid:
    counts, measures = ("corpus", "sheets", "tables", "found"), ("EoB-0 P", "R", "F1", "EoB-2 P", "R", "F1")
    grid = _grid(*counts, *measures)
    for name, figures in _rows(evaluation):
        value = figures.value
        _add(
            grid,
            name,
            *(f"{count:,}" for count in (figures.sheets, figures.annotated, figures.predicted)),
            *(_number(value.eob0_precision), _number(value.eob0_recall), _with_interval(figures, "eob0_f1")),
            *(_number(value.eob2_precision), _number(value.eob2_recall), _with_interval(figures, "eob2_f1")),
        )
    return grid


def _boxes(evaluation: Evaluation) -> Grid:
    grid = _grid("corpus", "mean EoB", "AP@0.5", "AP@[.5:.95]")
    for name, figures in _rows(evaluation):
        _add(grid, name, *(_with_interval(figures, key) for key in ("mean_eob", "ap50", "ap50_95")))
    return grid


def _with_interval(figures: Figures, name: str) -> str:
    value, low, high = (getattr(one, name) for one in (figures.value, figures.low, figures.high))
    return _number(value) + ("" if math.isnan(low) else f" ({low:.2f}-{high:.2f})")


def _number(value: float, digits: int = 3) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _classes(classes: dict[str, ClassCounts], *, with_sheets: bool) -> Grid:
    sheets = ["sheets"] if with_sheets else []
    measures = ("EoB-0 P", "R", "F1", "EoB-2 P", "R", "F1")
    grid = _grid("class", *sheets, "tables", "found", *measures)
    for name, one in classes.items():
        rates = [_rate(counts, part) for counts in (one.exact, one.near) for part in _PARTS]
        # Of sizes, what was found has the size of its true table, and so may differ from EoB-0 to EoB-2.
        tables = [f"{one.exact.annotated:,}", f"{one.exact.predicted:,}"]
        _add(grid, name, *([f"{one.sheets:,}"] if with_sheets else []), *tables, *rates)
    return grid


def _rate(counts: Counts, part: str) -> str:
    """A share of nothing is none."""
    whole = {"precision": counts.predicted, "recall": counts.annotated}.get(
        part, counts.predicted + counts.annotated
    )
    return f"{getattr(counts, part):.3f}" if whole else "-"


def _errors(errors: dict[str, ErrorKinds]) -> Grid:
    grid = _grid("outcome", *errors)
    for label, key in (
        ("annotated", "annotated"),
        ("  exact", "exact"),
        ("  one side off", "one_side"),
        ("  several sides off", "several_sides"),
        ("  split", "split"),
        ("  merged", "merged"),
        ("  missed", "missed"),
        ("found", "predicted"),
        ("  parts of split tables", "parts"),
        ("  mergers of tables", "mergers"),
        ("  extra", "extra"),
        ("of the tables that are off", ""),
        ("  header row lost", "header_row_lost"),
        ("  total row lost", "total_row_lost"),
    ):
        _add(grid, label, *(f"{getattr(kinds, key):,}" if key else "" for kinds in errors.values()))
    return grid


def _sides(kinds: ErrorKinds) -> Grid:
    """A column for every number of rows or columns that occurs."""
    steps = sorted({by for counts in kinds.sides.values() for by in counts})
    grid = _grid("side", *map(_step, steps))
    for side in SIDES:
        _add(grid, side, *(kinds.sides[side][by] or "" for by in steps))
    return grid


def _step(by: int) -> str:
    return f"{by:+d}" if abs(by) < MOST_OFF else f"{by:+d}.."
