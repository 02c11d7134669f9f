"""After the last epoch: the best epoch is tested, and its model and figures are written."""

from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging

from tablesense.tracking.cli.callbacks import callback_of
from tablesense.tracking.files.run_facts import artifact_name
from tablesense.tracking.files.run_files import RunFiles
from tablesense.tracking.metrics.epoch_metrics import EpochMetrics, test_metrics
from tablesense.tracking.run.directory import RunDirectory
from tablesense.tracking.run.experiment import ExperimentConfig
from tablesense.tracking.run.protocols import HasTestData, WritesPredictions, keepers


def finish(
    trainer: Trainer,
    module: LightningModule,
    data: LightningDataModule | None,
    run: RunDirectory,
    experiment: ExperimentConfig,
) -> None:
    """Evaluate ``best.pt`` and write what a finished run leaves; every process calls this."""
    metrics = callback_of(trainer, EpochMetrics)
    files = callback_of(trainer, RunFiles)
    try:
        if run.best_checkpoint.exists():
            _evaluate(trainer, module, data, run, experiment)
    finally:  # whatever is wrong with the test data, the training is done
        if trainer.is_global_zero:
            files.save_model(trainer, module)
    if not trainer.is_global_zero:
        return
    checkpoints = sorted(run.checkpoints.glob("checkpoint_epoch_*.pt"))
    for keeper in keepers(trainer.loggers):
        keeper.log_summary({**metrics.summary(), **test_metrics(trainer)})
        if experiment.log_checkpoints:
            name = artifact_name(f"{experiment.name}_checkpoints")
            best = [run.best_checkpoint] if run.best_checkpoint.exists() else []
            keeper.log_files_as_artifact(name, "model", [*best, *checkpoints])
    run.note_finished(finished=True)


def _evaluate(
    trainer: Trainer,
    module: LightningModule,
    data: LightningDataModule | None,
    run: RunDirectory,
    experiment: ExperimentConfig,
) -> None:
    """Test the best epoch, or validate it once more: its rows are needed, and may be long gone."""
    # Not by `ckpt_path`: Lightning would put the callbacks back to that epoch as well.
    checkpoint = trainer.strategy.load_checkpoint(run.best_checkpoint, weights_only=True)
    module.load_state_dict(checkpoint["state_dict"])
    # Weight averaging would put the last epoch's average in their place.
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    trainer.callbacks = [c for c in callbacks if not isinstance(c, WeightAveraging)]  # type: ignore[attr-defined]
    offers: object = data
    if experiment.test and isinstance(offers, HasTestData) and offers.has_test_data:
        trainer.test(module, datamodule=data, verbose=False)
    elif isinstance(module, WritesPredictions):
        trainer.validate(module, datamodule=data, verbose=False)
