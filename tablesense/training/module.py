"""The LightningModule: it connects network, criterion and scores, and leaves the work to them."""

import math
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from lightning import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn

from tablesense.data.module import SheetDataModule
from tablesense.data.sample import SheetBatch
from tablesense.errors import UserError
from tablesense.evaluation.rows import Row, class_metric_rows, prediction_rows
from tablesense.evaluation.scores import SheetResult
from tablesense.evaluation.validation_pictures import Picture, PictureChooser, validation_pictures
from tablesense.features.channels import FEATURE_VERSION
from tablesense.learning.optimizer import adamw, decay_groups
from tablesense.learning.schedule import check_schedule, until_the_end
from tablesense.model.decode import LEAST_SCORE, decode
from tablesense.model.detector import DetectorOutput, NetworkConfig, TableDetector
from tablesense.sheets.source import printable
from tablesense.tracking.run.quiet import speaks
from tablesense.training.criterion import Losses, TableCriterion
from tablesense.training.fine_tuning import differing_options, start_from
from tablesense.training.matcher import HungarianMatcher
from tablesense.training.results import SheetResults


@dataclass(frozen=True)
class LossConfig:
    """Weights of the loss and of the matching cost; see :class:`TableCriterion`."""

    lambda_cls: float = 1.0
    lambda_l1: float = 5.0
    lambda_iou: float = 2.0
    lambda_boundary: float = 2.0
    lambda_cells: float = 1.0
    focal_alpha: float = 0.5
    focal_gamma: float = 2.0
    aux_loss: bool = True
    boundary_cost: float = 1.0
    label_smoothing: float = 0.0


