"""The network: a batch of folded grids becomes scored table boxes at every decoder layer."""

from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tablesense.errors import UserError
from tablesense.features.channels import FEATURE_VERSION, FORMATTING, NUM_CHANNELS
from tablesense.model.answer import Answer
from tablesense.model.attention import Level
from tablesense.model.backbone import Backbone, CellBackbone
from tablesense.model.boundary import BoundaryHead, pointed_boxes
from tablesense.model.positions import position_dtype, to_centers, to_corners
from tablesense.model.pretrained import Pretrained
from tablesense.model.proposals import LearnedProposals, SheetProposals
from tablesense.model.sources import refuse_other_features
from tablesense.model.transformer import DecoderLayer, DeformableEncoder


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
        dropout: in the transformer and in the blocks of our backbone.
        formatting: whether it sees formatting and merged cells, beside what cells hold. Where few of the
            sheets to learn from have formatting, or those of one house alone, it does better without.
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
    formatting: bool = True

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

    @property
    def answer(self) -> Answer:
        """What the last layer says."""
        last = self.layers[-1]
        return Answer(last.logits, last.edges, self.unused)


def sheet_sizes(mask: Tensor) -> Tensor:
    """Width, height, width, height of every sheet of a batch in cells, to scale boxes. ``[B, 1, 4]``."""
    width, height = mask.any(1).sum(1), mask.any(2).sum(1)
    return torch.stack([width, height, width, height], -1)[:, None].float()


def _hinted(level: Level, hint: Tensor) -> Level:
    return level._replace(features=level.features + hint[:, :, None, None] * level.mask[:, None])


def build_backbone(config: NetworkConfig, in_channels: int) -> Backbone:
    """The backbone that a config names.

    Raises:
        UserError: timm knows no such model, or it is not of the ConvNeXt family.
    """
    if config.backbone == "cells":
        return CellBackbone(in_channels, config.hidden_dim, config.backbone_blocks, dropout=config.dropout)
    from tablesense.model.timm_backbone import TimmBackbone  # timm takes seconds to import

    return TimmBackbone(config.backbone, in_channels, config.hidden_dim)


CODERS = {NetworkConfig: (asdict, lambda values: NetworkConfig(**values))}
"""How ``config.json`` holds the shape of a network; the hub's mixin passes it to no subclass."""


class TableDetector(nn.Module, Pretrained, coders=CODERS):
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

    not_formatting: Tensor

    def __init__(
        self,
        network: NetworkConfig,
        in_channels: int = NUM_CHANNELS,
        feature_version: int = FEATURE_VERSION,
        score_threshold: float = 0.5,
    ) -> None:
        super().__init__()
        refuse_other_features(feature_version)
        self.config = config = network
        self.in_channels = in_channels
        self.score_threshold = score_threshold
        dim, heads, points = config.hidden_dim, config.num_heads, config.num_points
        other = [[[channel not in FORMATTING]] for channel in range(in_channels)]
        self.register_buffer("not_formatting", torch.tensor(other, dtype=torch.uint8), persistent=False)
        self.backbone = build_backbone(config, in_channels)
        num_levels = len(self.backbone.strides)
        self.encoder = DeformableEncoder(
            config.encoder_layers, dim, heads, num_levels - 1, points, config.dropout
        )
        self.fuse = nn.Conv2d(num_levels * dim, dim, 1)
        self.cell_head = nn.Sequential(nn.Conv2d(dim, dim, 1), nn.GELU(), nn.Conv2d(dim, 6, 1))
        proposals = SheetProposals if config.two_stage else LearnedProposals
        self.proposals = proposals(dim, config.num_queries)
        self.decoder = nn.ModuleList(
            DecoderLayer(dim, heads, num_levels, points, config.dropout) for _ in range(config.decoder_layers)
        )
        self.heads = nn.ModuleList(DetectionHead(dim) for _ in range(config.decoder_layers))

    def forward(self, grid: Tensor, mask: Tensor, hint: Tensor | None = None) -> DetectorOutput:
        """Detect.

        Args:
            grid: ``[B, C, H, W]`` bytes or floats in [0, 1].
            mask: ``[B, H, W]`` True inside the sheet.
            hint: ``[B, hidden_dim]`` what training adds to every cell of a sheet after the backbone.
        """
        if not self.config.formatting:
            grid = grid * self.not_formatting
        if grid.dtype == torch.uint8:
            grid = grid.to(self.fuse.weight.dtype) / 255
        levels = self.backbone(grid, mask)
        if hint is not None:
            levels = [_hinted(level, hint) for level in levels]
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
                boxes = to_centers(pointed_boxes(layers[-1].edges).to(sizes)) / sizes
            queries = layer(queries, boxes * sizes, unused, levels)
            layers.append(head(queries, boxes, features, mask, sizes))
        return DetectorOutput(layers, unused, cells, start, mask)

    @property
    def members(self) -> list["TableDetector"]:
        """Itself; of a :class:`tablesense.model.ensemble.TableEnsemble` the networks."""
        return [self]

    @property
    def device(self) -> torch.device:
        """Where the network runs."""
        return self.fuse.weight.device

    @torch.inference_mode()
    def answer(self, grid: Tensor, mask: Tensor) -> Answer:
        """See :class:`Answering`; call ``eval`` first."""
        output: DetectorOutput = self(grid.to(self.device), mask.to(self.device))
        return output.answer

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
        corners = to_corners(refined * sizes)
        edges = self.boundary(queries, corners, cells, mask)
        return LayerOutput(self.score(queries)[..., 0], refined, edges)
