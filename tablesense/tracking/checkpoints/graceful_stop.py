"""Ctrl-C and SIGTERM: finish the step, save, stop; all processes together."""

import math
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities.types import STEP_OUTPUT
from typing_extensions import override

from tablesense.errors import UserError
from tablesense.tracking.checkpoints.resumable_loader import ResumableLoader
from tablesense.tracking.run.directory import RunDirectory
from tablesense.tracking.run.quiet import speaks

Handler = Callable[[int, FrameType | None], Any] | int | None


class GracefulStop(Callback):
    """Stops a training between two optimizer steps, with ``last.pt`` saved at that very place.

    A second signal stops at once, and what was trained since the last epoch is lost. With a train
    loader that is no :class:`ResumableLoader` a place in the middle of an epoch cannot be found
    again; then nothing is saved, and the run goes on from its last epoch.

    Attributes:
        received: The signal that stopped the training, None if none did.
        saved: Whether the place where it stopped was saved.
    """

    def __init__(self, run: RunDirectory) -> None:
        self.received: signal.Signals | None = None
        self.saved = False
        self._run = run
        self._batches_done = 0
        self._batches: float = 0
        self._previous: dict[signal.Signals, Handler] = {}

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen from now on, and leave out what was trained on before."""
        loader = trainer.train_dataloader
        if self._batches_done and isinstance(loader, ResumableLoader):
            self._check_batches(trainer.num_training_batches)
            loader.skip_batches(self._batches_done)
        signals = [signal.SIGINT]
        if not isinstance(getattr(trainer.strategy, "cluster_environment", None), SLURMEnvironment):
            signals.append(signal.SIGTERM)  # with SLURM it belongs to Lightning's requeueing
        try:
            self._previous = {number: signal.signal(number, self._note) for number in signals}
        except ValueError:  # not in the main thread: signals are somebody else's there
            self._previous = {}

    @override
    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: STEP_OUTPUT,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Save and stop, where no gradient is half accumulated and the epoch is not over.

        Raises:
            KeyboardInterrupt: in every process, once one of them was told to stop.
        """
        done = batch_idx + 1
        resumable = isinstance(trainer.train_dataloader, ResumableLoader)
        self._batches_done = done if resumable and done < trainer.num_training_batches else 0
        self._batches = trainer.num_training_batches
        if done % trainer.accumulate_grad_batches or done >= trainer.num_training_batches:
            return
        if done % (trainer.val_check_batch or math.inf) == 0:  # a validation comes first
            return
        if not trainer.strategy.reduce_boolean_decision(self.received is not None, all=False):
            return
        if resumable:
            trainer.save_checkpoint(self._run.checkpoints / "last.pt")
            self.saved = True
        raise KeyboardInterrupt

    @override
    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """At the end of an epoch the checkpoints are saved anyway."""
        if trainer.strategy.reduce_boolean_decision(self.received is not None, all=False):
            self.saved = True
            trainer.should_stop = True

    @override
    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen no more; where an exception ends the training, Lightning puts all handlers back itself."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}

    @override
    def state_dict(self) -> dict[str, Any]:
        """How many batches of the running epoch are done, 0 where it is over; and how many it has."""
        return {"batches_done": self._batches_done, "batches": self._batches}

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Inverse of :meth:`state_dict`."""
        self._batches_done = state_dict["batches_done"]
        self._batches = state_dict["batches"]

    def _check_batches(self, batches: float) -> None:
        if batches != self._batches:
            raise UserError(
                f"the run stopped in the middle of an epoch of {self._batches} batches, and the epoch has "
                f"{batches} now: resume with the data and the data.batch_size that it had"
            )

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler's arguments
        if self.received is not None:
            raise KeyboardInterrupt
        self.received = signal.Signals(number)
        if speaks():
            sys.stderr.write("Stopping after this step; once more to stop at once.\n")
