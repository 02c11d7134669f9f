"""Batches of sheets in an order that depends on seed and epoch alone."""

from collections.abc import Iterator
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
        """Lightning calls this before every epoch, also when it resumes."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """The permutation of this epoch."""
        rng = np.random.default_rng([self.seed, self.epoch])
        return iter(rng.permutation(self.length).tolist())

    def __len__(self) -> int:
        """Number of samples."""
        return self.length


class TicketBatchSampler(BatchSampler):
    """Batches of tickets for what a sampler gives in its epoch.

    Lightning rebuilds this around its own distributed sampler where there are several processes.
    """

    def __iter__(self) -> Iterator[list[Ticket]]:  # type: ignore[override]
        """Batches of tickets."""
        epoch = int(getattr(self.sampler, "epoch", 0))
        for batch in super().__iter__():
            yield [Ticket(index, epoch) for index in batch]
