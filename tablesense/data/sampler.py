"""Batches of sheets of like size, in an order that depends on seed and epoch alone."""

from collections.abc import Iterator, Sequence
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


class BucketBatchSampler(BatchSampler):
    """Sorts a stretch of the sampler's indices by size, cuts it into batches, shuffles the batches.

    Sheets of like size pad each other little. Lightning rebuilds this with its own distributed sampler
    where there are several processes; that is why the sampler comes first and is all that it iterates.

    Args:
        sampler: gives indices; has ``epoch``.
        batch_size: sheets a batch.
        drop_last: leave out a last batch that is smaller.
        sizes: cells of every sample.
        stretch: batches sorted together.
    """

    def __init__(
        self, sampler: Sampler[int], batch_size: int, drop_last: bool, sizes: Sequence[int], stretch: int = 16
    ) -> None:
        super().__init__(sampler, batch_size, drop_last)
        self.sizes, self.stretch = sizes, stretch

    def __iter__(self) -> Iterator[list[Ticket]]:  # type: ignore[override]
        """Batches of tickets."""
        epoch = int(getattr(self.sampler, "epoch", 0))
        indices = list(self.sampler)
        length = self.batch_size * self.stretch
        batches: list[list[int]] = []
        for start in range(0, len(indices), length):
            ordered = sorted(indices[start : start + length], key=lambda index: self.sizes[index])
            batches += [ordered[i : i + self.batch_size] for i in range(0, len(ordered), self.batch_size)]
        if self.drop_last:
            batches = [batch for batch in batches if len(batch) == self.batch_size]
        order = np.random.default_rng([epoch, len(batches)]).permutation(len(batches))
        for number in order:
            yield [Ticket(index, epoch) for index in batches[number]]

    def __len__(self) -> int:
        """Number of batches."""
        count = len(self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
