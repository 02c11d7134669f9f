"""The order of an epoch, drawn from seed and epoch alone."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler


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
