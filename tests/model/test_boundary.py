import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tablesense.model.boundary import SIDES, BoundaryHead, best_intervals, extent_weights, pointed_boxes

from .grids import stirred

lengths = st.integers(1, 9)
seeds = st.integers(0, 2**31)


def doubles(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@given(lengths, seeds)
def test_best_intervals_are_the_best_of_all(length: int, seed: int) -> None:
    first, last = (3 * doubles(2, 4, length, seed=seed)).log_softmax(-1)
    start, end, value = best_intervals(first, last)
    for query in range(4):
        pairs = {
            (i, j): float(first[query, i] + last[query, j]) for i in range(length) for j in range(i, length)
        }
        best = max(pairs, key=lambda pair: pairs[pair])
        assert (int(start[query]), int(end[query])) == best
        assert float(value[query]) == pairs[best]


def test_best_intervals_take_one_line() -> None:
    start, end, value = best_intervals(torch.zeros(3, 1), torch.zeros(3, 1))
    assert start.tolist() == end.tolist() == [0, 0, 0]
    assert value.tolist() == [0, 0, 0]


@given(lengths, st.integers(0, 5), st.floats(-30, 30), st.floats(0, 30))
def test_extent_weights_sum_to_one_over_the_sheet(
    length: int, padding: int, low: float, extent: float
) -> None:
    mask = torch.arange(length + padding)[None] < length
    edges = torch.tensor([[low]]), torch.tensor([[low + extent]])
    weights = extent_weights(*edges, mask)[0, 0]
    torch.testing.assert_close(weights.sum(), torch.tensor(1.0))
    assert weights.min() >= 0
    assert weights[length:].sum() == 0


def test_extent_weights_count_the_lines_of_the_box_alike() -> None:
    mask = torch.ones(1, 8, dtype=torch.bool)
    weights = extent_weights(torch.tensor([[2.0]]), torch.tensor([[5.0]]), mask)[0, 0]
    assert weights[2:5].sum() > 0.99
    torch.testing.assert_close(weights[2:5], weights[2:3].expand(3))


def test_extent_weights_of_a_sheet_without_lines_are_zero() -> None:
    weights = extent_weights(torch.zeros(1, 1), torch.ones(1, 1), torch.zeros(1, 4, dtype=torch.bool))
    assert weights.tolist() == [[[0.0] * 4]]


def head_output(seed: int) -> tuple[tuple[Tensor, ...], Tensor]:
    """The pointed edges of three queries on two sheets, 7 x 5 and 2 x 3 cells."""
    head = stirred(BoundaryHead(8), seed)
    mask = torch.zeros(2, 7, 5, dtype=torch.bool)
    mask[0], mask[1, :2, :3] = True, True
    cells = doubles(2, 8, 7, 5, seed=seed) * mask[:, None]
    low = 3 * doubles(2, 3, 2, seed=seed + 1).abs()
    boxes = torch.cat([low, low + 2], -1)
    edges = head(doubles(2, 3, 8, seed=seed + 2), boxes, cells, mask)
    return edges, mask


def test_edges_come_in_the_order_of_a_box() -> None:
    edges, _ = head_output(0)
    assert SIDES == ("left", "top", "right", "bottom")
    assert [edge.shape for edge in edges] == [(2, 3, 5), (2, 3, 7), (2, 3, 5), (2, 3, 7)]


def test_pointed_boxes_are_ordered_and_inside_the_sheet() -> None:
    for seed in range(10):
        edges, mask = head_output(seed)
        boxes = pointed_boxes(edges)
        left, top, right, bottom = boxes.unbind(-1)
        assert ((left >= 0) & (left < right)).all()
        assert ((top >= 0) & (top < bottom)).all()
        assert (right <= mask.any(1).sum(1)[:, None]).all()
        assert (bottom <= mask.any(2).sum(1)[:, None]).all()


def test_transposing_swaps_nothing_but_the_axes() -> None:
    """Rows are pointed at as columns are: with the two pointers exchanged, so are the answers."""
    head = stirred(BoundaryHead(8))
    cells, queries = doubles(1, 8, 6, 4, seed=1), doubles(1, 2, 8, seed=2)
    boxes = torch.tensor([[[0.5, 1.0, 3.0, 4.5], [1.0, 2.0, 2.0, 6.0]]], dtype=torch.float64)
    mask = torch.ones(1, 6, 4, dtype=torch.bool)
    left, top, right, bottom = head(queries, boxes, cells, mask)
    head.rows, head.columns = head.columns, head.rows
    turned = head(queries, boxes[..., [1, 0, 3, 2]], cells.transpose(2, 3), mask.transpose(1, 2))
    for one, other in zip((top, left, bottom, right), turned, strict=True):
        torch.testing.assert_close(one, other)
