"""The bookkeeping of a run as one list of callbacks."""

from collections.abc import Sequence
from typing import TypeVar

from lightning.pytorch import Callback, Trainer

from tablesense.tracking.checkpoints.checkpoints import BestCheckpoint, EpochCheckpoint, LastCheckpoint
from tablesense.tracking.checkpoints.graceful_stop import GracefulStop
from tablesense.tracking.checkpoints.seed_epochs import SeedEveryEpoch
from tablesense.tracking.files.run_facts import RunFacts
from tablesense.tracking.files.run_files import RunFiles
from tablesense.tracking.metrics.early_stopping import RunEarlyStopping
from tablesense.tracking.metrics.epoch_metrics import EpochMetrics
from tablesense.tracking.metrics.gradients import GradientNorms, WatchGradients
from tablesense.tracking.metrics.progress import BatchLosses, EpochLines
from tablesense.tracking.run.directory import RunDirectory
from tablesense.tracking.run.experiment import ExperimentConfig

C = TypeVar("C", bound=Callback)


def run_callbacks(
    experiment: ExperimentConfig,
    run: RunDirectory,
    seed: int | None,
    others: Sequence[Callback],
    *,
    progress: bool,
) -> list[Callback]:
    """``others``, the callbacks of the configuration, between what comes before and after them.

    The run directory is first, since the rest writes there. The best checkpoint is saved before
    the others, so that their state knows of it and a run resumed from any of them goes on alike.
    """
    metrics = EpochMetrics(run, experiment.monitor, experiment.monitor_mode)
    callbacks: list[Callback] = [run, RunFacts(run), GradientNorms(), WatchGradients()]
    if seed is not None:
        callbacks.append(SeedEveryEpoch(seed))
    callbacks += [*others, metrics]
    if progress:
        callbacks.append(EpochLines(metrics))
    if progress and experiment.print_loss_every_n_batches is not None:
        callbacks.append(BatchLosses(experiment.print_loss_every_n_batches))
    if experiment.early_stopping_patience is not None:
        patience = experiment.early_stopping_patience
        callbacks.append(RunEarlyStopping(run, experiment.monitor, patience, experiment.monitor_mode))
    callbacks += [
        RunFiles(run, experiment, metrics),
        GracefulStop(run),
        BestCheckpoint(run, metrics, experiment.monitor_mode),
        EpochCheckpoint(run, experiment.save_every_n_epochs),
        LastCheckpoint(run),
    ]
    return callbacks


def callback_of(trainer: Trainer, kind: type[C]) -> C:
    """The trainer's callback of a kind it has one of."""
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    return next(callback for callback in callbacks if isinstance(callback, kind))
