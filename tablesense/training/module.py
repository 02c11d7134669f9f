"""The LightningModule: it connects network, criterion and scores, and leaves the work to them."""

import math
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from lightning import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor

from tablesense.data.sample import SheetBatch
from tablesense.errors import UserError
from tablesense.evaluation.scores import SheetResult, best_threshold, counts_by_corpus, macro, mean_eob
from tablesense.features.channels import FEATURE_VERSION, NUM_CHANNELS
from tablesense.model.decode import decode
from tablesense.model.detector import DetectorOutput, NetworkConfig, TableDetector
from tablesense.training.criterion import Losses, TableCriterion
from tablesense.training.matcher import HungarianMatcher
from tablesense.training.schedule import warmup_cosine

_MIN_SCORE = 0.05  # boxes below this are never of use; validation sweeps the thresholds above it


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
    """

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
    ) -> None:
        super().__init__()
        if not 0 < lr < math.inf:
            raise UserError(f"model.lr: must be above 0, got {lr}")
        if not 0 <= score_threshold <= 1:
            raise UserError(f"model.score_threshold: must lie between 0 and 1, got {score_threshold}")
        self.lr, self.weight_decay = lr, weight_decay
        self.warmup_steps, self.min_lr_share = warmup_steps, min_lr_share
        self.score_threshold = score_threshold
        self.network = TableDetector(network, NUM_CHANNELS)
        weights = asdict(loss)
        matcher = HungarianMatcher(
            loss.lambda_cls,
            loss.lambda_l1,
            loss.lambda_iou,
            weights.pop("boundary_cost"),
            loss.focal_alpha,
            loss.focal_gamma,
        )
        self.criterion = TableCriterion(matcher, **weights)
        self.results: list[SheetResult] = []

    def forward(self, batch: SheetBatch) -> DetectorOutput:
        """Run the network on a batch."""
        output: DetectorOutput = self.network(batch.grid, batch.mask)
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
        outputs = [self(pack) for pack in packs]
        self._losses("val", packs, outputs)
        for pack, output in zip(packs, outputs, strict=True):
            for source, found in zip(pack.sources, decode(output, _MIN_SCORE), strict=True):
                if source is None:
                    continue
                predicted = tuple((source.fold.to_sheet(box), score) for box, score in found)
                self.results.append(
                    SheetResult(source.corpus, source.file_name, source.sheet_name, predicted, source.tables)
                )

    def on_validation_epoch_start(self) -> None:
        """Forget the last epoch's predictions."""
        self.results.clear()

    def on_validation_epoch_end(self) -> None:
        """Score all predictions; each process has its share of the sheets, so they are gathered first."""
        results = self._gathered_results()
        metrics: dict[str, float] = {}
        for tolerance in (0, 2):
            totals = counts_by_corpus(results, tolerance, self.score_threshold)
            scores = macro(totals)
            metrics |= {f"val/eob{tolerance}_{name}": value for name, value in asdict(scores).items()}
            metrics |= {f"val/eob{tolerance}_f1/{corpus}": total.f1 for corpus, total in totals.items()}
        metrics |= {f"val/{name}": metrics[f"val/eob0_{name}"] for name in ("precision", "recall", "f1")}
        metrics["val/eob_mean"] = mean_eob(results, self.score_threshold)
        metrics["val/best_threshold"] = best_threshold(results)
        self.log_dict(metrics, logger=False, sync_dist=True)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """AdamW; warm-up, then a cosine, stepped with the optimizer."""
        groups: list[dict[str, Any]] = [
            {"params": [p for p in self.network.parameters() if p.ndim > 1]},
            {"params": [p for p in self.network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, self.lr, weight_decay=self.weight_decay)
        steps = self.trainer.estimated_stepping_batches
        if not math.isfinite(steps):
            raise UserError("trainer.max_epochs: must be set, the learning rate falls until the last epoch")
        schedule = warmup_cosine(optimizer, self.warmup_steps, int(steps), self.min_lr_share)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def next_steps(self, run: Path) -> list[str]:
        """What to type after a run, shown at its end."""
        resume = shlex.quote(str(run))
        return [
            f"python -m tablesense.fit --resume {resume} --trainer.max_epochs=MORE  (train on)",
            "python -m tablesense.fit --config configs/real.yaml  (annotated workbooks of your own)",
        ]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put in what rebuilding the network needs."""
        checkpoint["feature_version"] = FEATURE_VERSION
        checkpoint["network"] = asdict(self.network.config)

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
        if checkpoint.get("network") != asdict(self.network.config):
            raise UserError("the checkpoint's network has another shape than model.network in the config")

    def _gathered_results(self) -> list[SheetResult]:
        if self.trainer.world_size == 1:
            return self.results
        parts: list[Any] = [None] * self.trainer.world_size
        torch.distributed.all_gather_object(parts, self.results)
        # A distributed sampler repeats sheets to give each process as many: count each once.
        unique = {
            (result.corpus, result.file_name, result.sheet_name): result for part in parts for result in part
        }
        return list(unique.values())

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
