"""What the columns of a table are called, by one header row or several."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile
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
    stands over its first one alone, where the names below tell that it is a group.
    """
    sheet, box = table.source, table.box
    header = box._replace(bottom=box.top + table.header_rows)
    texts = [
        [_header_text(sheet, row, column) for column in range(box.left, box.right)]
        for row in range(header.top, header.bottom)
    ]
    _fill_merged(texts, sheet, header)
    for row, line in enumerate(texts, box.top):
        _spread_across(sheet, row, box.left, line)
    levels = [line for line in texts if any(line)]
    for level in reversed(range(len(levels) - 1)):
        _spread_groups(levels[level], list(zip(*levels[level + 1 :], strict=True)))
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


def _spread_groups(line: list[str], below: Sequence[tuple[str, ...]]) -> None:
    """Spread a name over the blank cells to its right whose columns have names that come again beside.

    ``2001 | | 2002 |`` over ``Plan | Actual | Plan | Actual`` says that the second column is of 2001 too.
    What is called otherwise in each group may as well stand apart, and stays without.
    """
    starts = [number for number, text in enumerate(line) if text]
    groups = [_columns(below, start, stop) for start, stop in pairwise([*starts, len(line)])]
    if len(groups) < 2:
        return
    known = {below[number] for number in groups[-2]}  # nothing but its names ends the last group
    groups[-1] = list(takewhile(lambda number: below[number] in known, groups[-1]))[: len(known)]
    names = [[below[number] for number in group] for group in groups]
    alike = [_are_alike(one, other) for one, other in pairwise(names)]
    for start, group, before, after in zip(starts, groups, [False, *alike], [*alike, False], strict=True):
        for number in group if before or after else ():
            line[number] = line[start]


def _columns(below: Sequence[tuple[str, ...]], start: int, stop: int) -> list[int]:
    """The columns of a group: all with a name right below; one that is blank all down is passed over."""
    not_blank = (number for number in range(start, stop) if any(below[number]))
    return list(takewhile(lambda number: below[number][0], not_blank))


def _are_alike(one: list[tuple[str, ...]], other: list[tuple[str, ...]]) -> bool:
    """Whether two groups have the same columns, or one of them has more."""
    names, others = set(one), set(other)
    are_distinct = len(names) == len(one) > 1 and len(others) == len(other) > 1
    return are_distinct and (names <= others or others <= names)


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
    seen: dict[tuple[str, ...], int] = {}
    names = []
    for number, path in enumerate(zip(*levels, strict=True)):
        if not any(path):
            path = (*path[:-1], _unnamed(number))
        seen[path] = seen.get(path, 0) + 1
        names.append(path[-1] if seen[path] == 1 else f"{path[-1]}_{seen[path]}")
    return [*levels[:-1], names]
