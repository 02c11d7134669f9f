"""The network: a batch of folded grids becomes scored table boxes at every decoder layer."""

from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import box_convert

from tablesense.errors import UserError
from tablesense.features.channels import FEATURE_VERSION, NUM_CHANNELS
from tablesense.model.attention import Level
from tablesense.model.backbone import Backbone, CellBackbone
from tablesense.model.boundary import BoundaryHead, pointed_boxes
from tablesense.model.positions import position_dtype
from tablesense.model.pretrained import MODEL_CARD, Pretrained
from tablesense.model.transformer import DecoderLayer, DeformableEncoder

_BEHIND = 100.0  # below any logit, yet small enough that float32 still tells near-equal logits apart


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of the network; together with the feature channels it says all there is to rebuild it.

    Attributes:
        backbone: ``cells`` (ours) or the name of a ConvNeXt model of timm.
        backbone_blocks: context blocks of our backbone.
        hidden_dim: channels everywhere after the stem.
        num_heads: attention heads.
        num_points: sampling points a head and level.
        encoder_layers: deformable encoder layers over the maps of stride 2 and coarser.
        decoder_layers: decoder layers, each with its own heads.
        num_queries: most tables that can be found on a sheet.
        two_stage: take the queries from the sheet (the cells that look most like a table's first cell)
            instead of learning fixed ones.
        dropout: in the transformer.
    """

    backbone: str = "cells"
    backbone_blocks: int = 6
    hidden_dim: int = 64
    num_heads: int = 4
    num_points: int = 4
    encoder_layers: int = 2
    decoder_layers: int = 3
    num_queries: int = 40
    two_stage: bool = True
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.hidden_dim % 8 or self.hidden_dim % self.num_heads or self.hidden_dim < 8:
            raise UserError(
                f"model.network.hidden_dim: must be a multiple of 8 and of num_heads ({self.num_heads}), "
                f"got {self.hidden_dim}"
            )
        for name in ("num_heads", "num_points", "encoder_layers", "decoder_layers", "num_queries"):
            if getattr(self, name) < 1:
                raise UserError(f"model.network.{name}: must be 1 or more, got {getattr(self, name)}")


class LayerOutput(NamedTuple):
    """What one decoder layer says; N is H for top and bottom, W for left and right.

    logits: ``[B, Q]`` that the query stands for a table. boxes: ``[B, Q, 4]`` as (cx, cy, w, h), each a
    share of the sheet. edges: logits ``[B, Q, N]`` of left, top, right, bottom.
    """

    logits: Tensor
    boxes: Tensor
    edges: tuple[Tensor, ...]


class DetectorOutput(NamedTuple):
    """What the network says of a batch.

    layers: one output a decoder layer, the last is the answer. unused: ``[B, Q]``, True for queries that
    a sheet with fewer cells than queries does not use. cells: ``[B, 6, H, W]`` logits that a cell is a
    table's first cell, is inside a table, and lies on its left, top, right, bottom line. proposals:
    ``[B, Q, 4]`` the boxes the queries start from, as shares of the sheet.
    mask: ``[B, H, W]`` True inside the sheet.
    """

    layers: list[LayerOutput]
    unused: Tensor
    cells: Tensor
    proposals: Tensor
    mask: Tensor


def sheet_sizes(mask: Tensor) -> Tensor:
    """Width, height, width, height of every sheet of a batch in cells, to scale boxes. ``[B, 1, 4]``."""
    width, height = mask.any(1).sum(1), mask.any(2).sum(1)
    return torch.stack([width, height, width, height], -1)[:, None].float()


def build_backbone(config: NetworkConfig, in_channels: int) -> Backbone:
    """The backbone that a config names.

    Raises:
        UserError: timm knows no such model, or it is not of the ConvNeXt family.
    """
    if config.backbone == "cells":
        return CellBackbone(in_channels, config.hidden_dim, config.backbone_blocks)
    from tablesense.model.timm_backbone import TimmBackbone  # timm takes seconds to import

    return TimmBackbone(config.backbone, in_channels, config.hidden_dim)


class TableDetector(
    nn.Module,
    Pretrained,
    library_name="tablesense",
    model_card_template=MODEL_CARD,
    tags=["table-detection", "spreadsheet"],
    coders={NetworkConfig: (asdict, lambda values: NetworkConfig(**values))},
):
    """Deformable DETR (Zhu et al., ICLR 2021) for grids of cells, with a boundary head.

    ``save_pretrained`` writes a folder of ``config.json`` (the arguments below) and safetensors;
    ``from_pretrained`` loads one, a run's, or with ``hf://OWNER/NAME`` one of the Hugging Face hub.

    Args:
        network: the shape of the network.
        in_channels: feature channels of a cell.
        feature_version: the version of the features that it is trained on.
        score_threshold: a box scored lower is no table.

    Raises:
        UserError: it was trained on features that this version of tablesense does not make.
    """

    def __init__(
        self,
        network: NetworkConfig,
        in_channels: int = NUM_CHANNELS,
        feature_version: int = FEATURE_VERSION,
        score_threshold: float = 0.5,
    ) -> None:
        super().__init__()
        if feature_version != FEATURE_VERSION:
            raise UserError(
                f"the model was trained on feature version {feature_version}, this tablesense has "
                f"{FEATURE_VERSION}: train again, or install the version that made it"
            )
        self.config = config = network
        self.score_threshold = score_threshold
        dim, heads, points = config.hidden_dim, config.num_heads, config.num_points
        self.backbone = build_backbone(config, in_channels)
        num_levels = len(self.backbone.strides)
        self.encoder = DeformableEncoder(
            config.encoder_layers, dim, heads, num_levels - 1, points, config.dropout
        )
        self.fuse = nn.Conv2d(num_levels * dim, dim, 1)
        self.cell_head = nn.Sequential(nn.Conv2d(dim, dim, 1), nn.GELU(), nn.Conv2d(dim, 6, 1))
        self.proposals = SheetProposals(config) if config.two_stage else LearnedProposals(config)
        self.decoder = nn.ModuleList(
            DecoderLayer(dim, heads, num_levels, points, config.dropout) for _ in range(config.decoder_layers)
        )
        self.heads = nn.ModuleList(DetectionHead(dim) for _ in range(config.decoder_layers))

    def forward(self, grid: Tensor, mask: Tensor) -> DetectorOutput:
        """Detect.

        Args:
            grid: ``[B, C, H, W]`` bytes or floats in [0, 1].
            mask: ``[B, H, W]`` True inside the sheet.
        """
        if grid.dtype == torch.uint8:
            grid = grid.to(self.fuse.weight.dtype) / 255
        levels = self.backbone(grid, mask)
        levels = [levels[0], *self.encoder(levels[1:])]
        levels = [self._fuse(levels), *levels[1:]]
        features = levels[0].features
        cells = self.cell_head(features)
        sizes = sheet_sizes(mask).to(position_dtype(features))
        queries, boxes, unused = self.proposals(features, cells[:, 0], mask, sizes)
        start = boxes
        layers: list[LayerOutput] = []
        for layer, head in zip(self.decoder, self.heads, strict=True):
            if layers:  # look from the exact edges of the layer before, not from its regressed box
                boxes = box_convert(pointed_boxes(layers[-1].edges).to(sizes), "xyxy", "cxcywh") / sizes
            queries = layer(queries, boxes * sizes, unused, levels)
            layers.append(head(queries, boxes, features, mask, sizes))
        return DetectorOutput(layers, unused, cells, start, mask)

    def _fuse(self, levels: list[Level]) -> Level:
        """Bring what the coarser maps learnt of the whole sheet back to every cell."""
        height, width = levels[0].mask.shape[1:]
        spread = [
            level.features.repeat_interleave(level.stride, 2).repeat_interleave(level.stride, 3)
            for level in levels
        ]
        stacked = torch.cat([part[:, :, :height, :width] for part in spread], 1)
        mixed = levels[0].features + F.gelu(self.fuse(stacked))
        return levels[0]._replace(features=mixed * levels[0].mask[:, None])


class SheetProposals(nn.Module):
    """Two-stage queries: the cells that look most like the first cell of a table, with a guessed size."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.num_queries = config.num_queries
        self.query = nn.Linear(config.hidden_dim, config.hidden_dim)
        self.extent = nn.Sequential(
            nn.Linear(config.hidden_dim, config.hidden_dim), nn.GELU(), nn.Linear(config.hidden_dim, 2)
        )

    def forward(
        self, features: Tensor, first: Tensor, mask: Tensor, sizes: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries ``[B, Q, C]``, their boxes ``[B, Q, 4]`` as shares of the sheet, and which are unused.

        Args:
            features: ``[B, C, H, W]``.
            first: ``[B, H, W]`` logits that a cell is a table's first.
            mask: ``[B, H, W]`` True inside the sheet.
            sizes: ``[B, 1, 4]`` from :func:`sheet_sizes`.
        """
        width = mask.shape[2]
        exact = torch.promote_types(first.dtype, torch.float32)  # ranks in half precision would often tie
        scores = first.detach().to(exact).masked_fill(~mask, float("-inf"))
        scores = demote_slopes(scores).flatten(1)
        scores = F.pad(scores, (0, max(0, self.num_queries - scores.shape[1])), value=float("-inf"))
        top, index = scores.topk(self.num_queries, dim=1)
        unused = top == float("-inf")
        index = index.masked_fill(unused, 0)
        chosen = (
            features.flatten(2).transpose(1, 2).gather(1, index[..., None].expand(-1, -1, features.shape[1]))
        )
        corner = torch.stack([index % width, index // width], -1).to(sizes) / sizes[..., :2]
        extent = (1 - corner) * self.extent(chosen).sigmoid()
        extent = torch.maximum(extent, 1 / sizes[..., :2])
        boxes = torch.cat([corner + extent / 2, extent], -1)
        return self.query(chosen), boxes, unused


def demote_slopes(scores: Tensor) -> Tensor:
    """Put every cell that has a better neighbour behind all cells that have none. ``[B, H, W]``.

    Else neighbouring cells become near-equal queries of one table, and none of them is sure to be the one.
    """
    highest = F.max_pool2d(scores[:, None], 3, stride=1, padding=1)[:, 0]
    return torch.where(scores < highest, scores - _BEHIND, scores)


class LearnedProposals(nn.Module):
    """Fixed queries: a learnt embedding and a learnt box each, the same on every sheet."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(config.num_queries, config.hidden_dim))
        self.boxes = nn.Parameter(torch.randn(config.num_queries, 4))

    def forward(
        self, features: Tensor, first: Tensor, mask: Tensor, sizes: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """See :class:`SheetProposals`; only the batch size is looked at."""
        del first, mask, sizes
        batch = features.shape[0]
        queries = self.embedding.expand(batch, -1, -1)
        boxes = self.boxes.sigmoid().expand(batch, -1, -1)
        return queries, boxes, torch.zeros(queries.shape[:2], dtype=torch.bool, device=features.device)


class DetectionHead(nn.Module):
    """Score, refined box and pointed edges of every query."""

    def __init__(self, hidden_dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden_dim)
        self.score = nn.Linear(hidden_dim, 1)
        last = nn.Linear(hidden_dim, 4)
        self.box = nn.Sequential(nn.Linear(hidden_dim, hidden_dim), nn.GELU(), last)
        self.boundary = BoundaryHead(hidden_dim)
        with torch.no_grad():
            self.score.bias.fill_(-2.0)  # few queries are tables: start with few false alarms
            last.weight.zero_()
            last.bias.zero_()

    def forward(
        self, queries: Tensor, boxes: Tensor, cells: Tensor, mask: Tensor, sizes: Tensor
    ) -> LayerOutput:
        """Refine ``boxes`` (shares of the sheet) by adding to them in logit space, then point."""
        queries = self.norm(queries)
        refined = (torch.logit(boxes, eps=1e-4) + self.box(queries)).sigmoid()
        corners = box_convert(refined * sizes, "cxcywh", "xyxy")
        edges = self.boundary(queries, corners, cells, mask)
        return LayerOutput(self.score(queries)[..., 0], refined, edges)
