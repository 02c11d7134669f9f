"""Samples for training (augmented, by ticket) and for validation (as they are)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from torch.utils.data import Dataset

from tablesense.data.augment import Augment
from tablesense.data.sample import Sample
from tablesense.data.sampler import Ticket


class TrainDataset(Dataset[Sample]):
    """Augments on the fly; what a ticket gives depends on seed, epoch and index, on nothing else.

    Silver sheets and those that people marked are not put together.

    Args:
        samples: all of them, in memory.
        augment: None leaves them as they are.
        seed: of the augmentation.
    """

    def __init__(self, samples: Sequence[Sample], augment: Augment | None, seed: int) -> None:
        self.samples, self.augment, self.seed = samples, augment, seed

    def __getitem__(self, ticket: Ticket) -> Sample:
        """The sample as it is in the ticket's epoch."""
        sample = self.samples[ticket.sample]
        if self.augment is None:
            return sample
        rng = np.random.default_rng([self.seed, ticket.epoch, ticket.sample])

        def draw() -> Sample:
            while True:  # `sample` itself is of its kind
                other = self.samples[int(rng.integers(len(self.samples)))]
                if other.silver == sample.silver:
                    return other

        return replace(self.augment(sample, draw, rng), silver=sample.silver)

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.samples)


class PlainDataset(Dataset[Sample]):
    """Samples as they are."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples

    def __getitem__(self, index: int) -> Sample:
        """The sample."""
        return self.samples[index]

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.samples)
