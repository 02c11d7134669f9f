"""Random numbers that depend on epoch and batch alone, so that a resumed run equals one never stopped."""

import random
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

_ORDER, _STEPS = 0, 1


class SeedEveryEpoch(Callback):
    """Seeds Python, NumPy and torch for the data of every epoch and for the step of every batch.

    The order of the data is drawn from (seed, epoch) and what a step draws (dropout) from (seed,
    epoch, process, batch). A run can therefore go on at any batch. Lightning makes the first data
    iterator of a process before the epoch starts and later ones after, hence two streams.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._first_epoch = 0
        self._order_seeded = -1

    @override
    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Learn with which epoch training goes on; the loops are restored only later."""
        progress = checkpoint["loops"]["fit_loop"]["epoch_progress"]["current"]
        self._first_epoch = progress["processed"]

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Seed before the first data iterator is made."""
        self._seed_order(self._first_epoch)

    @override
    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Seed the order of the data, but not a second time in the first epoch of a process."""
        if self._order_seeded != trainer.current_epoch:
            self._seed_order(trainer.current_epoch)

    @override
    def on_train_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Seed what the step draws."""
        _seed_all(self._seed, trainer.current_epoch, trainer.global_rank, _STEPS + batch_idx)

    def _seed_order(self, epoch: int) -> None:
        # A sampler has to draw the same order in every process, hence no rank here.
        _seed_all(self._seed, epoch, 0, _ORDER)
        self._order_seeded = epoch


def _seed_all(seed: int, epoch: int, rank: int, stream: int) -> None:
    value = int(np.random.SeedSequence([seed, epoch, rank, stream]).generate_state(1)[0])
    random.seed(value)
    np.random.seed(value)
    torch.manual_seed(value)
