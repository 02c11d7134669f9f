from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tablesense.model.attention import (
    Level,
    MultiScaleDeformableAttention,
    deformable_sampling,
    deformable_sampling_loop,
)

from .grids import stirred

Maps = list[tuple[int, int]]


def sampling_inputs(
    sizes: Sequence[tuple[int, int]], heads: int, queries: int, points: int, seed: int
) -> tuple[list[Tensor], Tensor, Tensor]:
    """Random values, locations (a third of them outside the map) and weights in double precision."""
    generator = torch.Generator().manual_seed(seed)

    def rand(*shape: int) -> Tensor:
        return torch.rand(shape, dtype=torch.float64, generator=generator)

    values = [rand(2, heads, 3, *size) - 0.5 for size in sizes]
    spread = torch.tensor([[width, height] for height, width in sizes], dtype=torch.float64)
    locations = (rand(2, queries, heads, len(sizes), points, 2) * 2 - 0.5) * spread[:, None]
    return values, locations, rand(2, queries, heads, len(sizes), points)


@given(
    sizes=st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=3),
    heads=st.integers(1, 2),
    queries=st.integers(1, 3),
    points=st.integers(1, 2),
    seed=st.integers(0, 2**31),
)
def test_fast_equals_the_definition(sizes: Maps, heads: int, queries: int, points: int, seed: int) -> None:
    inputs = sampling_inputs(sizes, heads, queries, points, seed)
    torch.testing.assert_close(deformable_sampling(*inputs), deformable_sampling_loop(*inputs))


def test_gradients_equal_those_of_the_definition() -> None:
    values, locations, weights = sampling_inputs([(4, 3), (2, 2)], heads=2, queries=3, points=2, seed=1)
    leaves = [*values, locations, weights]
    for leaf in leaves:
        leaf.requires_grad_()
    fast = torch.autograd.grad(deformable_sampling(values, locations, weights).square().sum(), leaves)
    slow = torch.autograd.grad(deformable_sampling_loop(values, locations, weights).square().sum(), leaves)
    torch.testing.assert_close(fast, slow)


def test_gradcheck() -> None:
    values, locations, weights = sampling_inputs([(3, 4), (2, 1)], heads=1, queries=2, points=2, seed=2)

    def sample(one: Tensor, two: Tensor, where: Tensor, how_much: Tensor) -> Tensor:
        return deformable_sampling([one, two], where, how_much)

    leaves = (*values, locations, weights)
    assert torch.autograd.gradcheck(sample, [leaf.requires_grad_() for leaf in leaves])


def test_the_centre_of_a_cell_is_its_value_and_outside_is_zero() -> None:
    value = torch.arange(6.0, dtype=torch.float64).view(1, 1, 1, 2, 3) + 1
    where = torch.tensor([[0.5, 0.5], [2.5, 1.5], [1.0, 0.5], [-0.5, 0.5], [9.0, 9.0]], dtype=torch.float64)
    sampled = deformable_sampling([value], where.view(1, 5, 1, 1, 1, 2), torch.ones(1, 5, 1, 1, 1).double())
    assert sampled.flatten().tolist() == pytest.approx([1.0, 6.0, 1.5, 0.0, 0.0])


def test_no_level_is_refused() -> None:
    _, locations, weights = sampling_inputs([(2, 2)], heads=1, queries=1, points=1, seed=0)
    with pytest.raises(ValueError, match="at least one level"):
        deformable_sampling([], locations, weights)


def test_heads_must_share_the_channels() -> None:
    with pytest.raises(ValueError, match="hidden_dim 6 is not a multiple of num_heads 4"):
        MultiScaleDeformableAttention(6, 4, 1, 1)


def test_starts_with_equal_weights_and_a_direction_a_head() -> None:
    attention = MultiScaleDeformableAttention(hidden_dim=8, num_heads=4, num_levels=2, num_points=3)
    queries = torch.randn(1, 5, 8)
    offsets = attention.offsets(queries).view(5, 4, 2, 3, 2)
    assert torch.equal(offsets, offsets[:1].expand_as(offsets)), "whatever the query"
    assert torch.equal(offsets[:, :, 0], offsets[:, :, 1]), "whatever the level"
    reach = offsets[0, :, 0].abs().amax(-1)
    torch.testing.assert_close(reach, torch.tensor([1 / 3, 2 / 3, 1.0]).expand(4, 3))
    directions = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    torch.testing.assert_close(offsets[0, :, 0, -1], directions)
    assert attention.weights(queries).abs().max() == 0


@pytest.mark.parametrize("stride", [1, 2])
def test_reaches_the_edges_of_its_box_and_no_less_than_one_cell(stride: int) -> None:
    """With the starting rays the last point of each head lies on the edge of the box."""
    attention = MultiScaleDeformableAttention(hidden_dim=4, num_heads=4, num_levels=1, num_points=1).double()
    with torch.no_grad():
        attention.value.weight.copy_(torch.eye(4))
        attention.output.weight.copy_(torch.eye(4))
        attention.value.bias.zero_()
        attention.output.bias.zero_()
    y, x = torch.meshgrid(*(stride * (torch.arange(size) + 0.5) for size in (9, 11)), indexing="ij")
    features = torch.stack([x, y, x, y])[None].double()  # right, bottom, left, top
    level = Level(features, torch.ones(1, 9, 11, dtype=torch.bool), stride)
    boxes = torch.tensor([[[5.0, 4.0, 6.0, 2.0], [5.0, 4.0, 0.1, 0.1]]]).double()
    edges = attention(torch.zeros(1, 2, 4).double(), boxes, [level])
    assert edges[0, 0].tolist() == pytest.approx([8.0, 5.0, 2.0, 3.0])
    assert edges[0, 1].tolist() == pytest.approx([6.0, 5.0, 4.0, 3.0])


def test_what_lies_outside_the_sheet_does_not_count() -> None:
    attention = stirred(MultiScaleDeformableAttention(hidden_dim=4, num_heads=2, num_levels=2, num_points=2))
    queries = torch.randn(1, 3, 4, dtype=torch.float64)
    boxes = torch.tensor([[[2.0, 2.0, 3.0, 3.0]]], dtype=torch.float64).expand(1, 3, 4)
    full = [torch.randn(1, 4, size, size, dtype=torch.float64) for size in (4, 2)]
    masks = [torch.ones(1, size, size, dtype=torch.bool) for size in (4, 2)]
    alone = [Level(f, m, stride) for f, m, stride in zip(full, masks, (1, 2), strict=True)]
    padded = [
        Level(
            torch.nn.functional.pad(level.features, (0, 3, 0, 2), value=7.0),
            torch.nn.functional.pad(level.mask, (0, 3, 0, 2)),
            level.stride,
        )
        for level in alone
    ]
    torch.testing.assert_close(attention(queries, boxes, alone), attention(queries, boxes, padded))
