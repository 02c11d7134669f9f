"""The tables of a cross-validation: a row a seed, and all seeds together."""

from collections.abc import Iterator, Mapping

from rich.table import Table as Grid
from rich.text import Text

from tablesense.evaluation.evaluation import Evaluation
from tablesense.evaluation.figures import Figures
from tablesense.terminal.untrusted import plain

ALL = "all"


def tables(evaluations: Mapping[str, Evaluation]) -> Iterator[tuple[str, Grid]]:
    """One for EoB-0 and one for EoB-2, and what is said above each.

    Args:
        evaluations: by the seed, and :data:`ALL`.
    """
    for tolerance in (0, 2):
        title = f"EoB-{tolerance} F1 on sheets that were left out, with the macro mean's 95 % interval"
        yield title, _table(evaluations, f"eob{tolerance}_f1")


def _table(evaluations: Mapping[str, Evaluation], measure: str) -> Grid:
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    corpora = list(next(iter(evaluations.values())).scored.corpora)
    for column in ("seed", "sheets", "tables", *map(plain, corpora), "macro"):
        grid.add_column(column, justify="right", no_wrap=True)
    for name, one in evaluations.items():
        macro = one.scored.macro
        values = [f"{getattr(one.scored.corpora[corpus].value, measure):.3f}" for corpus in corpora]
        cells = [name, f"{macro.sheets:,}", f"{macro.annotated:,}", *values, _with_interval(macro, measure)]
        grid.add_row(*map(Text, cells))
    return grid


def _with_interval(figures: Figures, measure: str) -> str:
    value, low, high = (getattr(one, measure) for one in (figures.value, figures.low, figures.high))
    return f"{value:.3f} ({low:.2f}-{high:.2f})"
