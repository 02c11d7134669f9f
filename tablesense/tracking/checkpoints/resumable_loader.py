"""A data loader that can go on in the middle of an epoch."""

import signal
from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

from torch.utils.data import DataLoader
from typing_extensions import override

T = TypeVar("T")


class ResumableLoader(DataLoader[T]):
    """A ``DataLoader`` whose next pass can leave out the batches that were trained on already.

    The order has to be the same again, which :class:`SeedEveryEpoch` sees to. What is left out is
    still loaded: that costs the data's time, not the training's.
    """

    _to_skip = 0

    def skip_batches(self, number: int) -> None:
        """Leave out so many batches when the next one is asked for first."""
        self._to_skip = number

    @override
    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # it promises an iterator of its own class
        return self._rest(super().__iter__())  # made at once: it draws a random number

    def _rest(self, batches: Iterator[Any]) -> Iterator[Any]:
        first, self._to_skip = self._to_skip, 0
        yield from islice(batches, first, None)


def ignore_interrupts(worker: int) -> None:  # noqa: ARG001 - what a DataLoader passes
    """A ``worker_init_fn``: a Ctrl-C reaches the workers as well, and the last step still needs them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
