"""The loss of the detector: classification, boxes, boundaries at every decoder layer, and cell labels."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import box_convert, generalized_box_iou, sigmoid_focal_loss

from tablesense.model.detector import DetectorOutput, LayerOutput, sheet_sizes
from tablesense.training.matcher import HungarianMatcher, boundary_index


class Losses(NamedTuple):
    """The parts of the loss, unweighted and averaged over the decoder layers, and their weighted sum."""

    loss: Tensor
    cls: Tensor
    l1: Tensor
    iou: Tensor
    boundary: Tensor
    cells: Tensor


class TableCriterion(nn.Module):
    """Set-prediction loss (DETR) with focal classification, L1, GIoU, and terms that know cells.

    Args:
        matcher: pairs queries and tables.
        lambda_cls: weight of the focal classification loss.
        lambda_l1: weight of the L1 loss on normalised (cx, cy, w, h).
        lambda_iou: weight of the GIoU loss.
        lambda_boundary: weight of the cross-entropy of the four pointed edges.
        lambda_cells: weight of the cell labels (first cell, inside, on an edge line).
        aux_loss: take the loss at every decoder layer, not at the last alone.
        focal_alpha: share of the positive side in the focal loss.
        focal_gamma: how much easy examples are played down.
        label_smoothing: share of each edge's label that is spread evenly over all lines of the sheet
            (Szegedy et al. 2016), in training: where a table ends is often a matter of convention.
    """

    def __init__(
        self,
        matcher: HungarianMatcher,
        lambda_cls: float = 1.0,
        lambda_l1: float = 5.0,
        lambda_iou: float = 2.0,
        lambda_boundary: float = 2.0,
        lambda_cells: float = 1.0,
        aux_loss: bool = True,
        focal_alpha: float = 0.5,
        focal_gamma: float = 2.0,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.matcher = matcher
        self.lambda_cls, self.lambda_l1, self.lambda_iou = lambda_cls, lambda_l1, lambda_iou
        self.lambda_boundary, self.lambda_cells = lambda_boundary, lambda_cells
        self.aux_loss = aux_loss
        self.focal_alpha, self.focal_gamma = focal_alpha, focal_gamma
        self.label_smoothing = label_smoothing

    def forward(
        self,
        output: DetectorOutput,
        tables: list[Tensor],
        num_tables: float | None = None,
        num_sheets: float | None = None,
    ) -> Losses:
        """Loss of a batch, or of one pack of it.

        Args:
            output: of the network.
            tables: for each sheet ``[N, 4]`` half-open boxes in grid cells; N may be 0.
            num_tables: tables of the whole batch, over all processes their mean; None: those given.
            num_sheets: sheets likewise.
        """
        num_tables = sum(len(boxes) for boxes in tables) if num_tables is None else num_tables
        num_sheets = len(tables) if num_sheets is None else num_sheets
        sizes = sheet_sizes(output.mask)
        layers = output.layers if self.aux_loss else output.layers[-1:]
        parts = [self._layer(layer, output.unused, tables, sizes) for layer in layers]
        untouched = torch.stack([_untouched(layer) for layer in output.layers]).sum()
        cls, l1, iou, boundary = (torch.stack(parts).mean(0) / max(num_tables, 1) + untouched).unbind()
        first, lines = self._cells(output.cells, tables, output.mask)
        cells = first / max(num_tables, 1) + lines / num_sheets
        loss = (
            self.lambda_cls * cls
            + self.lambda_l1 * l1
            + self.lambda_iou * iou
            + self.lambda_boundary * boundary
            + self.lambda_cells * cells
        )
        return Losses(loss, cls, l1, iou, boundary, cells)

    def _layer(self, layer: LayerOutput, unused: Tensor, tables: list[Tensor], sizes: Tensor) -> Tensor:
        """Summed classification, L1, GIoU and boundary loss of one decoder layer. ``[4]``."""
        matches = self.matcher(layer, unused, tables, sizes)
        target = torch.zeros_like(layer.logits)
        for number, match in enumerate(matches):
            target[number, match.queries] = 1.0
        focal = sigmoid_focal_loss(layer.logits, target, self.focal_alpha, self.focal_gamma)
        cls = focal.masked_fill(unused, 0.0).sum()
        l1 = iou = boundary = layer.boxes.new_zeros(())
        for number, match in enumerate(matches):
            if len(match.queries):
                boxes = tables[number][match.tables]
                box_l1, box_iou = _box_losses(layer.boxes[number, match.queries], boxes / sizes[number])
                l1, iou = l1 + box_l1, iou + box_iou
                edges = [edge[number, match.queries] for edge in layer.edges]
                smoothing = self.label_smoothing if self.training else 0.0
                boundary = boundary + _boundary_loss(edges, boxes, smoothing)
        return torch.stack([cls, l1, iou, boundary])

    def _cells(self, logits: Tensor, tables: list[Tensor], mask: Tensor) -> tuple[Tensor, Tensor]:
        """Summed focal loss of the first cells (over tables), and of the other labels (over sheets)."""
        target = torch.stack([cell_targets(boxes, mask[0]) for boxes in tables]).to(logits)
        focal = sigmoid_focal_loss(logits, target, self.focal_alpha, self.focal_gamma) * mask[:, None]
        # A long table has many cells on its edges: a sheet counts by the square root of its cells.
        rest: Tensor = focal[:, 1:].sum((1, 2, 3)) / mask.sum((1, 2)).clamp(min=1) ** 0.5
        return focal[:, 0].sum(), rest.sum()


def _untouched(layer: LayerOutput) -> Tensor:
    """Zero, with a gradient of zero for every parameter of the layer: other processes wait for it.

    Of the edges the highest logits are taken, as those outside the sheet sum to infinity.
    """
    highest = torch.stack([edge.amax(-1).sum() for edge in layer.edges])
    return (layer.logits.sum() + layer.boxes.sum() + highest.sum()) * 0.0


def _box_losses(predicted: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Summed L1 and GIoU loss; predicted as (cx, cy, w, h), boxes as corners, both shares of the sheet."""
    l1 = F.l1_loss(predicted, box_convert(boxes, "xyxy", "cxcywh"), reduction="sum")
    giou = generalized_box_iou(box_convert(predicted, "cxcywh", "xyxy"), boxes).diagonal()
    return l1, (1 - giou).sum()


