"""What kind of error: every annotated table, and every table found, gets exactly one outcome."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tablesense.boxes import Box
from tablesense.evaluation.eob import matched_pairs, overlapping_pairs
from tablesense.evaluation.scores import SheetResult

SIDES = ("left", "top", "right", "bottom")
MOST_OFF = 10
"""An edge that is farther off is counted with those that are so many cells off."""


@dataclass
class ErrorKinds:
    """Outcomes, counted.

    Outcomes are settled in this order; a table with one is out of the rest:

    1. *exact*: a table found and one annotated that are the same rectangle.
    2. *merged*: two or more annotated tables that each lie by more than half of their cells inside one
       table found, the *merger*. The best scored merger takes its tables first.
    3. *split*: an annotated table inside which two or more tables found lie, each by more than half of its
       cells; these are the *parts*.
    4. *off*: a table found and one annotated that overlap, paired one to one, as many as there can be, with
       the least sum of EoB. With *one side off* three edges are right, else *several sides* are off.
    5. *missed*: an annotated table that is left over. *extra*: a table found that is left over.

    ``exact + one_side + several_sides + split + merged + missed == annotated`` and
    ``exact + one_side + several_sides + parts + mergers + extra == predicted``.

    Attributes:
        header_row_lost: of the tables that are off, those found without their first row.
        total_row_lost: of the tables that are off, those found without their last row.
        sides: of the tables with one side off, how many by side and by how many rows or columns: above 0
            were left out of the table, below 0 were taken in beside it; what is off by more than 10 is
            counted as 10.
    """

    annotated: int = 0
    predicted: int = 0
    exact: int = 0
    one_side: int = 0
    several_sides: int = 0
    split: int = 0
    parts: int = 0
    merged: int = 0
    mergers: int = 0
    missed: int = 0
    extra: int = 0
    header_row_lost: int = 0
    total_row_lost: int = 0
    sides: dict[str, Counter[int]] = field(default_factory=lambda: {side: Counter() for side in SIDES})


def error_kinds(results: Iterable[SheetResult], threshold: float) -> ErrorKinds:
    """Count the outcomes of all sheets, of boxes scored at least ``threshold``."""
    kinds = ErrorKinds()
    for result in results:
        found = [box for box, _ in result.best_first(threshold)]
        there = sorted(result.annotated, key=lambda box: (box.top, box.left, box))
        kinds.predicted += len(found)
        kinds.annotated += len(there)
        found, there = _take_exact(kinds, found, there)
        found, there = _take_merged(kinds, found, there)
        found, there = _take_split(kinds, found, there)
        found, there = _take_off(kinds, found, there)
        kinds.extra += len(found)
        kinds.missed += len(there)
    return kinds


_Left = tuple[list[Box], list[Box]]  # tables found and annotated that have no outcome yet


def _take_exact(kinds: ErrorKinds, found: list[Box], there: list[Box]) -> _Left:
    pairs = matched_pairs(found, there, 0)
    kinds.exact += len(pairs)
    return _without(found, {p for p, _ in pairs}), _without(there, {a for _, a in pairs})


def _take_merged(kinds: ErrorKinds, found: list[Box], there: list[Box]) -> _Left:
    mergers, merged = _covering(found, there)
    kinds.mergers += len(mergers)
    kinds.merged += len(merged)
    return _without(found, mergers), _without(there, merged)


def _take_split(kinds: ErrorKinds, found: list[Box], there: list[Box]) -> _Left:
    split, parts = _covering(there, found)
    kinds.split += len(split)
    kinds.parts += len(parts)
    return _without(found, parts), _without(there, split)


def _covering(outer: list[Box], inner: list[Box]) -> tuple[set[int], set[int]]:
    """Outer boxes in which two or more inner ones mostly lie, and these; an inner one lies in one only."""
    covers: set[int] = set()
    covered: set[int] = set()
    for number, box in enumerate(outer):
        inside = {i for i, one in enumerate(inner) if i not in covered and _mostly_in(one, box)}
        if len(inside) > 1:
            covers.add(number)
            covered |= inside
    return covers, covered


def _take_off(kinds: ErrorKinds, found: list[Box], there: list[Box]) -> _Left:
    pairs = overlapping_pairs(found, there)
    for p, a, _ in pairs:
        box, table = found[p], there[a]
        # Rows or columns of the table left out at each side; below 0, taken in beside it.
        inwards = (box.left - table.left, box.top - table.top)
        outwards = (table.right - box.right, table.bottom - box.bottom)
        cut = dict(zip(SIDES, (*inwards, *outwards), strict=True))
        kinds.header_row_lost += cut["top"] > 0
        kinds.total_row_lost += cut["bottom"] > 0
        off = [(side, by) for side, by in cut.items() if by]
        if len(off) == 1:
            ((side, by),) = off
            kinds.one_side += 1
            kinds.sides[side][max(-MOST_OFF, min(MOST_OFF, by))] += 1
        else:
            kinds.several_sides += 1
    return _without(found, {p for p, _, _ in pairs}), _without(there, {a for _, a, _ in pairs})


def _mostly_in(inner: Box, outer: Box) -> bool:
    return 2 * inner.intersection(outer) > inner.area


def _without(boxes: Sequence[Box], numbers: set[int]) -> list[Box]:
    return [box for number, box in enumerate(boxes) if number not in numbers]
