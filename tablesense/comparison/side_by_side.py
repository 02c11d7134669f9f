"""Runs side by side: in the terminal, and as a CSV in long form."""

import csv
from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tablesense.comparison.config_diff import MISSING, differing
from tablesense.comparison.curves import ASCII, BLOCKS, sparklines
from tablesense.comparison.figures import number, shown_value
from tablesense.comparison.listing import TITLES, Listing
from tablesense.comparison.record import RunRecord
from tablesense.errors import UserError
from tablesense.terminal.untrusted import csv_text, plain

_FIRST = (*TITLES, "val/loss", "train/loss", "train/lr")
_AIMLESS = ("/lr", "_threshold", "/loss_ratio_cls_l1")  # no value of these is better than another
_BESIDE_CURVE, _LONGEST_NAME = 42, 32  # columns that the numbers next to a curve and its name may take
_NARROWEST, _WIDEST = 10, 60


def show(records: Sequence[RunRecord], console: Console, patterns: Sequence[str] = ("*",)) -> None:
    """Print what the runs are, in which parameters they differ, and their shared metrics as curves.

    Args:
        records: two runs or more.
        console: where to print.
        patterns: which metrics, as ``val/*``.
    """
    labels = label(records)
    Listing(records, records[0], labels).show(console)
    console.print(_differences(records, labels, console.width))
    metrics = [name for name in shared_metrics(records) if any(fnmatchcase(name, p) for p in patterns)]
    if not metrics:
        console.print("No metric that two of the runs share.")
        return
    console.print(_curves(records, labels, metrics, console))


def check_patterns(records: Sequence[RunRecord], patterns: Sequence[str]) -> None:
    """Refuse a pattern that none of the shared metrics matches.

    Raises:
        UserError: there is one; the line names what could be meant.
    """
    shared = shared_metrics(records)
    for pattern in patterns:
        if pattern == "*" or any(fnmatchcase(name, pattern) for name in shared):
            continue
        names = ", ".join(plain(name) for name in get_close_matches(pattern, shared, cutoff=0.4) or shared)
        raise UserError(
            f"--metrics: no metric that two of the runs share matches {plain(pattern)!r}; "
            f"there is {names or 'none'}"
        )


def label(records: Sequence[RunRecord]) -> list[str]:
    """``A``, ``B``, ..., then ``27``, ``28``: names of runs are too long for columns."""
    return [chr(ord("A") + index) if index < 26 else str(index + 1) for index in range(len(records))]


def shared_metrics(records: Sequence[RunRecord]) -> list[str]:
    """The metrics that at least two runs have, the main ones first."""
    names = [name for record in records for name in record.metrics]
    shared = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    return [name for name in _FIRST if name in shared] + [name for name in shared if name not in _FIRST]


def write_csv(records: Sequence[RunRecord], file: TextIO) -> None:
    """Every measured value on a line of its own: run, x-axis, x, metric, value."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["run", "x-axis", "x", "metric", "value"])
    names = [record.name for record in records]
    for record in records:
        name = csv_text(record.name if names.count(record.name) == 1 else record.source)
        for metric in record.metrics:
            axis = record.x_axis(metric)
            writer.writerows([name, axis, int(x), csv_text(metric), y] for x, y in record.series(metric))


def _differences(records: Sequence[RunRecord], labels: Sequence[str], width: int) -> Table | str:
    rows = {
        **differing([record.config for record in records]),
        **differing([record.facts for record in records]),
    }
    if not rows:
        return "The configurations say the same.\n"
    table = Table(title="What differs", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("parameter", overflow="fold", max_width=max(24, width // 2))
    for name in labels:
        table.add_column(name, overflow="fold")
    for key, values in rows.items():
        cells = [
            Text("not set", style="dim") if value is MISSING else Text(shown_value(value)) for value in values
        ]
        table.add_row(Text(plain(key)), *cells)
    return table


def _curves(
    records: Sequence[RunRecord], labels: Sequence[str], metrics: Sequence[str], console: Console
) -> Table:
    table = Table(
        title="Metrics", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )
    table.add_column("metric", overflow="fold")
    table.add_column("")
    table.add_column("curve", no_wrap=True)
    for title in ("first", "best", "at", "last"):
        table.add_column(title, justify="right", no_wrap=True)
    names = min(_LONGEST_NAME, max(map(len, metrics)))
    width = max(_NARROWEST, min(_WIDEST, console.width - _BESIDE_CURVE - names))
    levels = ASCII if console.options.ascii_only else BLOCKS
    for metric in metrics:
        curves = [record.series(metric) for record in records]
        lines = sparklines(curves, width, levels)
        shown = [index for index, points in enumerate(curves) if points]
        for index in shown:
            points = curves[index]
            best = None if metric.endswith(_AIMLESS) else records[index].best(metric)
            table.add_row(
                Text(plain(metric) if index == shown[0] else ""),
                labels[index],
                Text(lines[index]),
                number(points[0][1]),
                *((number(best[1]), f"{best[0]:.0f}") if best else ("", "")),
                number(points[-1][1]),
            )
    return table
