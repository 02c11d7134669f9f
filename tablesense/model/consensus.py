"""What the queries that propose boxes, of one network or several, say together of every proposed box.

A query is a distribution over boxes: its score times the probabilities of the four edges. Of several queries
that may mean a box the surest counts, for they name the same table again, and of several networks the mean:
where they disagree the box is doubtful, however sure each one is (deep ensembles, Lakshminarayanan et al.,
NeurIPS 2017).

A query that would take two tables for one speaks for either where it proposes that one too, if less likely;
but each query is the reason for one table at most (:func:`favoured`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from tablesense.boxes import Box
from tablesense.model.choice import Candidate

_MOST_BOXES = 200  # the likeliest: more would only take the time of choosing among them
_SAME = 0.5  # IoU from which two boxes are views of one table


class Queries(NamedTuple):
    """The queries of one sheet that propose boxes.

    scores: ``[Q]`` that the query stands for a table. edges: log-probabilities ``[Q, N]`` of left, top,
    right, bottom. network: ``[Q]`` which network it belongs to, from 0.
    """

    scores: Tensor
    edges: Sequence[Tensor]
    network: Tensor


class Proposals(NamedTuple):
    """Boxes that queries propose.

    boxes: ``[C, 4]`` in cells, half-open. query: ``[C]`` the number of the query. probability: ``[C]`` of
    the four edges together.
    """

    boxes: Tensor
    query: Tensor
    probability: Tensor


def weigh(queries: Queries, proposals: Proposals, networks: int) -> list[Candidate]:
    """The likeliest of the proposed boxes, each once, with what all queries say of it.

    Args:
        queries: of all networks.
        proposals: of these queries, at least one each.
        networks: how many there are; one may have no query here.
    """
    boxes = torch.unique(proposals.boxes, dim=0)
    weights = _mean_of_surest(_exactly(queries, boxes), queries.network, networks)
    weights, order = weights.sort(descending=True, stable=True)
    boxes, weights = boxes[order[:_MOST_BOXES]], weights[:_MOST_BOXES]
    about = queries.scores[proposals.query, None] * (_iou(proposals.boxes, boxes) >= _SAME)
    scores = _mean_of_surest(about, queries.network[proposals.query], networks)
    numbers = zip(boxes.tolist(), weights.tolist(), scores.tolist(), strict=True)
    return [Candidate(Box(*box), weight, score) for box, weight, score in numbers]


def favoured(queries: Queries, chosen: Sequence[Candidate]) -> list[Candidate]:
    """Those of the chosen boxes that are the likeliest of all chosen ones to at least one query.

    What is left of a query's lines beside its own table is no other table.
    """
    if not chosen:
        return []
    boxes = torch.tensor([one.box for one in chosen], device=queries.scores.device)
    likeliest = _exactly(queries, boxes).argmax(1)
    return [chosen[number] for number in torch.unique(likeliest).tolist()]


def _exactly(queries: Queries, boxes: Tensor) -> Tensor:
    """``[Q, M]`` the probability that a query stands for a table with these very edges."""
    lines = boxes - boxes.new_tensor([0, 0, 1, 1])
    logs = [edge[:, line] for edge, line in zip(queries.edges, lines.unbind(1), strict=True)]
    return queries.scores[:, None] * torch.stack(logs).sum(0).exp()


def _mean_of_surest(values: Tensor, network: Tensor, networks: int) -> Tensor:
    """The greatest of ``[Q, M]`` of each network, zero where it says nothing, and their mean. ``[M]``."""
    nothing = values.new_zeros(1, values.shape[1])
    greatest = [torch.cat([nothing, values[network == number]]).amax(0) for number in range(networks)]
    return torch.stack(greatest).mean(0)


def _iou(one: Tensor, other: Tensor) -> Tensor:
    """``[C, M]`` intersection over union of boxes ``[C, 4]`` and ``[M, 4]``, counted in cells.

    ``torchvision.ops.box_iou``, which takes a second to import.
    """
    first, last = torch.maximum(one[:, None, :2], other[:, :2]), torch.minimum(one[:, None, 2:], other[:, 2:])
    shared = (last - first).clamp(min=0).prod(-1)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(-1) for boxes in (one, other)]
    return shared / (areas[0][:, None] + areas[1] - shared)
