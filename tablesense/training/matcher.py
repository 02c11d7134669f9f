"""Hungarian matching of queries to tables."""

from typing import NamedTuple

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torchvision.ops import box_convert, generalized_box_iou

from tablesense.model.detector import LayerOutput

_HUGE = 1e6  # stands for a cost that is not finite: such a pair is matched only when nothing else is left


class Match(NamedTuple):
    """Matched pairs of one sheet: query indices and table indices, ``[K]`` each."""

    queries: Tensor
    tables: Tensor


class HungarianMatcher:
    """Pairs each table with the query that costs least, one to one (DETR, Carion et al., ECCV 2020).

    The cost is a weighted sum of the focal classification cost, the L1 distance of normalised boxes, the
    GIoU, and the boundary head's negative log-likelihood of the table's edges.

    Args:
        class_cost: weight of the focal cost.
        l1_cost: weight of the L1 distance.
        giou_cost: weight of the negative GIoU.
        boundary_cost: weight of the mean negative log-likelihood of the four edges.
        focal_alpha: as in the classification loss.
        focal_gamma: as in the classification loss.

    Attributes:
        nonfinite: how many costs that were not finite have been met so far.
    """

    def __init__(
        self,
        class_cost: float = 1.0,
        l1_cost: float = 5.0,
        giou_cost: float = 2.0,
        boundary_cost: float = 1.0,
        focal_alpha: float = 0.25,
        focal_gamma: float = 2.0,
    ) -> None:
        self.class_cost, self.l1_cost = class_cost, l1_cost
        self.giou_cost, self.boundary_cost = giou_cost, boundary_cost
        self.focal_alpha, self.focal_gamma = focal_alpha, focal_gamma
        self.nonfinite = 0

    @torch.no_grad()
    def __call__(
        self, output: LayerOutput, unused: Tensor, tables: list[Tensor], sizes: Tensor
    ) -> list[Match]:
        """Match one decoder layer.

        Args:
            output: of the layer.
            unused: ``[B, Q]`` True for queries that must not be matched.
            tables: for each sheet ``[N, 4]`` half-open boxes in cells.
            sizes: ``[B, 1, 4]`` width, height, width, height of the sheets in cells.
        """
        matches = []
        for number, boxes in enumerate(tables):
            used = (~unused[number]).nonzero()[:, 0]
            cost = self._cost(output, number, boxes, sizes[number])[used]
            finite = cost.isfinite()
            self.nonfinite += int((~finite).sum())
            cost = torch.where(finite, cost, _HUGE)
            queries, matched = linear_sum_assignment(cost.float().cpu().numpy())
            matches.append(Match(used[torch.as_tensor(queries)], torch.as_tensor(matched).to(used)))
        return matches

    def _cost(self, output: LayerOutput, number: int, boxes: Tensor, size: Tensor) -> Tensor:
        """``[Q, N]`` costs of one sheet."""
        predicted = output.boxes[number].float()
        normalised = box_convert(boxes / size, "xyxy", "cxcywh")
        l1 = torch.cdist(predicted, normalised, p=1)
        giou = generalized_box_iou(box_convert(predicted, "cxcywh", "xyxy"), boxes / size)
        classes = focal_cost(output.logits[number].float(), self.focal_alpha, self.focal_gamma)[:, None]
        edges = [edge[number].float().log_softmax(-1) for edge in output.edges]
        likelihood = torch.stack([edge[:, boundary_index(boxes, side)] for side, edge in enumerate(edges)])
        cost: Tensor = self.class_cost * classes + self.l1_cost * l1 - self.giou_cost * giou
        return cost - self.boundary_cost * likelihood.mean(0)


def boundary_index(boxes: Tensor, side: int) -> Tensor:
    """The line that a side of half-open boxes points at: its first or last line inside. ``[N]``."""
    return boxes[..., side].long() - int(side >= 2)


def focal_cost(logits: Tensor, alpha: float, gamma: float) -> Tensor:
    """What matching a query to a table changes in the focal loss (Deformable DETR). ``[...]``."""
    probability = logits.sigmoid()
    positive = alpha * (1 - probability) ** gamma * -torch.nn.functional.logsigmoid(logits)
    negative = (1 - alpha) * probability**gamma * -torch.nn.functional.logsigmoid(-logits)
    return positive - negative
