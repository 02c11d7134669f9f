"""The deformable encoder over the coarser maps, and the decoder layer of the table queries."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tablesense.model.attention import Level, MultiScaleDeformableAttention
from tablesense.model.positions import box_embedding, position_dtype


def feed_forward(hidden_dim: int, dropout: float) -> nn.Sequential:
    """Two linear layers with a GELU between, four times as wide inside."""
    return nn.Sequential(
        nn.Linear(hidden_dim, 4 * hidden_dim),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(4 * hidden_dim, hidden_dim),
    )


def cell_boxes(level: Level, reach: int) -> Tensor:
    """A box around each cell of a map, ``reach`` cells of the map to each side.

    Returns:
        ``[H * W, 4]`` as (cx, cy, w, h) in grid cells.
    """
    height, width = level.mask.shape[1:]
    device, dtype, stride = level.features.device, position_dtype(level.features), level.stride
    y, x = torch.meshgrid(
        torch.arange(height, device=device, dtype=dtype),
        torch.arange(width, device=device, dtype=dtype),
        indexing="ij",
    )
    size = torch.full_like(x, 2 * reach * stride)
    return torch.stack([(x + 0.5) * stride, (y + 0.5) * stride, size, size], -1).flatten(0, 1)


class EncoderLayer(nn.Module):
    """Every cell of every map looks at a few points of all maps (pre-norm)."""

    def __init__(
        self, hidden_dim: int, num_heads: int, num_levels: int, num_points: int, dropout: float
    ) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(hidden_dim), nn.LayerNorm(hidden_dim)
        self.attention = MultiScaleDeformableAttention(hidden_dim, num_heads, num_levels, num_points)
        self.feed_forward = feed_forward(hidden_dim, dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, position: Tensor, boxes: Tensor, levels: Sequence[Level]) -> Tensor:
        """One round over all cells.

        Args:
            tokens: ``[B, S, C]``, S cells of all maps.
            position: ``[B, S, C]`` where each lies.
            boxes: ``[B, S, 4]`` the same as (cx, cy, w, h) in grid cells.
            levels: give the shapes and masks of the maps.
        """
        normed = self.norm1(tokens)
        attended = self.attention(normed + position, boxes, split_tokens(normed, levels))
        tokens = tokens + self.dropout(attended)
        thought: Tensor = self.dropout(self.feed_forward(self.norm2(tokens)))
        return tokens + thought


class DeformableEncoder(nn.Module):
    """A stack of :class:`EncoderLayer` over some levels; returns the levels, refined."""

    def __init__(
        self,
        num_layers: int,
        hidden_dim: int,
        num_heads: int,
        num_levels: int,
        num_points: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            EncoderLayer(hidden_dim, num_heads, num_levels, num_points, dropout) for _ in range(num_layers)
        )
        self.reach = num_points  # the points of a head start one cell apart, as in the paper
        self.level_embedding = nn.Parameter(torch.randn(num_levels, hidden_dim) * 0.02)
        self.norm = nn.LayerNorm(hidden_dim)

    def forward(self, levels: Sequence[Level]) -> list[Level]:
        """Levels in, levels of the same shapes out."""
        tokens = torch.cat([level.features.flatten(2).transpose(1, 2) for level in levels], 1)
        around = torch.cat([cell_boxes(level, self.reach) for level in levels])
        boxes = around[None].expand(tokens.shape[0], -1, -1)
        level_position = [
            embedding.expand(level.mask[0].numel(), -1)
            for embedding, level in zip(self.level_embedding, levels, strict=True)
        ]
        position = box_embedding(boxes, tokens.shape[-1]).to(tokens) + torch.cat(level_position)
        for layer in self.layers:
            tokens = layer(tokens, position, boxes, levels)
        return split_tokens(self.norm(tokens), levels)


def split_tokens(tokens: Tensor, levels: Sequence[Level]) -> list[Level]:
    """Cut ``[B, S, C]`` tokens back into maps like ``levels``, zero outside the sheet."""
    parts = torch.split(tokens, [level.mask[0].numel() for level in levels], 1)
    maps = [
        part.transpose(1, 2).reshape(part.shape[0], part.shape[2], *level.mask.shape[1:])
        for part, level in zip(parts, levels, strict=True)
    ]
    return [
        level._replace(features=features * level.mask[:, None])
        for features, level in zip(maps, levels, strict=True)
    ]


class DecoderLayer(nn.Module):
    """Queries look at each other, then at the sheet, then think (pre-norm)."""

    def __init__(
        self, hidden_dim: int, num_heads: int, num_levels: int, num_points: int, dropout: float
    ) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(hidden_dim) for _ in range(3))
        self.self_attention = nn.MultiheadAttention(hidden_dim, num_heads, dropout, batch_first=True)
        self.cross_attention = MultiScaleDeformableAttention(hidden_dim, num_heads, num_levels, num_points)
        self.position = nn.Sequential(
            nn.Linear(hidden_dim, hidden_dim), nn.GELU(), nn.Linear(hidden_dim, hidden_dim)
        )
        self.feed_forward = feed_forward(hidden_dim, dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries: Tensor, boxes: Tensor, unused: Tensor, levels: Sequence[Level]) -> Tensor:
        """One round.

        Args:
            queries: ``[B, Q, C]``.
            boxes: ``[B, Q, 4]`` as (cx, cy, w, h) in grid cells.
            unused: ``[B, Q]``, True for queries that stand for nothing; no other query sees them.
            levels: the maps to look at.
        """
        position = self.position(box_embedding(boxes, queries.shape[-1]).to(queries))
        normed = self.norm1(queries)
        keys = normed + position
        attended, _ = self.self_attention(keys, keys, normed, key_padding_mask=unused, need_weights=False)
        queries = queries + self.dropout(attended)
        queries = queries + self.dropout(self.cross_attention(self.norm2(queries) + position, boxes, levels))
        thought: Tensor = self.dropout(self.feed_forward(self.norm3(queries)))
        return queries + thought
