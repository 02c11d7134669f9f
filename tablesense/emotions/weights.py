"""How much rare labels count in the loss, and where a classifier starts."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tablesense.emotions.metrics import Array

ClassWeights = Literal["none", "balanced", "sqrt"]


def positive_weights(counts: NDArray[np.int64], num_texts: int, kind: ClassWeights) -> Array:
    """How many times as much a text with the label counts as one without, (L,).

    ``balanced`` is negatives / positives: both then weigh the same in all. ``sqrt`` is its square root. A
    label that no text has keeps 1, as has one that is more common than not.

    Args:
        counts: (L,) texts with each label.
        num_texts: all texts.
        kind: see above; ``none`` is 1 for all.
    """
    if kind == "none":
        return np.ones(len(counts))
    balanced = np.where(counts > 0, (num_texts - counts) / np.maximum(counts, 1), 1.0)
    weights: Array = np.maximum(balanced if kind == "balanced" else np.sqrt(balanced), 1.0)
    return weights


def log_odds(counts: NDArray[np.int64], num_texts: int, weights: Array) -> Array:
    """The logit (L,) with the least weighted loss, if all texts were to get the same.

    Half a text is added to both sides, as none has no logarithm.

    Args:
        counts: (L,) texts with each label.
        num_texts: all texts.
        weights: (L,) of :func:`positive_weights`.
    """
    odds: Array = np.log(weights * (counts + 0.5) / (num_texts - counts + 0.5))
    return odds
