from collections.abc import Sized
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import Dataset, SequentialSampler
from torch.utils.data.distributed import DistributedSampler

from tablesense.data.sampler import Ticket, TicketBatchSampler
from tablesense.learning.order import EpochSampler

lengths = st.integers(0, 80)
batch_sizes = st.integers(1, 7)
epochs = st.integers(0, 5)


def batches_of(length: int, batch_size: int, epoch: int = 0, drop_last: bool = False) -> list[list[Ticket]]:
    sampler = EpochSampler(length, seed=1)  # nobody sets its epoch: the batches ask for it
    batches = TicketBatchSampler(sampler, batch_size, drop_last, lambda: epoch)
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


@given(lengths, batch_sizes, epochs)
def test_every_sheet_comes_up_once_with_its_epoch(length: int, batch_size: int, epoch: int) -> None:
    batches = batches_of(length, batch_size, epoch)
    assert sorted(indices(batches)) == list(range(length))
    assert all(1 <= len(batch) <= batch_size for batch in batches)
    assert {ticket.epoch for batch in batches for ticket in batch} <= {epoch}
    assert batches == batches_of(length, batch_size, epoch)


@given(lengths, batch_sizes)
def test_drop_last_leaves_out_less_than_a_batch(length: int, batch_size: int) -> None:
    batches = batches_of(length, batch_size, drop_last=True)
    assert all(len(batch) == batch_size for batch in batches)
    drawn = indices(batches)
    assert len(drawn) == len(set(drawn)) == length // batch_size * batch_size


def test_batches_change_from_epoch_to_epoch() -> None:
    first, second = batches_of(101, 4, epoch=0), batches_of(101, 4, epoch=1)
    assert {frozenset(ticket.sample for ticket in batch) for batch in first} != {
        frozenset(ticket.sample for ticket in batch) for batch in second
    }


@pytest.mark.parametrize("length", [40, 41])
@pytest.mark.parametrize("epoch", [0, 3])
def test_two_processes_share_the_sheets(length: int, epoch: int) -> None:
    """Lightning puts a DistributedSampler in the place of ours, which has an epoch too."""
    drawn = []
    for rank in (0, 1):
        dataset = cast("Dataset[int]", range(length))
        sampler: DistributedSampler[int] = DistributedSampler(
            dataset, num_replicas=2, rank=rank, shuffle=True
        )
        batches = TicketBatchSampler(sampler, 4, drop_last=False, current_epoch=lambda: epoch)
        tickets = list(batches)
        assert len(tickets) == len(cast(Sized, batches))
        assert {ticket.epoch for batch in tickets for ticket in batch} == {epoch}
        drawn.append(indices(tickets))
    assert set(drawn[0]) | set(drawn[1]) == set(range(length))
    assert len(drawn[0]) == len(drawn[1]), "processes that differ in their steps wait for each other forever"
    assert len(set(drawn[0]) & set(drawn[1])) <= 1, "an odd sheet evens out the shares"


def test_a_sampler_without_epochs_will_do() -> None:
    batches = list(TicketBatchSampler(SequentialSampler(range(3)), 2, False, lambda: 5))
    assert [[tuple(ticket) for ticket in batch] for batch in batches] == [[(0, 5), (1, 5)], [(2, 5)]]
