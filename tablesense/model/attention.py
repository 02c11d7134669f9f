"""Multi-scale deformable attention (Deformable DETR, Zhu et al., ICLR 2021, eq. 3), in plain PyTorch.

Shapes: B batch, Q queries, M heads, L levels, P points, D channels of a head, S = sum of H*W over levels.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Level(NamedTuple):
    """A feature map whose cells each stand for ``stride x stride`` cells of the grid.

    features: ``[B, C, H, W]``, zero outside the sheet. mask: ``[B, H, W]``, True inside the sheet.
    """

    features: Tensor
    mask: Tensor
    stride: int


def deformable_sampling(values: Sequence[Tensor], locations: Tensor, weights: Tensor) -> Tensor:
    """Sum bilinear samples of every level, weighted.

    Args:
        values: for each level ``[B, M, D, H, W]``.
        locations: ``[B, Q, M, L, P, 2]`` as (x, y) in cells of the level, cell centres at ``+ 0.5``.
            Outside the map the value is zero.
        weights: ``[B, Q, M, L, P]``.

    Returns:
        ``[B, Q, M * D]``.
    """
    batch, queries, heads, _, points, _ = locations.shape
    output: Tensor | None = None
    for level, value in enumerate(values):
        depth, height, width = value.shape[2:]
        size = torch.cat([locations.new_full((1,), width), locations.new_full((1,), height)])
        grid = (2 * locations[:, :, :, level] / size - 1).transpose(1, 2)  # [B, M, Q, P, 2]
        sampled = F.grid_sample(
            value.reshape(batch * heads, depth, height, width),
            grid.reshape(batch * heads, queries, points, 2),
            mode="bilinear",
            padding_mode="zeros",
            align_corners=False,
        )  # [B * M, D, Q, P]
        weight = weights[:, :, :, level].transpose(1, 2).reshape(batch * heads, 1, queries, points)
        summed = (sampled * weight).sum(-1)
        output = summed if output is None else output + summed
    if output is None:
        raise ValueError("deformable attention needs at least one level")
    return output.view(batch, heads * output.shape[1], queries).transpose(1, 2)


def deformable_sampling_loop(values: Sequence[Tensor], locations: Tensor, weights: Tensor) -> Tensor:
    """The definition of :func:`deformable_sampling`, cell by cell; far too slow for anything but checks."""
    batch, queries, heads, levels, points, _ = locations.shape
    depth = values[0].shape[2]
    output = locations.new_zeros(batch, queries, heads, depth)
    for b, q, m, level, p in torch.cartesian_prod(
        *(torch.arange(n) for n in (batch, queries, heads, levels, points))
    ).tolist():
        x, y = (locations[b, q, m, level, p] - 0.5).unbind()
        height, width = values[level].shape[3:]
        left, top = math.floor(x.item()), math.floor(y.item())
        for row in (top, top + 1):
            for column in (left, left + 1):
                if 0 <= row < height and 0 <= column < width:
                    share = (1 - (x - column).abs()) * (1 - (y - row).abs())
                    value = values[level][b, m, :, row, column]
                    output[b, q, m] = output[b, q, m] + weights[b, q, m, level, p] * share * value
    return output.flatten(2)


class MultiScaleDeformableAttention(nn.Module):
    """Every query looks at a few learned points of every level, around its reference box.

    Offsets are in units of half the reference box (at least one cell), so a query can reach its own edges
    whatever its size; all positions are in cells, so padding a batch does not move them.

    Args:
        hidden_dim: channels of queries and levels; a multiple of ``num_heads``.
        num_heads: heads.
        num_levels: levels.
        num_points: points a head and level.
    """

    def __init__(self, hidden_dim: int, num_heads: int, num_levels: int, num_points: int) -> None:
        super().__init__()
        if hidden_dim % num_heads:
            raise ValueError(f"hidden_dim {hidden_dim} is not a multiple of num_heads {num_heads}")
        self.num_heads, self.num_levels, self.num_points = num_heads, num_levels, num_points
        self.offsets = nn.Linear(hidden_dim, num_heads * num_levels * num_points * 2)
        self.weights = nn.Linear(hidden_dim, num_heads * num_levels * num_points)
        self.value = nn.Linear(hidden_dim, hidden_dim)
        self.output = nn.Linear(hidden_dim, hidden_dim)
        self._start_on_rays()

    def _start_on_rays(self) -> None:
        """Start as in the paper: zero weights, each head looks along its own direction."""
        angles = torch.arange(self.num_heads) * (2 * math.pi / self.num_heads)
        directions = torch.stack([angles.cos(), angles.sin()], -1)
        directions = directions / directions.abs().amax(-1, keepdim=True)
        steps = torch.arange(1, self.num_points + 1) / self.num_points
        rays = directions[:, None, None, :] * steps[None, None, :, None]
        with torch.no_grad():
            self.offsets.weight.zero_()
            self.offsets.bias.copy_(rays.expand(-1, self.num_levels, -1, -1).flatten())
            self.weights.weight.zero_()
            self.weights.bias.zero_()

    def forward(self, queries: Tensor, boxes: Tensor, levels: Sequence[Level]) -> Tensor:
        """Attend.

        Args:
            queries: ``[B, Q, C]``.
            boxes: ``[B, Q, 4]`` reference boxes as (centre x, centre y, width, height) in grid cells.
            levels: the maps to look at.

        Returns:
            ``[B, Q, C]``.
        """
        batch, count, _ = queries.shape
        shape = (batch, count, self.num_heads, self.num_levels, self.num_points)
        offsets = self.offsets(queries).view(*shape, 2)
        weights = self.weights(queries).view(*shape[:3], -1).softmax(-1).view(shape)
        centre, half = boxes[..., :2], (boxes[..., 2:] / 2).clamp(min=1.0)
        cells = centre[:, :, None, None, None] + offsets * half[:, :, None, None, None]
        strides = cells.new_tensor([level.stride for level in levels])
        # Sampling keeps the precision of positions: in bfloat16 neighbouring cells would be one.
        values = [self._values(level).to(cells) for level in levels]
        sampled = deformable_sampling(values, cells / strides[:, None, None], weights.to(cells))
        attended: Tensor = self.output(sampled.to(queries))
        return attended

    def _values(self, level: Level) -> Tensor:
        """Project a level to ``[B, M, D, H, W]``, zero outside the sheet."""
        values: Tensor = self.value(level.features.permute(0, 2, 3, 1)) * level.mask[..., None]
        batch, height, width, channels = values.shape
        heads = values.view(batch, height, width, self.num_heads, channels // self.num_heads)
        return heads.permute(0, 3, 4, 1, 2)
