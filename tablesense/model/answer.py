"""What a network says of a batch of sheets, and what stands for a network: torch's or an exported one."""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Answer(NamedTuple):
    """All that boxes are decoded from; N is H for top and bottom, W for left and right.

    logits: ``[B, Q]`` that the query stands for a table. edges: logits ``[B, Q, N]`` of left, top, right,
    bottom. unused: ``[B, Q]``, True for queries that a sheet with fewer cells than queries does not use.
    networks: whose queries they are, equally many each, one network's after the other's.
    """

    logits: Tensor
    edges: tuple[Tensor, ...]
    unused: Tensor
    networks: int = 1


class Answering(Protocol):
    """A network that is ready to detect, whatever runs it.

    Attributes:
        score_threshold: a box scored lower is no table.
        device: where it runs.
    """

    score_threshold: float

    @property
    def device(self) -> torch.device:
        """Where it runs."""

    def answer(self, grid: Tensor, mask: Tensor) -> Answer:
        """What it says of a batch.

        Args:
            grid: ``[B, C, H, W]`` bytes, on any device.
            mask: ``[B, H, W]`` True inside the sheet.
        """
