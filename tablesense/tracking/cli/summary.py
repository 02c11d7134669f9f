"""What is printed when a run ends: the best epoch, where the run lies, what to type next."""

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule
from rich.console import Console
from rich.table import Table

from tablesense.tracking.metrics.epoch_metrics import EpochMetrics


def print_summary(
    metrics: EpochMetrics,
    tested: Mapping[str, float],
    module: LightningModule,
    run: Path,
    *,
    offline_log: bool,
) -> None:
    """Print a short table.

    ``tested`` holds the ``test/*`` values, where the best epoch was tested. A module may say which
    metrics belong in the table, ``summary_metrics = {"val/f1": "F1"}``, and what to type next,
    ``def next_steps(self, run: Path) -> list[str]``.
    """
    console = Console(highlight=False, soft_wrap=True)
    labels: Mapping[str, str] = getattr(module, "summary_metrics", {metrics.monitor: metrics.monitor})
    if metrics.best_epoch is None:
        console.print(f"Trained {metrics.epoch} epochs.")
    else:
        console.print(best_table(metrics, tested, labels))
    console.print(f"Run: {run}", markup=False)
    if offline_log:
        sync = f"wandb sync {shlex.quote(str(run / 'wandb'))}/offline-run-*"  # every resume adds a log
        console.print(f"W&B log, not sent: {sync}", markup=False)
    next_steps: Callable[[Path], list[str]] | Any = getattr(module, "next_steps", None)
    if callable(next_steps):
        console.print("Next:", *(f"  {line}" for line in next_steps(run)), sep="\n", markup=False)


def best_table(metrics: EpochMetrics, tested: Mapping[str, float], labels: Mapping[str, str]) -> Table:
    """The best epoch and the metrics that have a label; below, the same metrics on the test data."""
    names = [name for name in labels if name in metrics.best_metrics]
    table = Table("best epoch", *(labels[name] for name in names))
    best = [f"{metrics.best_metrics[name]:.3f}" for name in names]
    table.add_row(f"{metrics.best_epoch} of {metrics.epoch}", *best)
    on_test = [tested.get(name.replace("val/", "test/", 1)) for name in names]
    if any(value is not None for value in on_test):
        table.add_row("on test data", *("" if value is None else f"{value:.3f}" for value in on_test))
    return table
