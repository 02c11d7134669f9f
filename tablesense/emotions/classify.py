"""A trained classifier, loaded from a run or a folder, and what it says of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import expit

from tablesense.emotions.batches import encode, pad
from tablesense.emotions.hub import CONFIG
from tablesense.emotions.metrics import Array, Flags
from tablesense.emotions.pretrained import (
    PROBLEM,
    THRESHOLDS,
    labels_of,
    load_network,
    load_tokenizer,
    positions,
)
from tablesense.emotions.results import HALF
from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain

_LONGEST = 512  # tokens, where neither tokenizer nor network says how many it takes


class Classifier:
    """Tells the labels of texts.

    Args:
        folder: written by a run, or by ``save_pretrained`` of any classifier of transformers.
        device: to work on.
        threshold: from which probability a label counts; None goes by what the training tuned, and by a
            half in a folder that says nothing of it.

    Attributes:
        labels: L names.
        thresholds: (L,).

    Raises:
        UserError: what the folder holds is no classifier, or cannot be loaded.
    """

    def __init__(self, folder: Path, device: torch.device, threshold: float | None = None) -> None:
        loaded = load_network(folder)
        if loaded.has_new_head:
            raise UserError(f"{plain(folder)}: it has no classifier yet; train one with `tablesense fit`")
        self.network: Any = loaded.network.to(device).eval()
        self.tokenizer = load_tokenizer(folder)
        config = self.network.config
        if config.problem_type not in (None, PROBLEM):
            raise UserError(
                f"{plain(folder)}: is for {plain(config.problem_type)}, not for any number of labels a text"
            )
        self.labels = labels_of(config)
        self.thresholds = _thresholds(folder, getattr(config, THRESHOLDS, None), self.labels, threshold)
        self._device = device
        # A tokenizer that does not know how much fits says a number beyond all bounds.
        self._max_length = int(min(self.tokenizer.model_max_length, positions(self.network), 10**6))
        if self._max_length == 10**6:
            self._max_length = _LONGEST

    def probabilities(
        self, texts: Sequence[str], batch_size: int, each: Callable[[int], None] = lambda _: None
    ) -> Array:
        """How likely each label is, (N, L).

        Args:
            texts: N of them; longer ones are cut as in the training.
            batch_size: texts at a time.
            each: is told how many texts of a batch are done.
        """
        tokens = encode(self.tokenizer, texts, self._max_length)
        found = np.zeros((len(texts), len(self.labels)))
        for rows in _by_length(tokens, batch_size):
            numbers, mask = pad([tokens[row] for row in rows], self.tokenizer.pad_token_id or 0)
            with torch.inference_mode():
                output = self.network(
                    input_ids=numbers.to(self._device), attention_mask=mask.to(self._device)
                )
            found[rows] = expit(output.logits.float().cpu().numpy().astype(np.float64))
            each(len(rows))
        return found

    def predicted(self, probabilities: Array) -> Flags:
        """Which labels count, (N, L)."""
        flags: Flags = probabilities >= self.thresholds
        return flags


def _by_length(tokens: Sequence[Sequence[int]], batch_size: int) -> Iterator[list[int]]:
    order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]


def _thresholds(folder: Path, saved: object, labels: Sequence[str], threshold: float | None) -> Array:
    if threshold is not None or saved is None:
        return np.full(len(labels), HALF if threshold is None else threshold)
    try:
        return np.array([float(saved[label]) for label in labels])  # type: ignore[index] # checked by trying
    except (TypeError, KeyError, ValueError) as error:
        raise UserError(
            f"{plain(folder / CONFIG)}: {THRESHOLDS} is not a number for every label; give --threshold"
        ) from error
