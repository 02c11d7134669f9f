"""What a run prints while it trains: a line an epoch, below the bar where there is one; losses of batches."""

import math
import sys
from typing import Any

import torch
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


class BatchLosses(Callback):
    """Prints ``epoch 3, batch 200/1357  loss 0.12``: the mean loss of the last ``every`` batches.

    Args:
        every: batches a line; the last line of an epoch is of those that are left.
    """

    def __init__(self, every: int) -> None:
        self._every = every
        self._losses: list[torch.Tensor] = []

    @override
    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """An epoch begins anew."""
        self._losses = []

    @override
    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Keep the loss; print when there are enough."""
        loss = outputs["loss"] if isinstance(outputs, dict) else outputs
        if not trainer.is_global_zero or not isinstance(loss, torch.Tensor):
            return
        # Lightning hands out the loss that it differentiates, which is divided for the accumulation.
        self._losses.append(loss.detach() * trainer.accumulate_grad_batches)
        total, number = trainer.num_training_batches, batch_idx + 1
        if number % self._every == 0 or number == total:
            mean = float(torch.stack(self._losses).mean())  # the one wait for a device
            of = f"/{total}" if math.isfinite(total) else ""
            sys.stdout.write(f"epoch {trainer.current_epoch + 1}, batch {number}{of}  loss {mean:.4g}\n")
            sys.stdout.flush()
            self._losses = []
