"""What is printed when a run ends: the best epoch, where the run lies, what to type next."""

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningModule
from rich.console import Console
from rich.table import Table

from tablesense.tracking.metrics.epoch_metrics import EpochMetrics


def print_summary(metrics: EpochMetrics, module: LightningModule, run: Path, *, offline_log: bool) -> None:
    """Print a short table.

    A module may say which metrics belong in it, ``summary_metrics = {"val/f1": "F1"}``, and what
    to type next, ``def next_steps(self, run: Path) -> list[str]``.
    """
    console = Console(highlight=False, soft_wrap=True)
    labels: Mapping[str, str] = getattr(module, "summary_metrics", {metrics.monitor: metrics.monitor})
    console.print(best_table(metrics, labels) if metrics.best_epoch else f"Trained {metrics.epoch} epochs.")
    console.print(f"Run: {run}", markup=False)
    if offline_log:
        sync = f"wandb sync {shlex.quote(str(run / 'wandb' / 'latest-run'))}"
        console.print(f"W&B log, not sent: {sync}", markup=False)
    next_steps: Callable[[Path], list[str]] | Any = getattr(module, "next_steps", None)
    if callable(next_steps):
        console.print("Next:", *(f"  {line}" for line in next_steps(run)), sep="\n", markup=False)


def best_table(metrics: EpochMetrics, labels: Mapping[str, str]) -> Table:
    """One row: the best epoch and the metrics that have a label."""
    shown = {
        label: metrics.best_metrics[name] for name, label in labels.items() if name in metrics.best_metrics
    }
    table = Table("best epoch", *shown)
    table.add_row(f"{metrics.best_epoch} of {metrics.epoch}", *(f"{value:.3f}" for value in shown.values()))
    return table