class TableDetectionModule(LightningModule):
    """Trains a :class:`TableDetector`.

    Args:
        network: shape of the network.
        loss: weights of the loss.
        lr: peak learning rate of AdamW.
        weight_decay: of AdamW, on weight matrices only.
        warmup_steps: optimizer steps of linear warm-up; then the rate falls as a cosine to ``min_lr_share``.
        min_lr_share: share of ``lr`` at the end.
        score_threshold: a box scored lower is no prediction in ``val/precision``, ``val/recall``, ``val/f1``.
        weights: fine-tune these instead of beginning with random ones: ``released`` for the model that ships,
            or a run, a checkpoint, a folder, a model on the hub; they must have the shape of ``network``.
            A run that is resumed does not need them again.
    """

    model_name = "deformable-detr"
    summary_metrics: ClassVar[dict[str, str]] = {
        "val/eob0_precision": "EoB-0 P",
        "val/eob0_recall": "EoB-0 R",
        "val/eob0_f1": "EoB-0 F1",
        "val/eob2_precision": "EoB-2 P",
        "val/eob2_recall": "EoB-2 R",
        "val/eob2_f1": "EoB-2 F1",
    }

    def __init__(
        self,
        network: NetworkConfig = NetworkConfig(),
        loss: LossConfig = LossConfig(),
        lr: float = 5e-4,
        weight_decay: float = 1e-4,
        warmup_steps: int = 100,
        min_lr_share: float = 0.02,
        score_threshold: float = 0.5,
        weights: str | None = None,
    ) -> None:
        super().__init__()
        if not 0 < lr < math.inf:
            raise UserError(f"model.lr: must be above 0, got {lr}")
        check_schedule(warmup_steps, min_lr_share)
        if not 0 <= loss.label_smoothing < 1:
            raise UserError(
                f"model.loss.label_smoothing: must be at least 0 and below 1, got {loss.label_smoothing}"
            )
        if not 0 <= score_threshold <= 1:
            raise UserError(f"model.score_threshold: must lie between 0 and 1, got {score_threshold}")
        self.lr, self.weight_decay = lr, weight_decay
        self.warmup_steps, self.min_lr_share = warmup_steps, min_lr_share
        self.score_threshold = score_threshold
        self.network = TableDetector(network, score_threshold=score_threshold)
        self.weights = weights
        lambdas = asdict(loss)
        matcher = HungarianMatcher(
            loss.lambda_cls,
            loss.lambda_l1,
            loss.lambda_iou,
            lambdas.pop("boundary_cost"),
            loss.focal_alpha,
            loss.focal_gamma,
        )
        self.criterion = TableCriterion(matcher, **lambdas)
        # What a machine marks differs from what people mark, and not only by chance. The network is told
        # whose marks it learns from, so that detection, which is not told, answers as people would.
        self.silver_hint = nn.Parameter(torch.zeros(network.hidden_dim))
        self.results = SheetResults(score_threshold)
        self.picture_chooser = PictureChooser()

    def on_fit_start(self) -> None:
        """Begin with the weights that are named, if any."""
        if self.weights is not None:
            start_from(self.network, self.weights)
            if speaks():
                sys.stdout.write(f"Training begins with the weights of {printable(self.weights)}\n")

    def forward(self, batch: SheetBatch) -> DetectorOutput:
        """Run the network on a batch; only training tells it whose marks it is to give."""
        hint = batch.silver[:, None] * self.silver_hint if self.training else None
        output: DetectorOutput = self.network(batch.grid, batch.mask, hint)
        return output

    def training_step(self, packs: list[SheetBatch]) -> Tensor:
        """Loss of a batch."""
        nonfinite = self.criterion.matcher.nonfinite
        losses = self._losses("train", packs, [self(pack) for pack in packs])
        met = float(self.criterion.matcher.nonfinite - nonfinite)
        self.log(
            "train/nonfinite_costs",
            met,
            reduce_fx="sum",
            on_step=False,
            on_epoch=True,
            logger=False,
            sync_dist=True,
        )
        return losses.loss

    def validation_step(self, packs: list[SheetBatch]) -> None:
        """Loss of a batch, and its predictions put aside for the scores."""
        self._evaluate("val", packs)

    def test_step(self, packs: list[SheetBatch]) -> None:
        """As in the validation."""
        self._evaluate("test", packs)

    def on_validation_epoch_start(self) -> None:
        """Forget the last epoch's predictions."""
        self.results.clear()

    def on_test_epoch_start(self) -> None:
        """Forget the validation's predictions."""
        self.results.clear()

    def on_validation_epoch_end(self) -> None:
        """Score all predictions; with ``num_sanity_val_steps: -1`` tell those made before the first step."""
        metrics = self._score("val")
        has_seen_all = self.trainer.num_sanity_val_steps == math.inf
        if self.trainer.sanity_checking and has_seen_all and not self.trainer.global_step and speaks():
            scores = ", ".join(f"{label} {metrics[name]:.3f}" for name, label in self.summary_metrics.items())
            sys.stdout.write(f"Before training, in validation: {scores}\n")
            sys.stdout.flush()

    def on_test_epoch_end(self) -> None:
        """Score all predictions."""
        self._score("test")

    def derived_metrics(self, row: Mapping[str, float]) -> dict[str, float]:
        """Of an epoch's means: how the two largest losses of the reference compare."""
        l1 = row["train/l1_loss"]
        return {"train/loss_ratio_cls_l1": row["train/cls_loss"] / l1 if l1 > 0 else math.nan}

    def prediction_rows(self) -> list[Row]:
        """A row a sheet of the last validation or test."""
        return prediction_rows(self.results.sheets, self.score_threshold)

    def class_metric_rows(self) -> list[Row]:
        """Rows of corpora and size classes of the last validation or test."""
        split = "test" if self.trainer.testing else "val"
        rows = class_metric_rows(self.results.sheets, self.score_threshold)
        return [{"split": split, **row} for row in rows]

    def pictures(self) -> list[Picture]:
        """Some of the last validation's sheets, with their annotated and found tables."""
        data: object = getattr(self.trainer, "datamodule", None)
        if not isinstance(data, SheetDataModule):
            return []

        def workbook(result: SheetResult) -> Path:
            return data.workbook(result.corpus, result.file_name)

        return validation_pictures(self.results.sheets, self.score_threshold, workbook, self.picture_chooser)

    def save_pretrained(self, folder: Path) -> None:
        """Write the network for :meth:`TableDetector.from_pretrained`, and its weights as a ``.bin`` too.

        The second file has the name that is expected in W&B's Files tab.
        """
        self.network.save_pretrained(folder)
        torch.save(self.network.state_dict(), folder / "pytorch_model.bin")

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """AdamW; warm-up, then a cosine, stepped with the optimizer."""
        groups = decay_groups(self.parameters())
        optimizer = adamw(groups, self.lr, self.weight_decay, str(self.trainer.precision))
        return until_the_end(optimizer, self.trainer, "cosine", self.warmup_steps, self.min_lr_share)

    def next_steps(self, run: Path) -> list[str]:
        """What to type after a run, shown at its end."""
        quoted = shlex.quote(str(run))
        return [
            f"python -m tablesense.fit --resume {quoted} --trainer.max_epochs=MORE  (train on)",
            f"tablesense detect --weights {quoted} WORKBOOK  (find tables with it)",
            f"tablesense evaluate --weights {quoted} --data CORPUS --split test  (measure it)",
        ]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put in what rebuilding the network needs."""
        checkpoint["feature_version"] = FEATURE_VERSION
        checkpoint["network"] = asdict(self.network.config)
        checkpoint["pictures_shown"] = self.picture_chooser.state_dict()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse weights that were trained on other features or another shape of network.

        Raises:
            UserError: they were.
        """
        version = checkpoint.get("feature_version")
        if version != FEATURE_VERSION:
            raise UserError(
                f"the checkpoint was trained on feature version {version}, this tablesense has "
                f"{FEATURE_VERSION}: train again, or install the version that made it"
            )
        made = asdict(NetworkConfig()) | checkpoint.get("network", {})  # older ones lack newer options
        if differing := differing_options(made, asdict(self.network.config)):
            raise UserError(
                f"the checkpoint's network has another shape than model.network in the config: {differing}"
            )
        self.weights = None  # training goes on from the checkpoint's
        if "pictures_shown" in checkpoint:
            self.picture_chooser.load_state_dict(checkpoint["pictures_shown"])

    def _evaluate(self, stage: str, packs: list[SheetBatch]) -> None:
        outputs = [self(pack) for pack in packs]
        self._losses(stage, packs, outputs)
        for pack, output in zip(packs, outputs, strict=True):
            for source, found in zip(pack.sources, decode(output.answer, LEAST_SCORE), strict=True):
                if source is not None:
                    self.results.add(source, found)

    def _score(self, stage: str) -> dict[str, float]:
        self.results.gather(self.trainer)
        metrics = self.results.metrics(stage)
        self.log_dict(metrics, logger=False, sync_dist=True)
        return metrics

    def _losses(self, stage: str, packs: list[SheetBatch], outputs: list[DetectorOutput]) -> Losses:
        """Losses of a batch, logged; the same however its sheets are packed."""
        num_sheets = sum(len(pack) for pack in packs)
        num_tables = float(sum(len(boxes) for pack in packs for boxes in pack.tables))
        if stage == "train" and torch.distributed.is_initialized():
            # As in DETR: a table weighs the same in whatever process it is.
            shared = torch.tensor(num_tables, device=self.device)
            num_tables = float(self.trainer.strategy.reduce(shared, reduce_op="mean"))
        parts = [
            self.criterion(output, pack.tables, num_tables, num_sheets)
            for pack, output in zip(packs, outputs, strict=True)
        ]
        losses = Losses(*(torch.stack(values).sum() for values in zip(*parts, strict=True)))
        values = {
            f"{stage}/loss": losses.loss,
            f"{stage}/det_loss": losses.loss,
            f"{stage}/cls_loss": losses.cls,
            f"{stage}/l1_loss": losses.l1,
            f"{stage}/iou_loss": losses.iou,
            f"{stage}/boundary_loss": losses.boundary,
            f"{stage}/cell_loss": losses.cells,
        }
        self.log_dict(
            values, on_step=False, on_epoch=True, batch_size=num_sheets, logger=False, sync_dist=True
        )
        return losses
