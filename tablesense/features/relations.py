"""What cells say of one another across a sheet: texts that come again, sums, rising numbers.

A header that begins again marks another table, below or beside; a sum ends one. Neither shows to a network
that sees each cell's own content, as it cannot compare texts or add numbers.
"""

import datetime as dt
from collections.abc import Sequence
from math import isfinite
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tablesense.features.text import number_in
from tablesense.sheets.sheet import CellValue

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SUM_TOLERANCE: Final = 1e-3  # of the sum: files with values alone often hold them as they were shown
_LARGE = 1e150  # numbers up to here can be added up in any order


def repeated(lines: Integers, positions: Integers, texts: Integers) -> Flags:
    """Which cells have a text that stands in their line again, apart from the run of equal ones they are in.

    Args:
        lines: ``[N]`` the line (row or column) of each filled cell.
        positions: ``[N]`` where in the line it stands, so that neighbours differ by 1.
        texts: ``[N]`` a number for each text, equal for equal ones.
    """
    result = np.zeros(len(lines), dtype=np.bool_)
    if not len(lines):
        return result
    order = np.lexsort((positions, texts, lines))
    line, position, text = lines[order], positions[order], texts[order]
    is_new_group = np.append(True, (line[1:] != line[:-1]) | (text[1:] != text[:-1]))
    is_new_run = is_new_group | np.append(True, position[1:] != position[:-1] + 1)
    group = np.cumsum(is_new_group) - 1
    runs = np.bincount(group, weights=is_new_run)
    result[order] = runs[group] > 1
    return result


def as_numbers(values: Sequence[CellValue], dates: bool = True) -> Floats:
    """Numbers, also those that texts say, and dates in days; not-a-number for all else."""
    return np.array([_as_number(value, dates) for value in values], dtype=np.float64)


def _as_number(value: CellValue, dates: bool) -> float:
    if isinstance(value, bool):
        return np.nan
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:  # an integer beyond the floats
            return np.nan
    if isinstance(value, str):
        return number_in(value)
    if dates and isinstance(value, dt.datetime):
        return value.toordinal() + (value.hour * 60 + value.minute) / 1440
    return np.nan


def sums(lines: Integers, positions: Integers, numbers: Floats, ends: Flags) -> Flags:
    """Which cells are numbers that those before them in their line add up to.

    What is added up begins after a text or after the last sum; blank cells, signs for a missing number and
    drawn lines do not end it. Sums themselves are added up too, to a grand total.

    Args:
        lines: ``[N]`` the line (row or column) of each cell.
        positions: ``[N]`` where in the line it stands.
        numbers: ``[N]`` what it adds, not-a-number for nothing.
        ends: ``[N]`` whether it is a text, which ends a sum.
    """
    matters = np.flatnonzero(ends | ~np.isnan(numbers))
    order = matters[np.lexsort((positions[matters], lines[matters]))]
    order = order[_may_hold_sums(lines[order], numbers[order], ends[order])]
    found = []
    adder, last = _Adder(), -1
    cells = (order, lines[order], numbers[order], ends[order])
    for place, line, number, is_end in zip(*(part.tolist() for part in cells), strict=True):
        if is_end or line != last:
            adder, last = _Adder(), line
        if not is_end and adder.add(number):
            found.append(place)
    result = np.zeros(len(lines), dtype=np.bool_)
    result[found] = True
    return result


def _may_hold_sums(lines: Integers, numbers: Floats, ends: Flags) -> Flags:
    """Which cells are in a part of a line, from text to text, that may hold a sum; few are.

    As long as nothing was a sum, all numbers of the part are added up, which is done for all parts at once,
    within rounding. Arguments as of :func:`sums`, in the order of the lines.
    """
    if not len(lines):
        return np.zeros(0, dtype=np.bool_)
    begins = ends | np.append(True, lines[1:] != lines[:-1])
    part, starts = np.cumsum(begins) - 1, np.flatnonzero(begins)
    starts = (starts + ends[starts])[part]  # of the part's first number, the text that begins it has none
    first = np.minimum(starts, len(lines) - 1)
    added = np.where(ends, 0.0, numbers)
    if np.abs(added).max() > _LARGE:
        return np.ones(len(lines), dtype=np.bool_)
    total = np.cumsum(added)
    before = total - added - (total - added)[first]
    rounding = 1e-15 * len(lines) * np.abs(total).max()
    is_sum = np.zeros(len(lines), dtype=np.bool_)
    for terms in (before, before - added[first]):
        is_sum |= np.abs(added - terms) <= 2 * SUM_TOLERANCE * np.abs(terms) + rounding
    is_sum &= (np.arange(len(lines)) - starts >= 2) & ~ends
    may_hold: Flags = np.bincount(part, weights=is_sum)[part] > 0
    return may_hold


class _Adder:
    """Adds up the numbers of a line as they come."""

    def __init__(self) -> None:
        self._count, self._sum, self._first, self._last, self._before = 0, 0.0, 0.0, 0.0, 0.0
        self._sums, self._total = 0, 0.0

    def add(self, value: float) -> bool:
        """Take in the next number; True if it is the sum of those before."""
        if self._is_sum(value):
            self._sums, self._total = self._sums + 1, self._total + value
            self._count, self._sum = 0, 0.0
            return True
        if not self._count and self._sums > 1 and _close(value, self._total):
            self._sums, self._total = 0, 0.0
            return True
        if not self._count:
            self._first = value
        self._count, self._sum = self._count + 1, self._sum + value
        self._before, self._last = self._last, value
        return False

    def _is_sum(self, value: float) -> bool:
        # A year above the numbers is not one of them; 1, 2, 3 is counting, not adding.
        if self._count < 2:
            return False
        if self._count == 2 and self._last - self._before == value - self._last:
            return False
        return _close(value, self._sum) or (self._count > 2 and _close(value, self._sum - self._first))


def _close(value: float, total: float) -> bool:
    return total != 0 and isfinite(total) and abs(value - total) <= SUM_TOLERANCE * abs(total)
