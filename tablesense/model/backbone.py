"""Backbones: a grid of cell features becomes feature maps at one or more strides.

The first map always has stride 1, because a pooled cell is a lost edge. Every map is zero outside the
sheet, so that padding a batch changes nothing.
"""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tablesense.model.attention import Level


class Backbone(nn.Module, ABC):
    """Maps ``[B, C, H, W]`` grids to levels of ``hidden_dim`` channels, the first of stride 1."""

    strides: tuple[int, ...]

    @abstractmethod
    def forward(self, grid: Tensor, mask: Tensor) -> list[Level]:
        """Levels of a batch. grid: ``[B, C, H, W]``; mask: ``[B, H, W]``, True inside the sheets."""


def pool_mask(mask: Tensor, stride: int) -> Tensor:
    """Which cells of a coarser map cover at least one cell of a sheet. ``[B, H, W]`` bool, rounded up."""
    pooled = F.max_pool2d(F.pad(mask[:, None].float(), _to_whole_windows(stride)), stride)
    return pooled[:, 0] > 0


def masked_pool(features: Tensor, mask: Tensor, stride: int) -> Tensor:
    """Mean over the cells of the sheet in each ``stride x stride`` window, sizes rounded up."""
    weight = mask[:, None].to(features)
    pad = _to_whole_windows(stride)
    summed = F.avg_pool2d(F.pad(features * weight, pad), stride)
    return summed / F.avg_pool2d(F.pad(weight, pad), stride).clamp(min=1e-6)


def _to_whole_windows(stride: int) -> tuple[int, ...]:
    """What ``F.pad`` adds so that no line is lost to pooling, which leaves out windows that are not whole.

    It is the same for every size, so an exported network needs no arithmetic on sizes.
    """
    return (0, stride - 1, 0, stride - 1)


class CellNorm(nn.Module):
    """LayerNorm over the channels of each cell: no statistics across cells, so none across padding."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, features: Tensor) -> Tensor:
        """``[B, C, H, W]`` in and out."""
        normed: Tensor = self.norm(features.permute(0, 2, 3, 1))
        return normed.permute(0, 3, 1, 2)


def line_context(features: Tensor, mask: Tensor, dim: int) -> Tensor:
    """Mean and max over the cells of the sheet along ``dim`` (1: down the columns, 2: along the rows).

    Args:
        features: ``[B, H, W, C]``.
        mask: ``[B, H, W]``.
        dim: 1 or 2.

    Returns:
        ``[B, H or 1, W or 1, 2 C]``; zero for lines outside the sheet.
    """
    inside = mask[..., None]
    count = inside.sum(dim, keepdim=True)
    mean = (features * inside).sum(dim, keepdim=True) / count.clamp(min=1)
    highest = features.masked_fill(~inside, torch.finfo(features.dtype).min).amax(dim, keepdim=True)
    return torch.cat([mean, highest.masked_fill(count == 0, 0.0)], -1)


class ContextBlock(nn.Module):
    """A 3 x 3 convolution, then every cell sees the mean and max of its row and of its column."""

    def __init__(self, channels: int, dilation: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm = CellNorm(channels)
        self.conv = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.row = nn.Linear(2 * channels, channels)
        self.column = nn.Linear(2 * channels, channels)
        self.mix = nn.Linear(channels, channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """``[B, C, H, W]`` in and out; the mask is ``[B, H, W]``."""
        inside = mask[:, None]
        local = F.gelu(self.conv(self.norm(features) * inside)).permute(0, 2, 3, 1)
        context = self.row(line_context(local, mask, 2)) + self.column(line_context(local, mask, 1))
        mixed: Tensor = self.dropout(self.mix(F.gelu(local + context))).permute(0, 3, 1, 2)
        return features + mixed * inside


class CellBackbone(Backbone):
    """Our own: full cell resolution throughout, row and column context, pooled maps only at the end.

    Args:
        in_channels: feature channels of a cell.
        hidden_dim: channels of every map.
        num_blocks: context blocks; dilations go 1, 1, 2 round and round.
        strides: strides of the maps returned, the first 1.
        dropout: of what a block adds.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_dim: int,
        num_blocks: int = 6,
        strides: tuple[int, ...] = (1, 2, 4, 8),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if strides[0] != 1:
            raise ValueError("the first stride of a backbone must be 1")
        self.strides = strides
        self.stem = nn.Linear(in_channels, hidden_dim)
        self.blocks = nn.ModuleList(
            ContextBlock(hidden_dim, (1, 1, 2)[number % 3], dropout) for number in range(num_blocks)
        )
        self.norms = nn.ModuleList(CellNorm(hidden_dim) for _ in strides)

    def forward(self, grid: Tensor, mask: Tensor) -> list[Level]:
        """See :class:`Backbone`."""
        cells = self.stem(grid.permute(0, 2, 3, 1)) * mask[..., None]
        features: Tensor = cells.permute(0, 3, 1, 2)  # the channels of a cell stay together in memory
        for block in self.blocks:
            features = block(features, mask)
        levels = []
        for stride, norm in zip(self.strides, self.norms, strict=True):
            pooled = masked_pool(features, mask, stride) if stride > 1 else features
            inside = pool_mask(mask, stride) if stride > 1 else mask
            levels.append(Level(norm(pooled) * inside[:, None], inside, stride))
        return levels
