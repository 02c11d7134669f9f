"""``detect_tables``, and the same for many files: read in processes, batched, one result a file."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tablesense.detection.headers import count_header_rows
from tablesense.detection.reading import (
    FoundSheet,
    PreparedFile,
    PreparedSheet,
    ReadOptions,
    names_without_sheet,
    read_sheets,
    workbook_bytes,
)
from tablesense.detection.strips import MAX_GRID_CELLS
from tablesense.detection.surroundings import find_surroundings
from tablesense.detection.table import FileResult, SheetTables, Table
from tablesense.errors import UserError
from tablesense.sheets.workbook import DEFAULT_LIMITS, ReadLimits

if TYPE_CHECKING:
    from openpyxl import Workbook

    from tablesense.detection.find import TableFinder
    from tablesense.model.answer import Answering
    from tablesense.model.decode import ScoredBox
    from tablesense.sheets.sheet import Sheet

_FILES, _CELLS = 16, 20_000  # put together before the network runs


def detect_tables(
    source: str | Path | bytes | Workbook,
    weights: str | Path | Answering | None = None,
    threshold: float | None = None,
    *,
    sheet_names: str | Collection[str] | None = None,
    include_hidden: bool = False,
    device: str = "auto",
    limits: ReadLimits = DEFAULT_LIMITS,
    max_grid_cells: int = MAX_GRID_CELLS,
) -> list[Table]:
    """Find the tables of a workbook, sheet by sheet, from the top down.

    Args:
        source: a file, the bytes of one, or a workbook that openpyxl has open. In an open workbook
            formulas have no results, unless it was opened with ``data_only=True``.
        weights: what :func:`tablesense.model.weights.load_network` takes; None is the released model.
        threshold: a table scored lower is left out; None takes the model's own.
        sheet_names: look at these sheets only (or at this one), hidden or not; case does not count.
            A warning names those that the workbook lacks.
        include_hidden: look at hidden sheets as well.
        device: where the network runs; ``auto`` takes a GPU where there is one.
        limits: what the file may cost to read.
        max_grid_cells: cells of a folded sheet that the network sees at once; a larger sheet is cut
            between its tables where it can be, and a warning says what was left out.

    Raises:
        UserError: the file cannot be read (SheetError), it has none of the sheets that are named, or there
            are no such weights.
    """
    from tablesense.detection.find import TableFinder
    from tablesense.model.weights import load_network

    finder = TableFinder(load_network(weights, device), threshold, max_grid_cells)
    names = [sheet_names] if isinstance(sheet_names, str) else sheet_names
    options = ReadOptions(None if names is None else frozenset(names), include_hidden, limits)
    file = str(source) if isinstance(source, str | Path) else ""
    prepared = read_sheets(_readable(source), options)
    found = finder.find(prepared)
    for line in [*_lacking(names or (), prepared), *_notes(prepared, found)]:
        warnings.warn(f"{file or 'the workbook'}{line}", RuntimeWarning, stacklevel=2)
    return _result(PreparedFile(file, prepared), found).tables


def _lacking(names: Collection[str], sheets: Sequence[PreparedSheet]) -> list[str]:
    """What is said of names that no sheet has.

    Raises:
        UserError: that is all of them.
    """
    missing = names_without_sheet(names, [sheet.sheet.name for sheet in sheets])
    if missing and len(missing) == len(names):
        raise UserError(f"sheet_names: the workbook has no sheet called {' or '.join(map(repr, missing))}")
    return [f": has no sheet called {name!r}" for name in missing]


def _notes(sheets: Sequence[PreparedSheet], found: Sequence[FoundSheet]) -> list[str]:
    return [
        f", sheet {sheet.sheet.name!r}: {result.note}"
        for sheet, result in zip(sheets, found, strict=True)
        if result.note is not None and not sheet.empty
    ]


def _readable(source: str | Path | bytes | Workbook) -> Path | bytes:
    if isinstance(source, bytes):
        return source
    if isinstance(source, str | Path):
        return Path(source)
    if callable(getattr(source, "save", None)):
        return workbook_bytes(source)
    raise UserError(f"detect_tables: give a path, bytes or an openpyxl workbook, not {type(source)!r}")


def detect_files(
    files: Iterable[PreparedFile], make_finder: Callable[[], TableFinder]
) -> Iterator[FileResult]:
    """The result of every file, in order; small ones go through the network together.

    ``make_finder`` is called once there is a sheet to look at: a file that cannot be read needs no network.
    """
    batch: list[PreparedFile] = []
    for file in files:
        batch.append(file)
        if len(batch) == _FILES or sum(member.cells for member in batch) >= _CELLS:
            yield from _detect(batch, make_finder)
            batch = []
    yield from _detect(batch, make_finder)


def _detect(files: Sequence[PreparedFile], make_finder: Callable[[], TableFinder]) -> Iterator[FileResult]:
    sheets: list[PreparedSheet] = [sheet for file in files for sheet in file.sheets]
    if any(sheet.grid is not None for sheet in sheets):
        found = make_finder().find(sheets)
    else:
        found = [FoundSheet(note=sheet.note) for sheet in sheets]
    first = 0
    for file in files:
        last = first + len(file.sheets)
        yield _result(file, found[first:last])
        first = last


def _result(file: PreparedFile, found: Sequence[FoundSheet]) -> FileResult:
    sheets = []
    for prepared, result in zip(file.sheets, found, strict=True):
        sheet = prepared.sheet
        tables = _tables(file.file, sheet, result.tables)
        sheets.append(SheetTables(sheet.name, sheet, tables, result.note, prepared.failed, prepared.empty))
    return FileResult(file.file, sheets, file.error)


def _tables(file: str, sheet: Sheet, found: Sequence[ScoredBox]) -> list[Table]:
    """What is known of each table beside its box and score is derived from the cells."""
    around = find_surroundings(sheet, [box for box, _ in found])
    return [
        Table(
            file,
            sheet.name,
            box,
            score,
            header_rows=count_header_rows(sheet, box),
            source=sheet,
            title=one.title_text,
            notes=one.note_texts,
        )
        for (box, score), one in zip(found, around, strict=True)
    ]
