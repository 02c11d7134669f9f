"""What several queries say of a box, worked out by hand."""

import pytest
import torch
from torch import Tensor

from tablesense.boxes import Box
from tablesense.model.choice import Candidate
from tablesense.model.consensus import Proposals, Queries, favoured, weigh

LINES = 6
TALL, SHORT, FAR = Box(0, 0, 2, 4), Box(0, 0, 2, 3), Box(4, 4, 6, 6)


def sides(*bottoms: dict[int, float], box: Box = TALL) -> list[Tensor]:
    """Log-probabilities of queries that are sure of all edges but of the last row."""
    sure = torch.full((len(bottoms), LINES), -torch.inf)
    left, top, right, bottom = (sure.clone() for _ in range(4))
    left[:, box.left], top[:, box.top], right[:, box.right - 1] = 0.0, 0.0, 0.0
    for query, rows in enumerate(bottoms):
        for row, probability in rows.items():
            bottom[query, row] = torch.tensor(probability).log()
    return [left, top, right, bottom]


def proposals(*proposed: tuple[Box, int, float]) -> Proposals:
    boxes, queries, probabilities = zip(*proposed, strict=True)
    return Proposals(torch.tensor(boxes), torch.tensor(queries), torch.tensor(probabilities))


def test_of_one_network_the_surest_query_counts() -> None:
    edges = sides({3: 0.9, 2: 0.1}, {3: 0.4, 2: 0.6})
    queries = Queries(torch.tensor([0.5, 0.8]), edges, torch.tensor([0, 0]))
    proposed = proposals((TALL, 0, 0.9), (SHORT, 0, 0.1), (TALL, 1, 0.4), (SHORT, 1, 0.6))
    short, tall = weigh(queries, proposed, 1)
    assert (short.box, tall.box) == (SHORT, TALL), "the likeliest first, each box once"
    assert (short.weight, tall.weight) == pytest.approx((0.8 * 0.6, 0.5 * 0.9))
    assert (short.score, tall.score) == pytest.approx((0.8, 0.8)), "both queries see a table about there"


def test_of_several_networks_the_mean_counts_and_one_may_say_nothing() -> None:
    queries = Queries(torch.tensor([0.9, 0.6]), sides({3: 1.0}, {3: 0.3, 2: 0.7}), torch.tensor([0, 2]))
    proposed = proposals((TALL, 0, 1.0), (SHORT, 1, 0.7), (TALL, 1, 0.3))
    tall, short = weigh(queries, proposed, 3)
    assert tall.weight == pytest.approx((0.9 * 1.0 + 0 + 0.6 * 0.3) / 3)
    assert short.weight == pytest.approx((0 + 0 + 0.6 * 0.7) / 3)
    assert tall.score == short.score == pytest.approx((0.9 + 0 + 0.6) / 3)


def test_a_query_says_nothing_of_a_table_elsewhere() -> None:
    edges = [torch.cat(both) for both in zip(sides({3: 1.0}), sides({5: 1.0}, box=FAR), strict=True)]
    queries = Queries(torch.tensor([0.9, 0.4]), edges, torch.tensor([0, 0]))
    tall, far = weigh(queries, proposals((FAR, 1, 1.0), (TALL, 0, 1.0)), 1)
    assert (tall.box, far.box) == (TALL, FAR)
    assert (tall.score, far.score) == pytest.approx((0.9, 0.4))


def test_a_query_is_the_reason_for_one_table() -> None:
    """What its lines leave beside its table is none, unless another query would rather have it."""
    rest = Box(0, 4, 2, 6)
    chosen = [Candidate(rest, 0.1, 0.9), Candidate(TALL, 0.8, 0.9)]
    unsure = sides({3: 0.8, 5: 0.2})
    unsure[1][0, [0, 4]] = torch.tensor([0.9, 0.1]).log()
    alone = Queries(torch.tensor([0.9]), unsure, torch.tensor([0]))
    assert favoured(alone, chosen) == [chosen[1]]
    edges = [torch.cat(both) for both in zip(unsure, sides({5: 1.0}, box=rest), strict=True)]
    both = Queries(torch.tensor([0.9, 0.2]), edges, torch.tensor([0, 1]))
    assert favoured(both, chosen) == chosen
    assert favoured(alone, []) == []


def test_boxes_that_overlap_by_half_are_views_of_one_table() -> None:
    half, less = Box(0, 0, 2, 2), Box(0, 0, 1, 3)
    edges = [torch.cat(both) for both in zip(sides({3: 1.0}), sides({3: 0.5}), strict=True)]
    queries = Queries(torch.tensor([0.9, 0.4]), edges, torch.tensor([0, 0]))
    found = weigh(queries, proposals((TALL, 0, 1.0), (half, 1, 0.5), (less, 1, 0.5)), 1)
    assert {one.box: one.score for one in found} == {
        TALL: pytest.approx(0.9),
        half: pytest.approx(0.9),
        less: pytest.approx(0.4),
    }


def test_only_the_likeliest_boxes_are_kept() -> None:
    rows = 300
    sure = torch.zeros(rows, rows).fill_(-torch.inf)
    first = sure.clone()
    first[:, 0] = 0.0
    scores = torch.linspace(0.1, 0.9, rows)
    queries = Queries(scores, [first, sure.fill_diagonal_(0.0), first, sure], torch.zeros(rows).long())
    boxes = [(Box(0, row, 1, row + 1), row, 1.0) for row in range(rows)]
    kept = weigh(queries, proposals(*boxes), 1)
    assert len(kept) == 200
    assert [one.box.top for one in kept] == list(range(rows - 1, rows - 201, -1))
