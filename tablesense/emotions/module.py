"""The LightningModule: a pretrained encoder of texts with a classifier for emotions."""

import math
import shlex
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from lightning import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor

from tablesense.emotions.batches import TextBatch
from tablesense.emotions.data import EmotionDataModule
from tablesense.emotions.hub import encoder_folder
from tablesense.emotions.metrics import Array, Flags, count
from tablesense.emotions.pretrained import (
    encoder_parameters,
    head_layer,
    head_parameters,
    labels_of,
    load_config,
    load_network,
    load_tokenizer,
    multi_label,
    positions,
    require_transformers,
    restart_head,
    save_classifier,
    scalar_settings,
)
from tablesense.emotions.results import HALF, TextResults, label_scores, scores
from tablesense.emotions.rows import Row, class_metric_rows, prediction_rows
from tablesense.emotions.thresholds import tune
from tablesense.emotions.weights import ClassWeights, log_odds, positive_weights
from tablesense.errors import UserError
from tablesense.learning.optimizer import adamw, decay_groups
from tablesense.learning.schedule import Kind, check_schedule, until_the_end


class EmotionModule(LightningModule):
    """Fine-tunes ``transformers.AutoModelForSequenceClassification`` to tell the emotions of texts.

    Every label has a sigmoid of its own; the loss is binary cross-entropy, the mean over texts and labels.

    Args:
        model_name_or_path: a pretrained encoder: a folder, or a name on the Hugging Face hub.
        model_name: what run files call the model; null takes the kind of network that its config.json
            names: distilbert, bert.
        lr: peak learning rate of AdamW.
        head_lr: that of the classifier, which starts from nothing; null takes ``lr``.
        weight_decay: of AdamW, on weight matrices only: not on norms and biases.
        warmup_steps: optimizer steps of linear warm-up.
        schedule: how the rate falls after that until the last epoch: as a line or as a cosine.
        min_lr_share: share of ``lr`` at the end.
        dropout: rate of dropout in encoder and classifier; null leaves it as the encoder has it.
        freeze_embeddings: keep the vectors of the words as they are: less memory, shorter steps.
        class_weights: how much more a text with the label counts than one without: ``balanced`` as many
            times as it is rarer, ``sqrt`` the square root of that, ``none`` the same. Rare emotions are
            found more often then, and their probabilities are no longer shares of texts.
        threshold: from which probability a label counts in the scores, in the predictions and in
            ``predict-emotions``: a number; ``global`` is one that is tuned on the validation texts
            after every epoch, ``per_class`` one a label.
        threshold_prior: with ``per_class``, how many texts the threshold of all labels is worth against
            those of the label; more draws rare labels closer to it.
    """

    summary_metrics: ClassVar[dict[str, str]] = {
        "val/macro_f1": "macro F1",
        "val/micro_f1": "micro F1",
        "val/weighted_f1": "weighted F1",
        "val/exact_match": "all labels right",
    }
    positive_weights: Tensor
    overall_threshold: Tensor
    class_thresholds: Tensor

    def __init__(
        self,
        model_name_or_path: str = "distilbert-base-uncased",
        model_name: str | None = None,
        lr: float = 5e-5,
        head_lr: float | None = None,
        weight_decay: float = 0.01,
        warmup_steps: int = 100,
        schedule: Kind = "linear",
        min_lr_share: float = 0.0,
        dropout: float | None = None,
        freeze_embeddings: bool = False,
        class_weights: ClassWeights = "none",
        threshold: float | Literal["global", "per_class"] = "per_class",
        threshold_prior: float = 10.0,
    ) -> None:
        super().__init__()
        check_schedule(warmup_steps, min_lr_share)
        _check_rates(lr, head_lr, dropout, threshold, threshold_prior)
        require_transformers()
        self.lr, self.head_lr, self.weight_decay = lr, lr if head_lr is None else head_lr, weight_decay
        self.warmup_steps, self.schedule, self.min_lr_share = warmup_steps, schedule, min_lr_share
        self.dropout, self.freeze_embeddings, self.class_weights = dropout, freeze_embeddings, class_weights
        self.threshold, self.threshold_prior = threshold, threshold_prior
        self._folder = encoder_folder(model_name_or_path)
        self._config = load_config(self._folder)
        self.tokenizer = load_tokenizer(self._folder)
        self.model_name = model_name or str(self._config.model_type)
        self.labels: list[str] = []
        self.network: Any = None
        self.results = TextResults()

    def setup(self, stage: str | None = None) -> None:  # noqa: ARG002 - Lightning's signature
        """Build the network for the labels of the data.

        Raises:
            UserError: the data are of another task, or the network cannot be loaded.
        """
        if self.network is not None:
            return
        data = self._data
        self.labels = data.labels
        weights = positive_weights(data.label_counts, len(data.splits["train"]), self.class_weights)
        config = load_config(self._folder, **multi_label(self.labels, self.dropout, self._config))
        self.network, is_new = load_network(self._folder, config)
        if data.max_length > (most := positions(self.network)):
            raise UserError(f"data.max_length: the model takes {most} tokens at most, got {data.max_length}")
        self.network.train()  # transformers loads for use, without dropout, and Lightning leaves it so
        if is_new or labels_of(self._config) != self.labels:
            start = log_odds(data.label_counts, len(data.splits["train"]), weights)
            restart_head(head_layer(self.network, len(self.labels)), torch.from_numpy(start).float())
        if self.freeze_embeddings:
            self.network.get_input_embeddings().requires_grad_(requires_grad=False)
        self.register_buffer("positive_weights", torch.from_numpy(weights).float(), persistent=False)
        # With the weights of the best epoch come the thresholds that were tuned with them.
        self.register_buffer("overall_threshold", torch.tensor(HALF))
        self.register_buffer("class_thresholds", torch.full((len(self.labels),), HALF))

    def forward(self, batch: TextBatch) -> Tensor:
        """Logits of a batch, (B, L)."""
        logits: Tensor = self.network(input_ids=batch.tokens, attention_mask=batch.mask).logits
        return logits.float()

    def training_step(self, batch: TextBatch) -> Tensor:
        """Loss of a batch."""
        loss = self._loss(self(batch), batch.targets)
        self.log(
            "train/loss",
            loss,
            on_step=False,
            on_epoch=True,
            batch_size=len(batch.rows),
            logger=False,
            sync_dist=True,
        )
        return loss

    def validation_step(self, batch: TextBatch) -> None:
        """Put aside what the network says of a batch."""
        self.results.add(batch.rows, self(batch), batch.targets)

    def test_step(self, batch: TextBatch) -> None:
        """As in the validation."""
        self.results.add(batch.rows, self(batch), batch.targets)

    def on_validation_epoch_start(self) -> None:
        """Forget the last epoch's results."""
        self.results.clear()

    def on_test_epoch_start(self) -> None:
        """Forget the validation's results."""
        self.results.clear()

    def on_validation_epoch_end(self) -> None:
        """Tune the thresholds, then measure with them; Lightning's sanity check tunes nothing."""
        self.results.gather(self.trainer)
        if not self.trainer.sanity_checking:
            tuned = tune(self.results.probabilities, self.results.targets, self.threshold_prior)
            self.overall_threshold.fill_(tuned.overall)
            self.class_thresholds.copy_(torch.from_numpy(tuned.per_class))
        self._measure("val")

    def on_test_epoch_end(self) -> None:
        """Measure with the thresholds of the validation."""
        self.results.gather(self.trainer)
        self._measure("test")

    @property
    def facts(self) -> dict[str, object]:
        """What the run's record should say of the network."""
        settings = {
            f"model/config/{name}": value for name, value in scalar_settings(self.network.config).items()
        }
        return {**settings, "environment/transformers": require_transformers().__version__}

    @property
    def thresholds(self) -> Array:
        """(L,) from which probability each label counts, as ``threshold`` says."""
        return self._thresholds(self.threshold)

    def prediction_rows(self) -> list[Row]:
        """A row a text of the last validation or test."""
        data, results = self._data, self.results
        texts = data.splits["test" if self.trainer.testing else "val"].texts
        said = [texts[row] for row in results.rows]
        return prediction_rows(said, self.labels, results.targets, self._predicted, results.probabilities)

    def class_metric_rows(self) -> list[Row]:
        """A row a label of the last validation or test."""
        return class_metric_rows(self.labels, count(self._predicted, self.results.targets))

    def save_pretrained(self, folder: Path) -> None:
        """Write network, tokenizer and thresholds, for transformers and for ``predict-emotions``."""
        thresholds = dict(zip(self.labels, self.thresholds.tolist(), strict=True))
        save_classifier(folder, self.network, self.tokenizer, thresholds, self._data.max_length)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """AdamW; warm-up, then down to the last epoch, stepped with the optimizer."""
        head = [{**group, "lr": self.head_lr} for group in decay_groups(head_parameters(self.network))]
        groups = decay_groups(encoder_parameters(self.network)) + head
        optimizer = adamw(groups, self.lr, self.weight_decay, str(self.trainer.precision))
        return until_the_end(optimizer, self.trainer, self.schedule, self.warmup_steps, self.min_lr_share)

    def next_steps(self, run: Path) -> list[str]:
        """What to type after a run, shown at its end."""
        name = shlex.quote(str(run))
        return [
            f"python -m tablesense.predict_emotions --weights {name} 'What a lovely day!'",
            f"python -m tablesense.fit --resume {name} --trainer.max_epochs=MORE  (train on)",
        ]

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put in which labels the weights are for."""
        checkpoint["labels"] = list(self.labels)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse weights that were trained for other labels.

        Raises:
            UserError: they were.
        """
        if checkpoint.get("labels") != self.labels:
            raise UserError("the checkpoint was trained for other labels than those of the data: start anew")

    @property
    def _data(self) -> EmotionDataModule:
        data: object = getattr(self.trainer, "datamodule", None)
        if not isinstance(data, EmotionDataModule):
            raise UserError("data.class_path: emotions need tablesense.emotions.data.EmotionDataModule")
        return data

    @property
    def _predicted(self) -> Flags:
        return self.results.probabilities >= self.thresholds

    def _thresholds(self, kind: float | str) -> Array:
        if kind == "per_class":
            return self.class_thresholds.double().cpu().numpy()
        return np.full(len(self.labels), float(self.overall_threshold) if kind == "global" else float(kind))

    def _loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(logits, targets, pos_weight=self.positive_weights)

    def _measure(self, stage: str) -> None:
        results, device = self.results, self.positive_weights.device
        logits, targets = torch.from_numpy(results.logits), torch.from_numpy(results.targets)
        kinds: dict[str, float | str] = {"at_half": HALF, "global": "global", "per_class": "per_class"}
        others = {name: self._thresholds(kind) for name, kind in kinds.items()}
        metrics = {
            "loss": float(self._loss(logits.to(device), targets.float().to(device))),
            **scores(results, self.labels, self.thresholds, others),
            "global_threshold": float(self.overall_threshold),
        }
        if stage == "test":
            metrics |= label_scores(self.labels, count(self._predicted, results.targets))
        named = {f"{stage}/{name}": value for name, value in metrics.items()}
        self.log_dict(named, logger=False, sync_dist=True)  # every process has the same values


def _check_rates(
    lr: float, head_lr: float | None, dropout: float | None, threshold: float | str, prior: float
) -> None:
    for key, rate in (("lr", lr), ("head_lr", head_lr)):
        if rate is not None and not 0 < rate < math.inf:
            raise UserError(f"model.{key}: must be above 0, got {rate}")
    if dropout is not None and not 0 <= dropout < 1:
        raise UserError(f"model.dropout: must be at least 0 and below 1, got {dropout}")
    if not isinstance(threshold, str) and not 0 < threshold < 1:
        raise UserError(f"model.threshold: must lie between 0 and 1, got {threshold}")
    if not 0 <= prior < math.inf:
        raise UserError(f"model.threshold_prior: must be 0 or more, got {prior}")
