"""What cells say of one another across a sheet: texts that come again, sums, rising numbers.

A header that begins again marks another table, below or beside; a sum ends one. Neither shows to a network
that sees each cell's own content, as it cannot compare texts or add numbers.
"""

from math import isclose, isfinite
from typing import Final

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SUM_TOLERANCE: Final = 1e-3  # of the sum: files with values alone often hold them as they were shown
_LARGE: Final = 1e150  # numbers up to here can be added up in any order


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


def find_sums(lines: Integers, positions: Integers, numbers: Floats, ends: Flags) -> Flags:
    """Which cells are numbers that those before them in their line add up to.

    What is added up begins after a text or after the last sum; what says no number, such as a blank cell, a
    sign for a missing one or a drawn line, does not end it. Sums are added up too, to a grand total.

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
    total, last = _RunningTotal(), -1
    cells = (order, lines[order], numbers[order], ends[order])
    for place, line, number, is_end in zip(*(part.tolist() for part in cells), strict=True):
        if is_end or line != last:
            total, last = _RunningTotal(), line
        if not is_end and total.add(number):
            found.append(place)
    result = np.zeros(len(lines), dtype=np.bool_)
    result[found] = True
    return result


def _may_hold_sums(lines: Integers, numbers: Floats, ends: Flags) -> Flags:
    """Which cells are in a part of a line, from text to text, that may hold a sum; few are.

    As long as nothing was a sum, all numbers of the part are added up, which is done for all parts at once,
    within rounding. Arguments as of :func:`find_sums`, in the order of the lines.
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


class _RunningTotal:
    """Adds up the numbers of a line as they come."""

    def __init__(self) -> None:
        self._count, self._total, self._first, self._last, self._before = 0, 0.0, 0.0, 0.0, 0.0
        self._largest = (0.0, 0.0)  # the two terms that are farthest from zero
        self._sums, self._grand_total = 0, 0.0

    def add(self, number: float) -> bool:
        """Take in the next number; True if it is the sum of those before."""
        if self._adds_up(number):
            is_one_of_them = any(_is_close(number, term) for term in self._largest)  # 0, 5, 5 may be chance
            self._sums, self._grand_total = self._sums + 1, self._grand_total + number
            self._count, self._total, self._largest = 0, 0.0, (0.0, 0.0)
            return not is_one_of_them
        if not self._count and self._sums > 1 and _is_close(number, self._grand_total):
            self._sums, self._grand_total = 0, 0.0
            return True
        if not self._count:
            self._first = number
        self._count, self._total = self._count + 1, self._total + number
        self._before, self._last = self._last, number
        one, other = self._largest
        if abs(number) > abs(one):
            self._largest = number, one
        elif abs(number) > abs(other):
            self._largest = one, number
        return False

    def _adds_up(self, number: float) -> bool:
        if self._count < 2 or isclose(number - self._last, self._last - self._before):  # 1, 2, 3 is counting
            return False
        without_first = self._total - self._first  # a year above the numbers is not one of them
        return _is_close(number, self._total) or (self._count > 2 and _is_close(number, without_first))


def _is_close(number: float, total: float) -> bool:
    return total != 0 and isfinite(total) and abs(number - total) <= SUM_TOLERANCE * abs(total)
