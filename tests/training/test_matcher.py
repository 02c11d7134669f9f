import math
from itertools import permutations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torchvision.ops import box_convert, generalized_box_iou

from tablesense.boxes import Box
from tablesense.model.detector import LayerOutput
from tablesense.training.matcher import HungarianMatcher, Match, boundary_index, focal_cost

from .outputs import SIZE, SIZES, random_layer, random_tables, right_layer, tensor

ALL_USED = torch.zeros(1, 1, dtype=torch.bool)


def match(
    layer: LayerOutput, tables: Tensor, unused: Tensor = ALL_USED, matcher: HungarianMatcher | None = None
) -> Match:
    (found,) = (matcher or HungarianMatcher())(layer, unused.expand_as(layer.logits), [tables], SIZES)
    assert found.queries.dtype == found.tables.dtype == torch.long
    return found


def cost(layer: LayerOutput, query: int, table: Tensor) -> float:
    """The cost of one pair, number by number from its definition."""
    share = table / SIZE
    predicted = layer.boxes[0, query]
    l1 = (predicted - box_convert(share, "xyxy", "cxcywh")).abs().sum()
    giou = generalized_box_iou(box_convert(predicted, "cxcywh", "xyxy")[None], share[None])[0, 0]
    lines = [int(table[side]) - side // 2 for side in range(4)]
    edges = [edge[0, query].log_softmax(0)[line] for edge, line in zip(layer.edges, lines, strict=True)]
    probability = layer.logits[0, query].sigmoid()
    found = -0.25 * (1 - probability) ** 2 * probability.log()
    missed = -0.75 * probability**2 * (1 - probability).log()
    return float(found - missed + 5 * l1 - 2 * giou - sum(edges) / 4)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**31))
def test_no_assignment_costs_less(queries: int, count: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    layer, tables = random_layer(1, queries, generator), random_tables(count, generator)
    costs = [[cost(layer, query, table) for table in tables] for query in range(queries)]
    if queries >= count:
        ways = [list(zip(some, range(count), strict=True)) for some in permutations(range(queries), count)]
    else:
        ways = [list(zip(range(queries), some, strict=True)) for some in permutations(range(count), queries)]
    found = match(layer, tables)
    pairs = list(zip(found.queries.tolist(), found.tables.tolist(), strict=True))
    assert sorted(pairs) in [sorted(way) for way in ways]
    best = min(sum(costs[query][table] for query, table in way) for way in ways)
    assert sum(costs[query][table] for query, table in pairs) == pytest.approx(best, abs=1e-4)


def test_the_right_queries_are_matched() -> None:
    tables = tensor(Box(0, 0, 3, 4), Box(5, 5, 9, 12), Box(0, 6, 2, 8))
    layer = right_layer(tables, queries=5)
    found = match(layer, tables.flip(0))
    assert dict(zip(found.queries.tolist(), found.tables.tolist(), strict=True)) == {0: 2, 1: 1, 2: 0}


def test_no_table() -> None:
    found = match(random_layer(1, 3, torch.Generator()), tensor())
    assert found.queries.shape == found.tables.shape == (0,)


def test_more_tables_than_queries() -> None:
    generator = torch.Generator().manual_seed(0)
    found = match(random_layer(1, 2, generator), random_tables(5, generator))
    assert sorted(found.queries.tolist()) == [0, 1]
    assert len(set(found.tables.tolist())) == 2


def test_each_sheet_for_itself() -> None:
    generator = torch.Generator().manual_seed(0)
    layer = random_layer(3, 4, generator)
    tables = [random_tables(count, generator) for count in (2, 0, 4)]
    unused = torch.zeros(3, 4, dtype=torch.bool)
    together = HungarianMatcher()(layer, unused, tables, SIZES.expand(3, 1, 4))
    for number, found in enumerate(together):
        one = slice(number, number + 1)
        edges = tuple(edge[one] for edge in layer.edges)
        alone = match(LayerOutput(layer.logits[one], layer.boxes[one], edges), tables[number])
        torch.testing.assert_close(found, alone)


@given(st.lists(st.booleans(), min_size=4, max_size=4), st.integers(0, 5), st.integers(0, 2**31))
def test_unused_queries_are_never_matched(flags: list[bool], count: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    found = match(random_layer(1, 4, generator), random_tables(count, generator), torch.tensor([flags]))
    assert len(found.queries) == min(flags.count(False), count)
    assert not any(flags[query] for query in found.queries.tolist())


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_costs_that_are_not_finite_are_counted_and_come_last(bad: float) -> None:
    tables = tensor(Box(0, 0, 3, 4), Box(5, 5, 9, 12))
    layer = right_layer(tables, queries=4)
    layer.boxes[0, 0] = bad  # the query that is right for the first table
    matcher = HungarianMatcher()
    found = match(layer, tables, matcher=matcher)
    assert 0 not in found.queries.tolist()
    assert len(found.queries) == 2
    assert matcher.nonfinite == 2
    match(layer, tables, matcher=matcher)
    assert matcher.nonfinite == 4


def test_nothing_finite_still_matches_used_queries_only() -> None:
    tables = tensor(Box(0, 0, 3, 4), Box(5, 5, 9, 12))
    layer = right_layer(tables, queries=4)
    layer.boxes[:] = float("nan")
    matcher = HungarianMatcher()
    found = match(layer, tables, torch.tensor([[True, False, True, False]]), matcher)
    assert sorted(found.queries.tolist()) == [1, 3]
    assert matcher.nonfinite == 4


@pytest.mark.parametrize(
    ("weight", "better"),
    [("class_cost", 0), ("l1_cost", 1), ("giou_cost", 1), ("boundary_cost", 2)],
)
def test_each_weight_decides_alone(weight: str, better: int) -> None:
    """Three queries, each right in one respect: sure of it, the box, the pointed edges."""
    table = tensor(Box(2, 2, 5, 7))
    right = right_layer(table, queries=1)
    logits = torch.tensor([[3.0, -3.0, -3.0]])
    boxes = torch.full((1, 3, 4), 0.9)
    boxes[0, 1] = right.boxes[0, 0]
    edges = tuple(torch.cat([torch.zeros(1, 2, SIZE), edge], 1) for edge in right.edges)
    none = {"class_cost": 0.0, "l1_cost": 0.0, "giou_cost": 0.0, "boundary_cost": 0.0}
    matcher = HungarianMatcher(**{**none, weight: 1.0})
    assert match(LayerOutput(logits, boxes, edges), table, matcher=matcher).queries.tolist() == [better]


def test_matching_takes_no_gradient() -> None:
    generator = torch.Generator().manual_seed(0)
    layer, tables = random_layer(1, 3, generator), random_tables(2, generator)
    found = match(layer._replace(boxes=layer.boxes.requires_grad_()), tables)
    assert not found.queries.requires_grad


def test_boundary_index_is_the_last_line_inside() -> None:
    boxes = tensor(Box(1, 2, 5, 9), Box(0, 0, 1, 1))
    assert [boundary_index(boxes, side).tolist() for side in range(4)] == [[1, 0], [2, 0], [4, 0], [8, 0]]


def test_focal_cost_of_an_undecided_query() -> None:
    assert float(focal_cost(torch.tensor(0.0), alpha=0.25, gamma=2.0)) == pytest.approx(
        (0.25 - 0.75) * 0.25 * math.log(2)
    )


def test_focal_cost_falls_with_the_score() -> None:
    costs = focal_cost(torch.linspace(-50, 50, 101), alpha=0.25, gamma=2.0)
    assert (costs.diff() < 0).all()
    assert costs.isfinite().all()
