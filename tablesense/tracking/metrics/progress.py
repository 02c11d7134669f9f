"""What a run prints while it trains: one line an epoch, below the bar where there is one."""

import sys

from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

from tablesense.tracking.metrics.epoch_metrics import EpochMetrics


class EpochLines(Callback):
    """Prints ``epoch 3/40  train/loss 1.23  val/f1 0.61  12 s`` at the end of an epoch.

    It has to stand after the metrics callback, whose row it prints.
    """

    def __init__(self, metrics: EpochMetrics) -> None:
        self._metrics = metrics

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print the line at once, so that a log file can be followed."""
        if trainer.is_global_zero:
            # Rich puts what is written here above its live bar.
            sys.stdout.write(self.line(trainer.max_epochs) + "\n")
            sys.stdout.flush()

    def line(self, max_epochs: int | None) -> str:
        """The line of the last finished epoch."""
        row = self._metrics.row
        total = f"/{max_epochs}" if max_epochs and max_epochs > 0 else ""
        names = dict.fromkeys(["train/loss", "val/loss", self._metrics.monitor])
        values = [f"{name} {row[name]:.4g}" for name in names if name in row]
        seconds = row["system/epoch_time_seconds"]
        return "  ".join([f"epoch {self._metrics.epoch}{total}", *values, f"{seconds:.0f} s"])
