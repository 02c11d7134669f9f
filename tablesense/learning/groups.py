"""Which parameters weight decay pulls on."""

from collections.abc import Iterable
from typing import Any

from torch import nn


def decay_groups(parameters: Iterable[nn.Parameter]) -> list[dict[str, Any]]:
    """Groups for an optimizer: matrices decay as it says, norms and biases do not.

    Both groups are there even where one is empty, so that checkpoints have one form. A parameter that is
    not trained is in neither.
    """
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    return [
        {"params": [parameter for parameter in trained if parameter.ndim > 1]},
        {"params": [parameter for parameter in trained if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
