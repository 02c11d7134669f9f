"""Batches of sheets in an order that depends on seed and epoch alone."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from torch.utils.data import BatchSampler, Sampler


class Ticket(NamedTuple):
    """Asks the dataset for a sample as it is in an epoch, so that augmentation needs no hidden state."""

    sample: int
    epoch: int


class TicketBatchSampler(BatchSampler):
    """Batches of tickets for what a sampler gives in the epoch that is going on.

    Lightning rebuilds this around its own distributed sampler where there are several processes.

    Args:
        sampler: gives indices; may have ``set_epoch``.
        batch_size: tickets a batch.
        drop_last: leave out a last batch that is smaller.
        current_epoch: asked whenever iteration starts: a run that goes on starts its workers before
            Lightning has set the epoch.
    """

    def __init__(
        self, sampler: Sampler[int], batch_size: int, drop_last: bool, current_epoch: Callable[[], int]
    ) -> None:
        super().__init__(sampler, batch_size, drop_last)
        self.current_epoch = current_epoch

    def __iter__(self) -> Iterator[list[Ticket]]:  # type: ignore[override]
        """Batches of tickets."""
        epoch = self.current_epoch()
        if hasattr(self.sampler, "set_epoch"):
            self.sampler.set_epoch(epoch)
        for batch in super().__iter__():
            yield [Ticket(index, epoch) for index in batch]
