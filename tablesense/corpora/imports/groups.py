"""Which sheets share a template, so that no split learns from what it is measured on.

Sheets come into one group when the source says so (the folder of a workbook's versions, or else the
workbook), when they lie in one workbook or in equal ones, and when the headers of their tables are alike.
"""

import hashlib
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path

from tablesense.boxes import Box
from tablesense.sheets.sheet import CellKind, Sheet

_LEAST_TEXTS = 3  # fewer, as `Name, Date`, are met on sheets that have nothing to do with each other


def template_of(sheet: Sheet, tables: Iterable[Box]) -> Hashable:
    """The texts in the first rows of all tables, with their places; None when they are too few to tell."""
    headers = []
    for box in sorted(tables, key=lambda box: (box.top, box.left)):
        cells = ((column, sheet.cells.get((box.top, column))) for column in range(box.left, box.right))
        headers.append(
            tuple(
                (column - box.left, " ".join(str(cell.value).casefold().split()))
                for column, cell in cells
                if cell is not None and cell.kind == CellKind.TEXT
            )
        )
    texts = {text for header in headers for _, text in header if text}
    return tuple(headers) if len(texts) >= _LEAST_TEXTS else None


def join_groups(given: Sequence[str], marks: Sequence[Iterable[Hashable]]) -> list[str]:
    """The groups of sheets after all that have a mark in common were joined.

    Args:
        given: the group of each sheet, itself a mark.
        marks: what else each sheet shares with others.

    Returns:
        A group a sheet: the one given to the first of those that were joined.
    """
    leaders = list(range(len(given)))

    def leader(place: int) -> int:
        while leaders[place] != place:
            leaders[place] = leaders[leaders[place]]
            place = leaders[place]
        return place

    first: dict[Hashable, int] = {}
    for place, (group, further) in enumerate(zip(given, marks, strict=True)):
        for mark in (("group", group), *further):
            one, other = leader(first.setdefault(mark, place)), leader(place)
            leaders[max(one, other)] = min(one, other)
    return [given[leader(place)] for place in range(len(given))]


def digest(workbook: Path) -> str:
    """What equal files have in common."""
    with workbook.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
