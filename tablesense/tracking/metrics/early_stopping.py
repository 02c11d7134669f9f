"""Early stopping that can be resumed after it has stopped a run."""

import sys
from typing import Any, Literal

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping
from typing_extensions import override

from tablesense.errors import UserError
from tablesense.tracking.run.directory import RunDirectory


class RunEarlyStopping(EarlyStopping):
    """Stops after ``patience`` epochs without a better value, counted anew when a finished run is resumed."""

    def __init__(self, run: RunDirectory, monitor: str, patience: int, mode: Literal["max", "min"]) -> None:
        super().__init__(monitor, patience=patience, mode=mode, check_finite=False)  # NaN is no better
        self._run = run

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Refuse a value that will never be there, before the first epoch is trained in vain.

        Raises:
            UserError: the value comes from the validation, and there is none.
        """
        if self.monitor.startswith("val/") and not sum(trainer.num_val_batches):
            raise UserError(
                f"experiment.early_stopping_patience: waits for {self.monitor} (experiment.monitor), but "
                "nothing is validated; set it to null, or validate"
            )
        if self.wait_count >= self.patience:  # killed between its last epoch and its end
            trainer.should_stop = True

    @override
    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Say why it ends."""
        if self.wait_count >= self.patience and trainer.is_global_zero:
            sys.stdout.write(
                f"Stopped early: {self.monitor} was no better in the last {self.wait_count} validations.\n"
            )

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on waiting; but not with a patience that is used up, nor for the best value of another run.

        The patience is the configured one, which may have been changed for resuming.
        """
        if not self._run.best_checkpoint.exists():
            return
        super().load_state_dict({**state_dict, "patience": self.patience})
        if self.wait_count >= self.patience and self._run.finished:
            self.wait_count = 0
