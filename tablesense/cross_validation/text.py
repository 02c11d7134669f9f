"""The table of a cross-validation: a row a seed, and all seeds together."""

from collections.abc import Mapping

from rich.table import Table as Grid
from rich.text import Text

from tablesense.evaluation.evaluation import Evaluation
from tablesense.evaluation.figures import Figures
from tablesense.terminal.untrusted import plain

ALL = "all"
TITLE = "EoB-0 / EoB-2 F1 on sheets that were left out, with 95 % intervals of the macro mean"


def table(evaluations: Mapping[str, Evaluation]) -> Grid:
    """The figures.

    Args:
        evaluations: by the seed, and :data:`ALL`.
    """
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    first = next(iter(evaluations.values()))
    corpora = list(first.scored.corpora)
    for column in ("seed", "sheets", "tables", *map(plain, corpora), "macro EoB-0", "macro EoB-2", "best at"):
        grid.add_column(column, justify="right", no_wrap=True)
    for name, one in evaluations.items():
        macro = one.scored.macro
        cells = [name, f"{macro.sheets:,}", f"{macro.annotated:,}"]
        for corpus in corpora:
            value = one.scored.corpora[corpus].value
            cells.append(f"{value.eob0_f1:.3f} / {value.eob2_f1:.3f}")
        cells += [_with_interval(macro, "eob0_f1"), _with_interval(macro, "eob2_f1")]
        cells.append("-" if one.best is None else f"{one.best.threshold:.2f}")
        grid.add_row(*map(Text, cells))
    return grid


def _with_interval(figures: Figures, name: str) -> str:
    value, low, high = (getattr(one, name) for one in (figures.value, figures.low, figures.high))
    return f"{value:.3f} ({low:.2f}-{high:.2f})"
