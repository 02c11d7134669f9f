"""Timing, and the row that every benchmark returns."""

import resource
import sys
import time
from collections.abc import Callable
from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table: what was measured, the figure, and the same against a yardstick."""

    what: str
    figure: str
    against: str = ""


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """The fastest of a few calls after one that warms up: the others only waited longer."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def peak_memory_mb() -> float:
    """The most memory this process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
