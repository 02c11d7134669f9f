from collections.abc import Sized
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import Dataset
from torch.utils.data.distributed import DistributedSampler

from tablesense.data.sampler import BucketBatchSampler, EpochSampler, Ticket

lengths = st.integers(0, 80)
batch_sizes = st.integers(1, 7)
epochs = st.integers(0, 5)
all_sizes = st.lists(st.integers(1, 500), max_size=80)


def batches_of(
    sizes: list[int], batch_size: int, epoch: int = 0, drop_last: bool = False, stretch: int = 16
) -> list[list[Ticket]]:
    sampler = EpochSampler(len(sizes), seed=1)
    sampler.set_epoch(epoch)
    batches = BucketBatchSampler(sampler, batch_size, drop_last, sizes, stretch)
    drawn = list(batches)
    assert len(drawn) == len(batches)
    return drawn


def indices(batches: list[list[Ticket]]) -> list[int]:
    return [ticket.sample for batch in batches for ticket in batch]


@given(lengths, st.integers(0, 2**40), epochs)
def test_an_epoch_is_a_permutation_that_depends_on_seed_and_epoch(length: int, seed: int, epoch: int) -> None:
    sampler, other = EpochSampler(length, seed), EpochSampler(length, seed)
    sampler.set_epoch(epoch)
    assert sorted(other) == list(range(length)), "what was drawn before leaves no trace"
    other.set_epoch(epoch)
    order = list(sampler)
    assert sorted(order) == list(range(length))
    assert order == list(sampler) == list(other)
    assert len(sampler) == length


def test_other_epochs_and_other_seeds_give_other_orders() -> None:
    orders = set()
    for seed in (1, 2):
        for epoch in (0, 1, 2):
            sampler = EpochSampler(50, seed)
            sampler.set_epoch(epoch)
            orders.add(tuple(sampler))
    assert len(orders) == 6


@given(all_sizes, batch_sizes, epochs, st.integers(1, 4))
def test_every_sheet_comes_up_once_with_its_epoch(
    sizes: list[int], batch_size: int, epoch: int, stretch: int
) -> None:
    batches = batches_of(sizes, batch_size, epoch, stretch=stretch)
    assert sorted(indices(batches)) == list(range(len(sizes)))
    assert all(1 <= len(batch) <= batch_size for batch in batches)
    assert {ticket.epoch for batch in batches for ticket in batch} <= {epoch}
    assert batches == batches_of(sizes, batch_size, epoch, stretch=stretch)


@given(all_sizes, batch_sizes)
def test_drop_last_leaves_out_less_than_a_batch(sizes: list[int], batch_size: int) -> None:
    batches = batches_of(sizes, batch_size, drop_last=True)
    assert all(len(batch) == batch_size for batch in batches)
    drawn = indices(batches)
    assert len(drawn) == len(set(drawn)) == len(sizes) // batch_size * batch_size


@given(all_sizes, batch_sizes)
def test_sizes_in_a_batch_are_neighbours_in_size(sizes: list[int], batch_size: int) -> None:
    batches = batches_of(sizes, batch_size, stretch=100)  # a single stretch holds them all
    spans = sorted(
        (min(cells), max(cells)) for batch in batches if (cells := [sizes[ticket.sample] for ticket in batch])
    )
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


def test_batches_change_from_epoch_to_epoch_and_do_not_come_by_size() -> None:
    sizes = [(7 * number) % 101 for number in range(101)]
    first, second = batches_of(sizes, 4, epoch=0, stretch=4), batches_of(sizes, 4, epoch=1, stretch=4)
    assert {frozenset(ticket.sample for ticket in batch) for batch in first} != {
        frozenset(ticket.sample for ticket in batch) for batch in second
    }
    order = [max(sizes[ticket.sample] for ticket in batch) for batch in batches_of(sizes, 4, stretch=100)]
    assert order != sorted(order)


@pytest.mark.parametrize("length", [40, 41])
@pytest.mark.parametrize("epoch", [0, 3])
def test_two_processes_share_the_sheets(length: int, epoch: int) -> None:
    """Lightning puts a DistributedSampler in the place of ours, which has an epoch too."""
    sizes = [(13 * number) % 37 for number in range(length)]
    drawn = []
    for rank in (0, 1):
        dataset = cast("Dataset[int]", range(length))
        sampler: DistributedSampler[int] = DistributedSampler(
            dataset, num_replicas=2, rank=rank, shuffle=True
        )
        sampler.set_epoch(epoch)
        batches = BucketBatchSampler(sampler, 4, False, sizes)
        tickets = list(batches)
        assert len(tickets) == len(cast(Sized, batches))
        assert {ticket.epoch for batch in tickets for ticket in batch} == {epoch}
        drawn.append(indices(tickets))
    assert set(drawn[0]) | set(drawn[1]) == set(range(length))
    assert len(drawn[0]) == len(drawn[1]), "processes that differ in their steps wait for each other forever"
    assert len(set(drawn[0]) & set(drawn[1])) <= 1, "an odd sheet evens out the shares"


def test_a_sampler_without_epochs_stays_in_the_first() -> None:
    batches = list(BucketBatchSampler([2, 0, 1], 2, False, [5, 5, 5]))  # type: ignore[arg-type] # any iterable
    assert {ticket.epoch for batch in batches for ticket in batch} == {0}
    assert sorted(indices(batches)) == [0, 1, 2]
