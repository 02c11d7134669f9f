"""Bookkeeping that goes wrong does not end a training: it is noted, and told at the end."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass
class Fault:
    """What failed, why it failed the first time, and how often."""

    what: str
    why: str
    times: int = 0

    def __str__(self) -> str:
        """One line."""
        return f"{self.what}: {self.why}" + (f" ({self.times} times)" if self.times > 1 else "")


def first_line(error: BaseException) -> str:
    """The first line of an error, which is the one that says what is wrong; of one without, its kind."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


class Faults:
    """Collects the faults of a run."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}

    @contextmanager
    def guard(self, what: str) -> Iterator[None]:
        """Note an exception under ``what`` and go on.

        Ctrl-C and the end of the process pass.
        """
        try:
            yield
        except Exception as error:  # whatever a logger or a disk raises, training goes on
            self.note(what, first_line(error))

    def note(self, what: str, why: str) -> None:
        """Remember a fault; the first one of a kind is told at once as well."""
        fault = self._faults.setdefault(what, Fault(what, why))
        fault.times += 1
        if fault.times == 1:
            log.warning("%s; training goes on", fault)

    def times(self, what: str) -> int:
        """How often this has failed."""
        return self._faults[what].times if what in self._faults else 0

    def __iter__(self) -> Iterator[Fault]:
        """The faults, in the order of their first time."""
        return iter(list(self._faults.values()))
