"""From what the network says to scored boxes of whole cells."""

from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import nms

from tablesense.boxes import Box
from tablesense.model.boundary import best_intervals
from tablesense.model.detector import DetectorOutput, LayerOutput


class ScoredBox(NamedTuple):
    """A box of cells and how sure the network is that it is a table, in [0, 1]."""

    box: Box
    score: float


def pointed_boxes(layer: LayerOutput) -> Tensor:
    """The boxes that the boundary head points at, half-open, in cells. ``[B, Q, 4]``."""
    left, top, right, bottom = (edge.log_softmax(-1) for edge in layer.edges)
    first_column, last_column, _ = best_intervals(left, right)
    first_row, last_row, _ = best_intervals(top, bottom)
    return torch.stack([first_column, first_row, last_column + 1, last_row + 1], -1)


@torch.no_grad()
def decode(output: DetectorOutput, min_score: float, nms_iou: float = 0.5) -> list[list[ScoredBox]]:
    """The tables of every sheet of a batch, in grid cells, best first.

    Args:
        output: of the network.
        min_score: boxes scored lower are dropped.
        nms_iou: of two boxes that overlap more than this, the lower scored is dropped.
    """
    layer = output.layers[-1]
    boxes = pointed_boxes(layer)
    scores = layer.logits.float().sigmoid().masked_fill(output.unused, -1.0)
    results = []
    for sheet_boxes, sheet_scores in zip(boxes, scores, strict=True):
        chosen = sheet_scores >= min_score
        kept_boxes, kept_scores = sheet_boxes[chosen], sheet_scores[chosen]
        kept = nms(kept_boxes.float(), kept_scores, nms_iou)
        results.append(
            [
                ScoredBox(Box(*box), score)
                for box, score in zip(kept_boxes[kept].tolist(), kept_scores[kept].tolist(), strict=True)
            ]
        )
    return results
