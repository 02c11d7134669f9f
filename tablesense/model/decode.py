"""From what the network says to scored boxes of whole cells, no two of which share a cell.

Every query proposes a few boxes: the likeliest pairs of first and last row, and of columns. Where a table
could end early or late its edges have two peaks, and the right one often shows only beside the other
tables of the sheet; so all that propose are heard about every box (:mod:`tablesense.model.consensus`), and
the boxes are chosen together (:mod:`tablesense.model.choice`).
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from tablesense.boxes import Box
from tablesense.model.answer import Answer
from tablesense.model.boundary import best_intervals
from tablesense.model.choice import Candidate, choose
from tablesense.model.consensus import Proposals, Queries, favoured, weigh

LEAST_SCORE = 0.1  # a query scored lower proposes nothing
_ROW_PAIRS, _COLUMN_PAIRS = 6, 3  # tables are mistaken in their rows more often than in their columns
_LINES = 8  # likeliest first and last lines that are paired
_LEAST_PROBABILITY = 0.03  # of a proposed box beside a query's best one


class ScoredBox(NamedTuple):
    """A box of cells and how sure the network is that it is a table, in [0, 1]."""

    box: Box
    score: float


class Intervals(NamedTuple):
    """Pairs of first and last line of each query, the likeliest first. Each ``[Q, K]``."""

    first: Tensor
    last: Tensor
    log_probability: Tensor


@torch.no_grad()
def decode(answer: Answer, min_score: float) -> list[list[ScoredBox]]:
    """The tables of every sheet of a batch, in grid cells, best first; no two share a cell.

    Args:
        answer: of the network, or of several.
        min_score: boxes scored lower are dropped.
    """
    scores = answer.logits.float().sigmoid().masked_fill(answer.unused, -1.0)
    each = scores.shape[1] // answer.networks
    results = []
    for number, sheet_scores in enumerate(scores):
        broken = torch.stack([edge[number].isnan().any(-1) for edge in answer.edges]).any(0)
        numbers = ((sheet_scores >= LEAST_SCORE) & ~broken).nonzero()[:, 0]
        edges = [edge[number, numbers].float().log_softmax(-1) for edge in answer.edges]
        queries = Queries(sheet_scores[numbers], edges, numbers // each)
        found = _tables(queries, answer.networks) if len(numbers) else []
        boxes = [ScoredBox(one.box, one.score) for one in found if one.score >= min_score]
        results.append(sorted(boxes, key=lambda scored: (-scored.score, scored.box.top, scored.box.left)))
    return results


def _tables(queries: Queries, networks: int) -> list[Candidate]:
    """Of one sheet, in no order."""
    chosen = choose(weigh(queries, _proposals(queries.edges), networks))
    return favoured(queries, chosen)


def likely_intervals(first: Tensor, last: Tensor, count: int) -> Intervals:
    """The likeliest pairs first <= last of two independent distributions over lines.

    The best pair is exact; of the others, those among the few likeliest lines of each distribution.

    Args:
        first: ``[Q, N]`` log-probabilities of the first line.
        last: ``[Q, N]`` log-probabilities of the last line.
        count: how many pairs, the best one included; impossible ones have probability zero.
    """
    start, end, best = best_intervals(first, last)
    lines = min(_LINES, first.shape[-1])
    (first_log, firsts), (last_log, lasts) = first.topk(lines), last.topk(lines)
    both = first_log[:, :, None] + last_log[:, None, :]
    pairs_start, pairs_end = firsts[:, :, None].expand_as(both), lasts[:, None, :].expand_as(both)
    is_best = (pairs_start == start[:, None, None]) & (pairs_end == end[:, None, None])
    both = both.masked_fill((pairs_start > pairs_end) | is_best, -torch.inf)
    others, index = both.flatten(1).topk(min(count - 1, lines * lines))
    return Intervals(
        torch.cat([start[:, None], pairs_start.flatten(1).gather(1, index)], 1),
        torch.cat([end[:, None], pairs_end.flatten(1).gather(1, index)], 1),
        torch.cat([best[:, None], others], 1),
    )


def _proposals(edges: Sequence[Tensor]) -> Proposals:
    """What the queries of one sheet propose; edges are ``[Q, N]`` log-probabilities of each side."""
    left, top, right, bottom = edges
    rows = likely_intervals(top, bottom, _ROW_PAIRS)
    columns = likely_intervals(left, right, _COLUMN_PAIRS)
    probability = (rows.log_probability[:, :, None] + columns.log_probability[:, None, :]).exp()
    proposed = probability >= _LEAST_PROBABILITY
    proposed[:, 0, 0] = True
    query, row, column = proposed.nonzero(as_tuple=True)
    first = columns.first[query, column], rows.first[query, row]
    last = columns.last[query, column], rows.last[query, row]
    boxes = torch.stack([*first, *(line + 1 for line in last)], 1)
    return Proposals(boxes, query, probability[proposed])
