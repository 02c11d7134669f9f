"""The checkpoints of a run: every n epochs, the best one, and the last one to resume from.

Resuming restores everything from ``last.pt``, which is written after every epoch; the other two
resume as well. All load with ``torch.load(path, weights_only=True)``.
"""

from pathlib import Path
from typing import Any, Literal

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint
from typing_extensions import override

from tablesense.tracking.checkpoints.keys import add_reference_keys
from tablesense.tracking.metrics.epoch_metrics import EpochMetrics
from tablesense.tracking.run.atomic import atomic_write
from tablesense.tracking.run.directory import RunDirectory
from tablesense.tracking.run.faults import Faults

# What Lightning's ModelCheckpoint knows of its best file, beside the dictionary of the k best.
_BEST_STATE = ("best_model_path", "best_model_score", "kth_best_model_path", "kth_value", "current_score")


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes a checkpoint beside its place and renames it, and outlives a full disk.

    Lightning's own writer goes through a buffer in memory and a file in the temporary folder,
    which may be another, smaller disk, and a move between disks is no rename.
    """

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self.saved = True  # the last one that was asked for
        self._faults = faults

    @override
    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | Path,
        storage_options: Any = None,
    ) -> None:
        """Write ``checkpoint`` to ``path``; when the disk is full, keep what is there and say so."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.saved = True
        try:
            with atomic_write(path) as file:
                torch.save(checkpoint, file)
        except (OSError, RuntimeError) as error:
            reason = _disk_error(error)
            if reason is None:
                raise
            previous = "the previous one is kept" if path.exists() else "there is none yet"
            self._faults.note(path.name, f"{reason}, {previous}")
            self.saved = False


def _disk_error(error: OSError | RuntimeError) -> str | None:
    """Why the disk refused, or None where the error is another one.

    torch closes its archive while a write error is on its way and then reports the broken archive
    in its place; the write error is the one before it.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return cause.strerror or str(cause)
        cause = cause.__cause__ or cause.__context__
    return "writing failed" if "PytorchStreamWriter failed" in str(error) else None


class _RunCheckpoint(ModelCheckpoint):
    """What the three kinds share: the place, ``.pt``, one file of a name, the reference's keys."""

    FILE_EXTENSION = ".pt"

    def __init__(self, run: RunDirectory, **kwargs: Any) -> None:  # noqa: ANN401 - ModelCheckpoint's options
        super().__init__(
            auto_insert_metric_name=False,
            enable_version_counter=False,
            save_on_train_epoch_end=True,
            **kwargs,
        )
        self._run_directory = run

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Learn the folder, which is known only now, and write atomically."""
        self.dirpath = str(self._run_directory.checkpoints)
        if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:
            trainer.strategy.checkpoint_io = AtomicCheckpointIO(self._run_directory.faults)
        super().setup(trainer, pl_module, stage)

    @override
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what was best so far, in a folder that may have been moved or renamed since.

        Lightning forgets the best score there and would let any epoch overwrite ``best.pt``. A new
        run that only starts from the weights of another one has its own best epoch.
        """
        if self._run_directory.best_checkpoint.exists():
            super().load_state_dict(_moved(state_dict, self._run_directory.checkpoints))

    @override
    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add the reference's keys.

        Lightning runs checkpoint callbacks after all others, so weight averaging has put the
        averaged weights in place.
        """
        add_reference_keys(trainer, checkpoint)


def _moved(state: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The state of a checkpoint callback as if it had been saved in ``folder``."""

    def here(path: str) -> str:
        return str(folder / Path(path).name) if path else ""

    paths = {key: here(state[key]) for key in ("best_model_path", "kth_best_model_path", "last_model_path")}
    scores = {here(path): score for path, score in state["best_k_models"].items()}
    return {**state, **paths, "dirpath": str(folder), "best_k_models": scores}


class EpochCheckpoint(_RunCheckpoint):
    """``checkpoint_epoch_{N}.pt`` every n epochs, N from one, all kept."""

    def __init__(self, run: RunDirectory, every_n_epochs: int) -> None:
        super().__init__(
            run, filename="checkpoint_epoch_{epoch}", save_top_k=-1, every_n_epochs=every_n_epochs
        )

    @override
    def format_checkpoint_name(
        self,
        metrics: dict[str, torch.Tensor],
        filename: str | None = None,
        ver: int | None = None,
        prefix: str | None = None,
    ) -> str:
        """Lightning's name with the epoch counted from one."""
        counted = {**metrics, "epoch": metrics["epoch"] + 1}
        return super().format_checkpoint_name(counted, filename, ver, prefix)


class BestCheckpoint(_RunCheckpoint):
    """``best.pt``, the epoch with the best monitored metric; ``metrics`` learns where it was not written."""

    def __init__(self, run: RunDirectory, metrics: EpochMetrics, mode: Literal["max", "min"]) -> None:
        super().__init__(run, filename="best", monitor=metrics.monitor, mode=mode, save_top_k=1)
        self._metrics = metrics

    @override
    def check_monitor_top_k(self, trainer: Trainer, current: torch.Tensor | None = None) -> bool:
        """NaN is never best, though it be the first value."""
        if current is not None and not torch.isfinite(torch.as_tensor(current)):
            return False
        return super().check_monitor_top_k(trainer, current)

    @override
    def _update_best_and_save(
        self, current: torch.Tensor, trainer: Trainer, monitor_candidates: dict[str, torch.Tensor]
    ) -> None:
        """Save; where that failed, the epoch before is still the best one that there is."""
        before = {name: getattr(self, name) for name in _BEST_STATE} | {
            "best_k_models": dict(self.best_k_models)
        }
        super()._update_best_and_save(current, trainer, monitor_candidates)
        # Process zero writes, and all have to agree on what is best.
        if not trainer.strategy.broadcast(getattr(trainer.strategy.checkpoint_io, "saved", True)):
            for name, value in before.items():
                setattr(self, name, value)
            self._metrics.take_back_best()


class LastCheckpoint(_RunCheckpoint):
    """``last.pt`` after every epoch: at most one epoch of work is lost, whatever happens."""

    def __init__(self, run: RunDirectory) -> None:
        super().__init__(run, filename="last", save_top_k=1, every_n_epochs=1)
