"""Where the queries of the decoder come from: from the sheet, or learnt and the same on every sheet."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_BEHIND = 100.0  # below any logit, yet small enough that float32 still tells near-equal logits apart


class SheetProposals(nn.Module):
    """Two-stage queries: the cells that look most like the first cell of a table, with a guessed size."""

    def __init__(self, hidden_dim: int, num_queries: int) -> None:
        super().__init__()
        self.num_queries = num_queries
        self.query = nn.Linear(hidden_dim, hidden_dim)
        self.extent = nn.Sequential(nn.Linear(hidden_dim, hidden_dim), nn.GELU(), nn.Linear(hidden_dim, 2))

    def forward(
        self, features: Tensor, first: Tensor, mask: Tensor, sizes: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries ``[B, Q, C]``, their boxes ``[B, Q, 4]`` as shares of the sheet, and which are unused.

        Args:
            features: ``[B, C, H, W]``.
            first: ``[B, H, W]`` logits that a cell is a table's first.
            mask: ``[B, H, W]`` True inside the sheet.
            sizes: ``[B, 1, 4]`` from :func:`tablesense.model.detector.sheet_sizes`.
        """
        width = mask.shape[2]
        exact = torch.promote_types(first.dtype, torch.float32)  # ranks in half precision would often tie
        scores = first.detach().to(exact).masked_fill(~mask, float("-inf"))
        scores = demote_slopes(scores).flatten(1)
        scores = F.pad(scores, (0, self.num_queries), value=float("-inf"))  # there may be fewer cells
        top, index = scores.topk(self.num_queries, dim=1)
        unused = top == float("-inf")
        index = index.masked_fill(unused, 0)
        chosen = (
            features.flatten(2).transpose(1, 2).gather(1, index[..., None].expand(-1, -1, features.shape[1]))
        )
        row = index // width
        corner = torch.stack([index - row * width, row], -1).to(sizes) / sizes[..., :2]
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

    def __init__(self, hidden_dim: int, num_queries: int) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(num_queries, hidden_dim))
        self.boxes = nn.Parameter(torch.randn(num_queries, 4))

    def forward(
        self, features: Tensor, first: Tensor, mask: Tensor, sizes: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """See :class:`SheetProposals`; only the batch size is looked at."""
        del first, mask, sizes
        batch = features.shape[0]
        queries = self.embedding.expand(batch, -1, -1)
        boxes = self.boxes.sigmoid().expand(batch, -1, -1)
        return queries, boxes, torch.zeros(queries.shape[:2], dtype=torch.bool, device=features.device)
