"""Outputs of an imagined network, in double precision: random ones, and one that is right."""

import torch
from torch import Tensor
from torchvision.ops import box_convert

from tablesense.boxes import Box
from tablesense.model.detector import DetectorOutput, LayerOutput

SIZE = 12  # rows and columns of every sheet here
SIZES = torch.full((1, 1, 4), float(SIZE))
SURE = 40.0  # a logit


def tensor(*boxes: Box) -> Tensor:
    return torch.tensor(boxes, dtype=torch.float32).view(-1, 4)


def random_tables(count: int, generator: torch.Generator) -> Tensor:
    low = torch.randint(0, SIZE - 4, (count, 2), generator=generator)
    extent = torch.randint(1, 5, (count, 2), generator=generator)
    return torch.cat([low, low + extent], 1).float()


def random_layer(batch: int, queries: int, generator: torch.Generator) -> LayerOutput:
    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    edges = tuple(normal(batch, queries, SIZE) for _ in range(4))
    return LayerOutput(normal(batch, queries), normal(batch, queries, 4).sigmoid(), edges)


def output_of(*layers: LayerOutput, cells: Tensor | None = None, unused: int = 0) -> DetectorOutput:
    """An output of full sheets whose last ``unused`` queries are unused."""
    batch, queries = layers[0].logits.shape
    spare = (torch.arange(queries) >= queries - unused).expand(batch, -1)
    cells = torch.zeros(batch, 6, SIZE, SIZE) if cells is None else cells
    mask = torch.ones(batch, SIZE, SIZE, dtype=torch.bool)
    return DetectorOutput(list(layers), spare, cells, layers[0].boxes, mask)


def right_layer(tables: Tensor, queries: int) -> LayerOutput:
    """What a network says of one sheet when it is sure and right; its first queries are the tables."""
    count = len(tables)
    boxes = torch.full((1, queries, 4), 0.5)
    boxes[0, :count] = box_convert(tables / SIZE, "xyxy", "cxcywh")
    logits = torch.full((1, queries), -SURE)
    logits[0, :count] = SURE
    edges = []
    for side in range(4):
        edge = torch.zeros(1, queries, SIZE)
        edge[0, torch.arange(count), tables[:, side].long() - side // 2] = SURE
        edges.append(edge)
    return LayerOutput(logits, boxes, tuple(edges))
