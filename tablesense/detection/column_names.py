"""What the columns of a table are called, by one header row or several."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from tablesense.boxes import Box
from tablesense.features.featurize import display_text
from tablesense.sheets.sheet import Sheet

if TYPE_CHECKING:
    from tablesense.detection.table import Table

_ACROSS = "centerContinuous"  # Excel's way to centre a text over blank cells without merging them


def header_texts(table: Table) -> list[list[str]]:
    """The header's texts, row by row.

    Every merged or spanned range is filled by its first cell, and so are the columns of a group whose name
    stands over its first ones alone, where the names below tell that it is a group.
    """
    sheet, box = table.source, table.box
    header = box._replace(bottom=box.top + table.header_rows)
    texts = [
        [_header_text(sheet, row, column) for column in range(box.left, box.right)]
        for row in range(header.top, header.bottom)
    ]
    written = [list(map(bool, line)) for line in texts]
    _fill_merged(texts, sheet, header)
    for row, line in enumerate(texts, box.top):
        _spread_across(sheet, row, box.left, line)
    levels = [level for level, line in enumerate(texts) if any(line)]
    for number, level in reversed(list(enumerate(levels[:-1], 1))):
        below = list(zip(*(texts[lower] for lower in levels[number:]), strict=True))
        _spread_groups(texts[level], written[level], below)
    return texts


def _fill_merged(texts: list[list[str]], sheet: Sheet, header: Box) -> None:
    """Fill merged ranges with their first cell. A place is filled once, by the last range that covers it."""
    free = [list(range(header.width + 1)) for _ in texts]  # leads on to the first place that is not filled
    for merge in reversed(sheet.merges):
        if not header.intersection(merge):
            continue
        text = _header_text(sheet, merge.top, merge.left)
        left, right = max(merge.left - header.left, 0), min(merge.right, header.right) - header.left
        for row in range(
            max(merge.top, header.top) - header.top, min(merge.bottom, header.bottom) - header.top
        ):
            place = _first_free(free[row], left)
            while place < right:
                texts[row][place] = text
                free[row][place] = place + 1
                place = _first_free(free[row], place)


def _first_free(free: list[int], place: int) -> int:
    while free[place] != place:
        free[place] = free[free[place]]  # so that the way is short for whoever comes next
        place = free[place]
    return place


def _header_text(sheet: Sheet, row: int, column: int) -> str:
    cell = sheet.cells.get((row, column))
    return "" if cell is None else " ".join(display_text(cell).split())


def _spread_across(sheet: Sheet, row: int, left: int, line: list[str]) -> None:
    for number in range(1, len(line)):
        cell = sheet.cells.get((row, left + number))
        if not line[number] and cell is not None and sheet.styles[cell.style].horizontal == _ACROSS:
            line[number] = line[number - 1]


def _spread_groups(line: list[str], written: Sequence[bool], below: Sequence[tuple[str, ...]]) -> None:
    """Spread the name of a group over its columns, up to the last whose name comes again in the group beside.

    ``2001 | | 2002 |`` over ``Plan | Real | Plan | Real`` says that the second column is of 2001 too. Columns
    that are called otherwise in each group may as well stand apart.

    Args:
        line: a level of the header, filled in place.
        written: which texts stand there themselves, and do not fill a merged range.
        below: for each column its texts on the levels below.
    """
    starts = [
        number
        for number, text in enumerate(line)
        if text and (written[number] or number == 0 or text != line[number - 1])
    ]
    groups = [_columns(below, start, stop) for start, stop in pairwise([*starts, len(line)])]
    names = [{below[number] for number in group} for group in groups]
    shared = [one & other for one, other in pairwise(names)]
    again = [common if len(common) > 1 else set() for common in (set(), *shared, set())]
    for start, group, known in zip(starts, groups, map(set.union, again, again[1:]), strict=True):
        last = max((number for number in group if below[number] in known), default=start)
        for number in group:
            if number <= last:
                line[number] = line[start]


def _columns(below: Sequence[tuple[str, ...]], start: int, stop: int) -> list[int]:
    """The columns of a group: all with a name of its own right below; one blank all down is passed over."""
    columns: list[int] = []
    names: set[tuple[str, ...]] = set()
    for number in range(start, stop):
        if number > start and not any(below[number]):
            continue
        if not below[number][0] or below[number] in names:
            break
        names.add(below[number])
        columns.append(number)
    return columns


def joined_names(table: Table, separator: str) -> list[str]:
    """One name a column: its header texts joined; a name for those without one, a number for doubles."""
    texts = header_texts(table)
    names = []
    for number in range(table.columns):
        parts: list[str] = []
        for line in texts:
            if line[number] and line[number] not in parts[-1:]:
                parts.append(line[number])
        names.append(separator.join(parts) or _unnamed(number))
    return unique(names)


def _unnamed(number: int) -> str:
    """What a column without a name is called; the first has the number 0."""
    return f"column_{number + 1}"


def unique(names: Sequence[str]) -> list[str]:
    """The names, with ``_2``, ``_3`` added to those that came before."""
    taken = set(names)
    seen: set[str] = set()
    numbers: dict[str, int] = {}  # the last one given to a name
    result = []
    for name in names:
        number, candidate = numbers.get(name, 1), name
        while candidate in seen or (candidate != name and candidate in taken):
            number += 1
            candidate = f"{name}_{number}"
        numbers[name] = number
        seen.add(candidate)
        result.append(candidate)
    return result


def names_of_levels(levels: list[list[str]]) -> list[list[str]]:
    """The texts, the lowest ones made distinct: a column without any name has its place for one."""
    paths = [
        path if any(path) else (*path[:-1], _unnamed(n)) for n, path in enumerate(zip(*levels, strict=True))
    ]
    by_upper: dict[tuple[str, ...], list[int]] = {}
    for number, path in enumerate(paths):
        by_upper.setdefault(path[:-1], []).append(number)
    lowest = [path[-1] for path in paths]
    for columns in by_upper.values():
        for number, name in zip(columns, unique([lowest[number] for number in columns]), strict=True):
            lowest[number] = name
    return [*levels[:-1], lowest]
