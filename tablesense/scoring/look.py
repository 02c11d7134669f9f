"""Annotated sheets through the detector, from file to ranges, as ``tablesense detect`` goes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from tablesense.detection.find import TableFinder
from tablesense.detection.reading import FoundSheet, PreparedFile, PreparedSheet, ReadOptions, prepare_file
from tablesense.evaluation.gold import GoldSheet, Key
from tablesense.evaluation.predictions import Found
from tablesense.model.answer import Answering
from tablesense.model.decode import LEAST_SCORE

_AT_ONCE = 16  # files that go through the network together

_NO_SHEET = "the workbook has no such sheet"


def make_finder(network: Answering, threshold: float, max_grid_cells: int) -> TableFinder:
    """A finder that gives low scores too, as average precision takes them in.

    Those at least ``threshold`` are the tables that users get: what is chosen does not depend on it.
    """
    return TableFinder(network, min(LEAST_SCORE, threshold), max_grid_cells)


def files_of(gold: Iterable[GoldSheet]) -> dict[Path, list[GoldSheet]]:
    """The annotated sheets of each workbook."""
    files: dict[Path, list[GoldSheet]] = {}
    for sheet in gold:
        files.setdefault(sheet.workbook, []).append(sheet)
    return files


def look(
    files: dict[Path, list[GoldSheet]], finder: TableFinder, at_once: int = _AT_ONCE
) -> Iterator[dict[Key, Found]]:
    """What is found on the annotated sheets of each workbook, hidden or not, in order.

    Args:
        files: the annotated sheets of each workbook.
        finder: finds tables.
        at_once: workbooks that go through the network together; their time is shared out evenly.
    """
    left = iter(files.items())
    while part := list(islice(left, at_once)):
        started = time.perf_counter()
        prepared = [_prepare(path, sheets) for path, sheets in part]
        ready = [sheet for file in prepared for sheet in file.sheets]
        found = iter(finder.find(ready))
        by_name = [_by_name(file.sheets, found) for file in prepared]
        seconds = (time.perf_counter() - started) / sum(len(sheets) for _, sheets in part)
        for (_, sheets), file, names in zip(part, prepared, by_name, strict=True):
            yield {
                sheet.key: _found(file, names.get(sheet.annotation.sheet_name), seconds) for sheet in sheets
            }


def _prepare(path: Path, sheets: Sequence[GoldSheet]) -> PreparedFile:
    names = frozenset(sheet.annotation.sheet_name for sheet in sheets)
    return prepare_file(str(path), ReadOptions(names))


_Pair = tuple[PreparedSheet, FoundSheet]


def _by_name(sheets: Iterable[PreparedSheet], found: Iterator[FoundSheet]) -> dict[str, _Pair]:
    return {sheet.sheet.name: (sheet, next(found)) for sheet in sheets}


def _found(file: PreparedFile, pair: _Pair | None, seconds: float) -> Found:
    if file.error is not None:
        return Found(error=file.error, seconds=seconds)
    if pair is None:
        return Found(error=_NO_SHEET, seconds=seconds)
    sheet, result = pair
    if sheet.failed:
        return Found(error=sheet.note, seconds=seconds)
    return Found(tuple((box, score) for box, score in result.tables), seconds=seconds)
