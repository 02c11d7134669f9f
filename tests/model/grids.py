"""Random sheets, alone and padded, and networks without a zero that could hide a mistake."""

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

CHANNELS = 5

Module = TypeVar("Module", bound=nn.Module)


def grids(*sizes: tuple[int, int], seed: int = 0) -> list[Tensor]:
    """One ``[C, H, W]`` grid of doubles in [0, 1] for every (height, width)."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(CHANNELS, *size, dtype=torch.float64, generator=generator) for size in sizes]


def padded(sheets: Sequence[Tensor], more: int = 0) -> tuple[Tensor, Tensor]:
    """A batch and its mask; ``more`` rows and columns are added to the largest sheet."""
    height = max(sheet.shape[1] for sheet in sheets) + more
    width = max(sheet.shape[2] for sheet in sheets) + more
    batch = torch.zeros(len(sheets), CHANNELS, height, width, dtype=sheets[0].dtype)
    mask = torch.zeros(len(sheets), height, width, dtype=torch.bool)
    for number, sheet in enumerate(sheets):
        batch[number, :, : sheet.shape[1], : sheet.shape[2]] = sheet
        mask[number, : sheet.shape[1], : sheet.shape[2]] = True
    return batch, mask


def stirred(module: Module, seed: int = 0) -> Module:
    """The module in double precision, every parameter moved off its start: zeros hide mistakes."""
    generator = torch.Generator().manual_seed(seed)
    module = module.double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, dtype=torch.float64, generator=generator))
    return module
