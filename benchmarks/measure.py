"""Timing, and the rows that every benchmark returns."""

import resource
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

from rich.console import Console
from rich.table import Table

Result = TypeVar("Result")


class Row(NamedTuple):
    """One line of the table: what was measured, the figure, and the same against a yardstick."""

    what: str
    figure: str
    against: str = ""


def print_rows(title: str, rows: Iterable[Row]) -> None:
    """Print rows as one table."""
    table = Table("what", "figure", "against", title=title)
    for row in rows:
        table.add_row(*row)
    Console(highlight=False).print(table, markup=False)


def timed(work: Callable[[], Result], clock: Callable[[], float] = time.perf_counter) -> tuple[Result, float]:
    """What a call gives, and how long it took."""
    start = clock()
    result = work()
    return result, clock() - start


def cpu_seconds() -> float:
    """Time of the processor that this process and its ended children have used.

    Others may be at work on the machine, which the clock on the wall would count. Large files are read in
    a child.
    """
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """The fastest of a few calls after one that warms up: the others only waited longer."""
    work()
    return min(timed(work)[1] for _ in range(repeats))


def peak_memory_mb() -> float:
    """The most memory this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux `getrusage` counts the memory of the process that started this one
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    return _megabytes(resource.RUSAGE_SELF)


def peak_memory_of_children_mb() -> float:
    """The most memory of an ended child, or what this process held as it started it."""
    return _megabytes(resource.RUSAGE_CHILDREN)


def _megabytes(who: int) -> float:
    peak = resource.getrusage(who).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
