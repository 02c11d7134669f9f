"""What W&B's Files tab shows of a run: predictions, statistics, pictures, the model as a folder.

The files lie in the run folder, whether W&B is on or not; ``experiment.upload`` says which of them
the loggers get. What is in them, the task's module says (see :mod:`tablesense.tracking.run.protocols`).
"""

import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn
from typing_extensions import override

from tablesense.tracking.files.csv_files import write_csv
from tablesense.tracking.metrics.epoch_metrics import EpochMetrics, finite, test_metrics
from tablesense.tracking.run.atomic import give_usual_rights, write_text
from tablesense.tracking.run.directory import RunDirectory
from tablesense.tracking.run.experiment import ExperimentConfig, Upload
from tablesense.tracking.run.protocols import (
    DrawsPictures,
    NamesModel,
    Row,
    SavesPretrained,
    WritesPredictions,
    keepers,
)

_NOT_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


class RunFiles(Callback):
    """Writes the files; what cannot be written is a fault, and the training goes on.

    - ``predictions/val_epoch{N}_predictions_{model}_{timestamp}.csv`` after every validation,
      ``predictions/test_predictions_{model}_{timestamp}.csv`` after the test;
    - ``stats/per_class_metrics_{model}_{timestamp}.csv`` of the best epoch, on the test data where
      there are some, else on the validation data;
    - ``pictures/epoch_{N}/*.svg``;
    - ``checkpoint/{model}-{timestamp}/``, the best epoch's model (:meth:`save_model`).
    """

    def __init__(self, run: RunDirectory, experiment: ExperimentConfig, metrics: EpochMetrics) -> None:
        self._run = run
        self._experiment = experiment
        self._metrics = metrics
        self._class_rows: list[Row] = []

    @override
    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The predictions of this epoch, and its pictures; after the training, the statistics."""
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        if trainer.state.fn != TrainerFn.FITTING:
            self._write_stats(trainer, pl_module)
            return
        epoch = trainer.current_epoch + 1
        self._write_predictions(trainer, pl_module, f"val_epoch{epoch}")
        every = self._experiment.pictures_every_n_epochs
        if every is not None and epoch % every == 0:
            self._draw(trainer, pl_module, epoch)

    @override
    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The predictions on the test data, and the statistics."""
        if trainer.is_global_zero:
            self._write_predictions(trainer, pl_module, "test")
            self._write_stats(trainer, pl_module)

    def save_model(self, trainer: Trainer, module: LightningModule) -> None:
        """Write the model as it is now, with ``metrics.json``."""
        if not isinstance(module, SavesPretrained):
            return
        with self._run.faults.guard("checkpoint folder"):
            folder = self._run.path / "checkpoint" / f"{self._model(module)}-{self._run.card.stamp}"
            partial = folder.with_name(f".{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            try:
                module.save_pretrained(partial)
                give_usual_rights(partial)
                write_text(partial / "metrics.json", json.dumps(self._all_metrics(trainer), indent=2) + "\n")
                shutil.rmtree(folder, ignore_errors=True)
                partial.rename(folder)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
            self._upload("checkpoint", trainer, sorted(folder.iterdir()))

    def _write_predictions(self, trainer: Trainer, module: LightningModule, which: str) -> None:
        if isinstance(module, WritesPredictions):
            with self._run.faults.guard("predictions"):
                name = f"{which}_predictions_{self._model(module)}_{self._run.card.stamp}.csv"
                file = self._run.path / "predictions" / name
                write_csv(file, module.prediction_rows())
                self._upload("predictions", trainer, [file])

    def _write_stats(self, trainer: Trainer, module: LightningModule) -> None:
        if isinstance(module, WritesPredictions):
            with self._run.faults.guard("stats"):
                self._class_rows = list(module.class_metric_rows())
                name = f"per_class_metrics_{self._model(module)}_{self._run.card.stamp}.csv"
                file = self._run.path / "stats" / name
                write_csv(file, self._class_rows)
                self._upload("stats", trainer, [file])

    def _draw(self, trainer: Trainer, module: LightningModule, epoch: int) -> None:
        if isinstance(module, DrawsPictures):
            with self._run.faults.guard("pictures"):
                pictures = list(module.pictures())
                folder = self._run.path / "pictures" / f"epoch_{epoch}"
                folder.mkdir(parents=True, exist_ok=True)
                for picture in pictures:
                    write_text(folder / f"{_file_name(picture.name)}.svg", picture.svg)
                if pictures and "pictures" in self._experiment.upload:
                    for keeper in keepers(trainer.loggers):
                        keeper.log_pages("val/pictures", [picture.svg for picture in pictures], epoch)

    def _upload(self, kind: Upload, trainer: Trainer, files: Iterable[Path]) -> None:
        if kind in self._experiment.upload:
            for keeper in keepers(trainer.loggers):
                for file in files:
                    if file.exists():
                        keeper.save_file(file)

    def _all_metrics(self, trainer: Trainer) -> dict[str, object]:
        return {
            "epochs": self._metrics.epoch,
            **finite(self._metrics.summary()),
            **finite(test_metrics(trainer)),
            "per_class_metrics": self._class_rows,
        }

    def _model(self, module: LightningModule) -> str:
        return _file_name(module.model_name if isinstance(module, NamesModel) else self._experiment.name)


def _file_name(name: str) -> str:
    return _NOT_IN_A_FILE_NAME.sub("-", name).strip("-.")[:120] or "model"
