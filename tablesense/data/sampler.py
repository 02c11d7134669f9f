"""Batches of sheets in an order that depends on seed and epoch alone."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from torch.utils.data import BatchSampler, Sampler


class Ticket(NamedTuple):
    """Asks the dataset for a sample as it is in an epoch, so that augmentation needs no hidden state."""

    sample: int
    epoch: int


class EpochSampler(Sampler[int]):
    """A permutation of ``range(length)`` that depends on the seed and on the epoch that was set."""

    def __init__(self, length: int, seed: int) -> None:
        self.length, self.seed, self.epoch = length, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the permutation."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """The permutation of this epoch."""
        rng = np.random.default_rng([self.seed, self.epoch])
        return iter(rng.permutation(self.length).tolist())

    def __len__(self) -> int:
        """Number of samples."""
        return self.length


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
