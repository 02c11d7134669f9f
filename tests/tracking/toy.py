"""The smallest task that exercises all bookkeeping: a line to fit, with dropout and a schedule."""

import logging
import os
import signal
import time
from pathlib import Path
from typing import ClassVar, NamedTuple

import psutil
import torch
from lightning.pytorch import LightningDataModule, LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset, TensorDataset

from tablesense.errors import UserError
from tablesense.tracking.checkpoints.resumable_loader import ResumableLoader

log = logging.getLogger(__name__)

Batch = list[Tensor]


class ToyPicture(NamedTuple):
    name: str
    svg: str


class ToyModule(LightningModule):
    """Logs what a real task logs; ``val/f1`` follows a given list where there is one."""

    model_name = "toy net"
    summary_metrics: ClassVar[dict[str, str]] = {"val/f1": "F1"}

    def __init__(
        self,
        lr: float = 0.05,
        hidden: int = 4,
        scores: list[float] | None = None,
        interrupt_at: int | None = None,
        signal_at: list[int] | None = None,
        signal_number: int = int(signal.SIGINT),
        step_seconds: float = 0.0,
        kill_wandb_at: int | None = None,
    ) -> None:
        super().__init__()
        if hidden < 1:
            raise ValueError("hidden must be 1 or more")
        self.save_hyperparameters()
        self.lr = lr
        self.scores = scores
        self.interrupt_at = interrupt_at
        self.signal_at = signal_at
        self.signal_number = signal_number
        self.step_seconds = step_seconds
        self.kill_wandb_at = kill_wandb_at
        self.predictions: list[tuple[float, float]] = []
        self.net = nn.Sequential(nn.Linear(2, hidden), nn.Dropout(0.3), nn.Linear(hidden, 1))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        if self.current_epoch == self.interrupt_at:
            raise KeyboardInterrupt
        if self.signal_at == [self.current_epoch, batch_idx] and self.global_rank == 0:
            os.kill(os.getpid(), self.signal_number)
        if self.kill_wandb_at == self.current_epoch and batch_idx == 0:
            for process in psutil.Process().children(recursive=True):
                process.kill()
        time.sleep(self.step_seconds)  # a step that lasts, for those that are killed from outside
        loss = self._loss(batch)
        self.log("train/loss", loss, on_step=False, on_epoch=True, logger=False, sync_dist=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        self.predictions.clear()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        loss = self._loss(batch)
        self._note(batch)
        score = 1 / (1 + loss)
        if self.scores is not None:  # the best epoch is validated once more after the last one
            score = torch.tensor(self.scores[min(self.current_epoch, len(self.scores) - 1)])
        self.log_dict({"val/loss": loss, "val/f1": score}, logger=False, sync_dist=True)

    def on_test_epoch_start(self) -> None:
        self.predictions.clear()

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._note(batch)
        loss = self._loss(batch)
        self.log_dict({"test/loss": loss, "test/f1": 1 / (1 + loss)}, logger=False, sync_dist=True)

    def derived_metrics(self, row: dict[str, float]) -> dict[str, float]:
        return {"train/loss_twice": 2 * row["train/loss"]}

    def prediction_rows(self) -> list[dict[str, float]]:
        return [{"true": true, "predicted": predicted} for true, predicted in self.predictions]

    def class_metric_rows(self) -> list[dict[str, object]]:
        return [{"class": "all", "support": len(self.predictions)}]

    def pictures(self) -> list[ToyPicture]:
        return [ToyPicture("a/b", f"<svg>{len(self.predictions)}</svg>")]

    def save_pretrained(self, folder: Path) -> None:
        torch.save(self.net.state_dict(), folder / "pytorch_model.bin")
        (folder / "config.json").write_text("{}")

    def configure_optimizers(self) -> OptimizerLRScheduler:
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.lr)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "epoch"}}

    def next_steps(self, run: object) -> list[str]:
        return ["look at it"]

    def _note(self, batch: Batch) -> None:
        inputs, targets = batch
        self.predictions += zip(targets[:, 0].tolist(), self.net(inputs)[:, 0].tolist(), strict=True)

    def _loss(self, batch: Batch) -> Tensor:
        inputs, targets = batch
        return nn.functional.mse_loss(self.net(inputs), targets)


class ToyData(LightningDataModule):
    def __init__(
        self,
        batch_size: int = 4,
        problem: str | None = None,
        prepare_problem: str | None = None,
        problem_of_second: str | None = None,
        warning: str | None = None,
        bug: bool = False,
        validates: bool = True,
        has_test_data: bool = False,
        resumable: bool = True,
    ) -> None:
        super().__init__()
        if batch_size > 16:
            raise UserError("data.batch_size: there are only 16 points")
        self.batch_size = batch_size
        self.problem = problem
        self.prepare_problem = prepare_problem
        self.problem_of_second = problem_of_second
        self.warning = warning
        self.bug = bug
        self.validates = validates
        self.has_test_data = has_test_data
        self.resumable = resumable
        self.facts = {"data/train_size": 16, "data/val_size": 16, "data/datasets": ["toy"]}

    def prepare_data(self) -> None:
        if self.prepare_problem is not None:
            raise UserError(self.prepare_problem)

    def setup(self, stage: str) -> None:
        if self.problem is not None:
            raise UserError(self.problem)
        if self.problem_of_second is not None and self.trainer is not None and self.trainer.global_rank == 1:
            raise UserError(self.problem_of_second)
        if self.warning is not None and stage == "fit":
            log.warning(self.warning)
        if self.bug:
            raise ValueError("a bug")
        generator = torch.Generator().manual_seed(0)
        inputs = torch.randn(16, 2, generator=generator)
        self.points = TensorDataset(inputs, inputs.sum(dim=1, keepdim=True))

    def train_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        loader = ResumableLoader if self.resumable else DataLoader
        return loader(self.points, self.batch_size, shuffle=True)

    def val_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        points = self.points if self.validates else Subset(self.points, [])
        return DataLoader(points, self.batch_size)

    def test_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        return DataLoader(Subset(self.points, range(6)), self.batch_size)