def _boundary_loss(edges: Sequence[Tensor], boxes: Tensor, smoothing: float) -> Tensor:
    """Summed over tables: mean cross-entropy of the four pointed lines; edges are ``[M, N]`` logits."""
    losses = [_cross_entropy(edge, boundary_index(boxes, side), smoothing) for side, edge in enumerate(edges)]
    return torch.stack(losses).sum() / 4


def _cross_entropy(logits: Tensor, target: Tensor, smoothing: float) -> Tensor:
    """Summed; lines outside the sheet, which have the lowest number there is, get no part of the label."""
    log_probability = logits.log_softmax(-1)
    loss = F.nll_loss(log_probability, target, reduction="sum")
    if not smoothing:
        return loss
    outside = logits == torch.finfo(logits.dtype).min
    even = -log_probability.masked_fill(outside, 0.0).sum(-1) / (~outside).sum(-1)
    return (1 - smoothing) * loss + smoothing * even.sum()


def cell_targets(boxes: Tensor, like: Tensor) -> Tensor:
    """Labels of every cell: first cell of a table, inside one, on its left, top, right, bottom line.

    Args:
        boxes: ``[N, 4]`` half-open boxes in cells.
        like: ``[H, W]`` any tensor of the wanted size and device.

    Returns:
        ``[6, H, W]`` of zeros and ones.
    """
    target = torch.zeros((6, *like.shape), device=like.device)
    for left, top, right, bottom in boxes.long().tolist():
        target[0, top, left] = 1
        target[1, top:bottom, left:right] = 1
        target[2, top:bottom, left] = 1
        target[3, top, left:right] = 1
        target[4, top:bottom, right - 1] = 1
        target[5, bottom - 1, left:right] = 1
    return target
