"""One row of metrics an epoch: for the logger, for the checkpoints and for a plain local file."""

import json
import math
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import psutil
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch.optim import Optimizer
from typing_extensions import override

from tablesense.errors import UserError
from tablesense.tracking.run.atomic import write_text
from tablesense.tracking.run.directory import RunDirectory
from tablesense.tracking.run.protocols import DerivesMetrics, keepers

Metrics = dict[str, float]


class EpochMetrics(Callback):
    """Gathers what the module logged and sends it as one row with the x-axis ``epoch``.

    The module logs with ``self.log("train/loss", ..., on_step=False, on_epoch=True, logger=False)``
    and the like; names under ``train/`` and ``val/`` are taken. Epochs count from one.

    Attributes:
        epoch: The last finished epoch.
        train_metrics: Its ``train/*`` values.
        val_metrics: The newest ``val/*`` values (validation may run less often than every epoch).
        row: Everything sent for that epoch.
        best_epoch: The epoch with the best monitored value so far, None before the first one.
        best_metrics: The ``val/*`` values of that epoch, so those of ``best.pt``.
        seconds: What all epochs so far have taken.
    """

    def __init__(self, run: RunDirectory, monitor: str, mode: Literal["max", "min"]) -> None:
        self.monitor = monitor
        self.epoch = 0
        self.train_metrics: Metrics = {}
        self.val_metrics: Metrics = {}
        self.row: Metrics = {}
        self.best_epoch: int | None = None
        self.best_metrics: Metrics = {}
        self.seconds = 0.0
        self._run = run
        self._sign = 1.0 if mode == "max" else -1.0
        self._best_before: tuple[int | None, Metrics] = (None, {})
        self._validated = False
        self._started = time.monotonic()
        self._lr: float | None = None

    @property
    def best_score(self) -> float | None:
        """The best monitored value so far."""
        return self.best_metrics.get(self.monitor)

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Drop the rows of epochs that this run will train again, and a best epoch of another run.

        Raises:
            UserError: the run folder cannot be written.
        """
        if not self._run.best_checkpoint.exists():  # it was in the run of --ckpt_path
            self.best_epoch, self.best_metrics = None, {}
        if trainer.is_global_zero:
            try:
                rows = keep_epochs(self._run.metrics_file, self.epoch)
            except OSError as error:
                raise UserError(f"{self._run.metrics_file}: cannot be written: {error.strerror}") from error
            for keeper in keepers(trainer.loggers):
                keeper.catch_up(rows)

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock: a run that goes on in the middle of an epoch does not start that epoch."""
        self._started = time.monotonic()

    @override
    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock."""
        self._started = time.monotonic()
        self._validated = False
        if trainer.strategy.root_device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(trainer.strategy.root_device)

    @override
    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer
    ) -> None:
        """Note the learning rate in use: at the end of an epoch the schedule has gone on already."""
        self._lr = float(optimizer.param_groups[0]["lr"])

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note that this epoch's ``val/*`` values are its own; the sanity check does not count."""
        self._validated = not trainer.sanity_checking

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Gather, keep, send."""
        logged = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if self._validated and self.monitor not in logged:
            known = ", ".join(sorted(logged))
            raise UserError(f"experiment.monitor: {self.monitor} is not logged by the model; it logs {known}")
        if trainer.is_global_zero and self.epoch == trainer.current_epoch + 1:
            # It ended in the middle before (`max_steps`), and goes on: one row for the whole of it.
            with self._run.faults.guard(self._run.metrics_file.name):
                keep_epochs(self._run.metrics_file, trainer.current_epoch)
        self.epoch = trainer.current_epoch + 1
        self.train_metrics = _under("train/", logged)
        if self._lr is not None:
            self.train_metrics.setdefault("train/lr", self._lr)
        if isinstance(pl_module, DerivesMetrics):
            self.train_metrics |= pl_module.derived_metrics(self.train_metrics)
        self.row = {"epoch": self.epoch, **self.train_metrics}
        if self._validated:
            self.val_metrics = _under("val/", logged)
            self.row |= self.val_metrics
        if self._validated or self.monitor in self.train_metrics:
            self._update_best()
        self.row |= self._system_metrics(trainer)
        self.seconds += self.row["system/epoch_time_seconds"]
        if trainer.is_global_zero:
            with self._run.faults.guard(self._run.metrics_file.name):
                append_row(self._run.metrics_file, self.row)
        for logger in trainer.loggers:
            logger.log_metrics(self.row, step=trainer.global_step)
        for keeper in keepers(trainer.loggers):
            keeper.log_summary(self.summary())

    def summary(self) -> dict[str, float]:
        """``best_epoch`` and, as ``best_{metric}``, its ``val/*`` values: those of ``best.pt``."""
        best: dict[str, float] = {
            f"best_{name.removeprefix('val/')}": value for name, value in self.best_metrics.items()
        }
        if self.best_epoch is not None:
            best["best_epoch"] = self.best_epoch
        return {**best, "total_training_time_seconds": self.seconds}

    def take_back_best(self) -> None:
        """The best epoch could not be saved: the one before is the best that there is."""
        self.best_epoch, self.best_metrics = self._best_before

    @override
    def state_dict(self) -> dict[str, Any]:
        """What a resumed run has to know."""
        return {
            "epoch": self.epoch,
            "train_metrics": dict(self.train_metrics),
            "val_metrics": dict(self.val_metrics),
            "monitor": self.monitor,
            "best_epoch": self.best_epoch,
            "best_metrics": dict(self.best_metrics),
            "seconds": self.seconds,
        }

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Inverse of :meth:`state_dict`."""
        self.epoch = state_dict["epoch"]
        self.train_metrics = state_dict["train_metrics"]
        self.val_metrics = state_dict["val_metrics"]
        if state_dict["monitor"] == self.monitor:  # else the best epoch is searched anew
            self.best_epoch = state_dict["best_epoch"]
            self.best_metrics = state_dict["best_metrics"]
        self.seconds = state_dict["seconds"]

    def _update_best(self) -> None:
        score = self.val_metrics.get(self.monitor, self.train_metrics.get(self.monitor, math.nan))
        # Strictly better, as the checkpoint of the best epoch: of equals the first one stays.
        if math.isfinite(score) and (self.best_score is None or self._sign * (score - self.best_score) > 0):
            self._best_before = self.best_epoch, self.best_metrics
            self.best_epoch = self.epoch
            self.best_metrics = {**self.val_metrics, self.monitor: score}

    def _system_metrics(self, trainer: Trainer) -> Metrics:
        metrics = {
            "system/cpu_memory_mb": psutil.Process().memory_info().rss / 2**20,
            "system/epoch_time_seconds": time.monotonic() - self._started,
        }
        device = trainer.strategy.root_device
        if device.type == "cuda":
            metrics["system/gpu_memory_mb"] = torch.cuda.max_memory_allocated(device) / 2**20
        return metrics


def test_metrics(trainer: Trainer) -> Metrics:
    """What the test of the best epoch gave; empty where there was none."""
    return _under("test/", {name: float(value) for name, value in trainer.callback_metrics.items()})


def append_row(file: Path, row: Metrics) -> None:
    """Add a line of JSON; where the disk is full, leave the file as it is.

    Raises:
        OSError: the disk is full, or the file cannot be written.
    """
    line = json.dumps(finite(row))
    size = file.stat().st_size if file.exists() else 0
    try:
        with file.open("a", encoding="utf-8") as out:
            out.write(line + "\n")
    except OSError:
        with suppress(OSError):
            os.truncate(file, size)  # half a line would spoil the next one
        raise


def finite(metrics: Metrics) -> dict[str, float | None]:
    """The metrics as JSON can hold them: it has no NaN, so a mean over nothing is null."""
    return {name: value if math.isfinite(value) else None for name, value in metrics.items()}


def keep_epochs(file: Path, last: int) -> list[dict[str, float | None]]:
    """Cut a metrics file after epoch ``last``; a line cut short by a kill goes too. Returns what is kept."""
    if not file.exists():
        return []
    kept: list[dict[str, float | None]] = []
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if row["epoch"] <= last:
            kept.append(row)
            lines.append(line + "\n")
    write_text(file, "".join(lines))
    return kept


def _under(prefix: str, metrics: Metrics) -> Metrics:
    return {name: value for name, value in metrics.items() if name.startswith(prefix)}
