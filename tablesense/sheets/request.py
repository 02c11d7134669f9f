"""What a caller asks of a reader: which sheets, at what cost; and the count of that cost."""

import time
from dataclasses import dataclass, field

from tablesense.sheets.sheet import SheetError

_SPENDS_A_LOOK = 256  # cells between two looks at the clock


@dataclass(frozen=True)
class ReadLimits:
    """What a file may cost.

    Args:
        max_unpacked_bytes: size of the file, or of its parts once unpacked.
        max_cells: cells kept over all sheets that are read.
        max_seconds: time for reading the file.
        max_memory_bytes: memory of the process that reads .xls, .xlsb, damaged and very large files;
            not bounded on Windows.
    """

    max_unpacked_bytes: int = 256 * 1024**2
    max_cells: int = 2_000_000
    max_seconds: float = 60.0
    max_memory_bytes: int = 3 * 512 * 1024**2


DEFAULT_LIMITS = ReadLimits()


@dataclass(frozen=True)
class ReadRequest:
    """Which sheets of a file are wanted, by casefolded name. One that is asked for by name may be hidden."""

    sheet_names: frozenset[str] | None = None
    include_hidden: bool = False
    limits: ReadLimits = field(default_factory=ReadLimits)

    def wants(self, name: str, *, visible: bool) -> bool:
        """Whether the sheet called ``name`` is to be read."""
        if self.sheet_names is not None:
            return name.casefold() in self.sheet_names
        return visible or self.include_hidden


class Budget:
    """Counts the cells and seconds that one file has cost, and refuses what is too much.

    Args:
        limits: what it may cost.
        seconds: those left of ``limits.max_seconds``, by default all of them.
    """

    def __init__(self, limits: ReadLimits, seconds: float | None = None) -> None:
        self._limits = limits
        self._kept = 0
        self._next_look = _SPENDS_A_LOOK
        self._end = time.monotonic() + (limits.max_seconds if seconds is None else seconds)

    @property
    def kept(self) -> int:
        """The cells counted so far."""
        return self._kept

    @property
    def seconds_left(self) -> float:
        """The seconds until time is up; negative after that."""
        return self._end - time.monotonic()

    def go_back(self, kept: int) -> None:
        """Count from ``kept`` again: what came after is thrown away, and read in another way."""
        self._kept = kept
        self._next_look = kept + _SPENDS_A_LOOK

    def spend(self, cells: int = 1) -> None:
        """Count cells that are about to be kept.

        Raises:
            SheetError: they are too many, or time is up.
        """
        self._kept += cells
        if self._kept > self._limits.max_cells:
            raise SheetError(
                f"it has more than {self._limits.max_cells:,} filled cells; "
                "name the sheets to read, or raise max_cells in ReadLimits"
            )
        if self._kept >= self._next_look:
            self._next_look = self._kept + _SPENDS_A_LOOK
            self.check_time()

    def check_time(self) -> None:
        """Raise a SheetError when the time is up."""
        if time.monotonic() > self._end:
            raise too_slow(self._limits)


def too_slow(limits: ReadLimits) -> SheetError:
    """The error of a file that takes too long."""
    return SheetError(
        f"reading takes longer than {limits.max_seconds:g} seconds; "
        "raise max_seconds in ReadLimits if you trust the file"
    )


def too_large(size: int, limits: ReadLimits, what: str = "it unpacks to") -> SheetError:
    """The error of a file that is too large, or becomes it."""
    return SheetError(
        f"{what} {size:,} bytes, more than the {limits.max_unpacked_bytes:,} allowed; "
        "raise max_unpacked_bytes in ReadLimits if you trust the file"
    )
