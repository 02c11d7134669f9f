"""The boundary head: each query points at the exact first and last row and column of its table.

A regressed box does not hit exact cells; a softmax over the rows (columns) of the grid does. For every
line, the features of the cells within the box's other extent are pooled, and the query scores them.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tablesense.model.positions import sine_embedding

_OFFSET_CHANNELS = 16  # of a line's distance to each edge of the box
SIDES = (
    "left",
    "top",
    "right",
    "bottom",
)  # the order of a Box; right and bottom point at the last line inside


def extent_weights(low: Tensor, high: Tensor, mask: Tensor) -> Tensor:
    """How much each line of an axis counts for a query's pooling: 1 inside its box, fading over a cell.

    Args:
        low: ``[B, Q]`` first edge of the box in cells.
        high: ``[B, Q]`` second edge in cells.
        mask: ``[B, N]`` True for lines inside the sheet.

    Returns:
        ``[B, Q, N]``, each query's weights sum to 1 (to 0 where the sheet has no line).
    """
    centre = torch.arange(mask.shape[1], device=low.device, dtype=low.dtype) + 0.5
    inside = torch.minimum(centre - low[..., None], high[..., None] - centre)
    # The small floor keeps a box that left the sheet from pooling nothing.
    floor = 1e-3 / mask.sum(-1).clamp(min=1)[:, None, None]
    weight = ((inside + 0.5).clamp(0, 1) + floor) * mask[:, None]
    return weight / weight.sum(-1, keepdim=True).clamp(min=1e-6)


class AxisPointer(nn.Module):
    """Scores every line of one axis as a query's first and as its last.

    The cells are projected before they are pooled into lines, not after: both are linear, and a sheet has
    far fewer cells than pairs of a query and a line have channels. Nothing else in the network has as many
    numbers as these pairs, so their layer is narrow, and a ReLU.
    """

    def __init__(self, hidden_dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(hidden_dim, hidden_dim)
        self.cell = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.table = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.offset = nn.Linear(2 * _OFFSET_CHANNELS, hidden_dim, bias=False)
        # No bias: a softmax over the lines would not see it.
        self.score = nn.Linear(hidden_dim, 2, bias=False)

    def forward(
        self, queries: Tensor, cells: Tensor, across: Tensor, along: Tensor, edges: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Logits of the first and the last line.

        Args:
            queries: ``[B, Q, C]``.
            cells: ``[B, N, K, C]``, N lines of K cells, zero outside the sheet.
            across: ``[B, Q, K]`` how much each cell of a line counts.
            along: ``[B, Q, N]`` how much each line counts in the mean line of the box.
            edges: ``[B, Q, 2]`` the box's two edges on this axis, in cells.
            mask: ``[B, N]`` True for lines inside the sheet.

        Returns:
            Two ``[B, Q, N]``; lines outside the sheet get the lowest number there is.
        """
        lines = torch.einsum("bqk,bnkc->bqnc", across.to(cells), self.cell(cells))
        # The mean line tells a line from the table's own lines.
        mean = torch.einsum("bqn,bqnc->bqc", along.to(lines), lines)
        centre = torch.arange(lines.shape[2], device=lines.device, dtype=edges.dtype) + 0.5
        distance = centre - edges[..., None]  # [B, Q, 2, N]
        offset = self.offset(sine_embedding(distance, _OFFSET_CHANNELS).transpose(2, 3).flatten(3).to(lines))
        hidden = F.relu((self.query(queries) + self.table(mean))[:, :, None] + lines + offset)
        logits: Tensor = self.score(hidden)
        logits = logits.masked_fill(~mask[:, None, :, None], torch.finfo(logits.dtype).min)
        return logits[..., 0], logits[..., 1]


class BoundaryHead(nn.Module):
    """Points at the four edges of every query's table, from full-resolution cell features."""

    def __init__(self, hidden_dim: int) -> None:
        super().__init__()
        self.rows = AxisPointer(hidden_dim)
        self.columns = AxisPointer(hidden_dim)

    def forward(self, queries: Tensor, boxes: Tensor, cells: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        """Logits of the four sides, in the order of ``SIDES``.

        Args:
            queries: ``[B, Q, C]``.
            boxes: ``[B, Q, 4]`` as (left, top, right, bottom) in cells; no gradient goes into them.
            cells: ``[B, C, H, W]`` features, zero outside the sheet.
            mask: ``[B, H, W]`` True inside the sheet.

        Returns:
            left ``[B, Q, W]``, top ``[B, Q, H]``, right ``[B, Q, W]``, bottom ``[B, Q, H]``.
        """
        boxes = boxes.detach()
        row_mask, column_mask = mask.any(2), mask.any(1)
        wide = extent_weights(boxes[..., 0], boxes[..., 2], column_mask)  # [B, Q, W]
        high = extent_weights(boxes[..., 1], boxes[..., 3], row_mask)  # [B, Q, H]
        by_row, by_column = cells.permute(0, 2, 3, 1), cells.permute(0, 3, 2, 1)
        top, bottom = self.rows(queries, by_row, wide, high, boxes[..., 1::2], row_mask)
        left, right = self.columns(queries, by_column, high, wide, boxes[..., 0::2], column_mask)
        return left, top, right, bottom


def best_intervals(first: Tensor, last: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The most likely pair first <= last of two independent distributions over lines.

    Args:
        first: ``[..., N]`` log-probabilities of the first line.
        last: ``[..., N]`` log-probabilities of the last line.

    Returns:
        Indices of the first and of the last line, and the pair's log-probability, each ``[...]``.
    """
    best_first, index = first.cummax(-1)
    log_probability, end = (best_first + last).max(-1)
    start = index.gather(-1, end[..., None])[..., 0]
    return start, end, log_probability


@torch.no_grad()
def pointed_boxes(edges: Sequence[Tensor]) -> Tensor:
    """The likeliest boxes, half-open, as (left, top, right, bottom) in whole cells. ``[B, Q, 4]``.

    Args:
        edges: logits of the four sides, as :class:`BoundaryHead` gives them.
    """
    left, top, right, bottom = (edge.log_softmax(-1) for edge in edges)
    first_column, last_column, _ = best_intervals(left, right)
    first_row, last_row, _ = best_intervals(top, bottom)
    return torch.stack([first_column, first_row, last_column + 1, last_row + 1], -1)
