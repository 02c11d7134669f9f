"""From files to sheets that are ready for the network; needs no torch, so reader processes start fast."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tablesense.errors import UserError
from tablesense.features.channels import INDEX
from tablesense.features.featurize import SheetGrid, featurize
from tablesense.sheets.sheet import Sheet, SheetError
from tablesense.sheets.source import printable
from tablesense.sheets.workbook import DEFAULT_LIMITS, ReadLimits, open_workbook

if TYPE_CHECKING:
    from openpyxl import Workbook

    from tablesense.model.decode import ScoredBox


@dataclass(frozen=True)
class ReadOptions:
    """What of a file is read.

    Args:
        sheet_names: only sheets of these names, hidden or not, in letters of any case; None reads all.
        include_hidden: hidden sheets as well.
        limits: what a file may cost.
    """

    sheet_names: frozenset[str] | None = None
    include_hidden: bool = False
    limits: ReadLimits = DEFAULT_LIMITS


@dataclass(frozen=True, eq=False)
class PreparedSheet:
    """A sheet ready for the network; without a grid it has none to look at, and ``note`` says why.

    ``failed`` when that is because something went wrong, ``empty`` when the sheet holds no value.
    """

    sheet: Sheet
    grid: SheetGrid | None
    note: str | None = None
    failed: bool = False
    empty: bool = False


@dataclass(frozen=True, eq=False)
class PreparedFile:
    """A file's sheets, or one line that says why it could not be read."""

    file: str
    sheets: list[PreparedSheet] = field(default_factory=list)
    error: str | None = None

    @property
    def cells(self) -> int:
        """Cells of all its grids."""
        grids = (sheet.grid for sheet in self.sheets)
        return sum(grid.height * grid.width for grid in grids if grid is not None)


@dataclass
class FoundSheet:
    """What the network found on a sheet, in cells of the sheet, from the top down."""

    tables: list[ScoredBox] = field(default_factory=list)
    note: str | None = None


def prepare_file(file: str, options: ReadOptions) -> PreparedFile:
    """Read and featurize a file; whatever is wrong with it becomes its ``error``."""
    if os.path.isdir(file):  # a folder comes this far where it cannot be walked
        return PreparedFile(file, error="the folder cannot be read; check its permissions")
    try:
        return PreparedFile(file, read_sheets(Path(file), options))
    except UserError as error:
        return PreparedFile(file, error=str(error).removeprefix(f"{printable(str(Path(file)))}: "))
    except MemoryError:
        return PreparedFile(file, error="it needs more memory than there is; lower the limit of cells")
    except Exception as error:  # one file must not end a run over thousands; the line says that it is a bug
        reason = printable(f"{type(error).__name__}: {error}")[:200]
        return PreparedFile(file, error=f"tablesense failed on it, please report this ({reason})")


def read_sheets(source: Path | bytes, options: ReadOptions) -> list[PreparedSheet]:
    """Read and featurize the worksheets of a file.

    Raises:
        SheetError: the file cannot be read.
    """
    sheets = open_workbook(
        source,
        sheet_names=options.sheet_names,
        include_hidden=options.include_hidden,
        limits=options.limits,
    )
    return [prepare_sheet(sheet) for sheet in sheets]


def prepare_sheet(sheet: Sheet) -> PreparedSheet:
    """Featurize a sheet."""
    try:
        grid = featurize(sheet)
    except SheetError as error:
        return PreparedSheet(sheet, None, str(error), failed=True)
    if not (grid.values[INDEX["filled"]] > 0).any():
        what = "cells without a value only" if sheet.cells else "nothing"
        return PreparedSheet(sheet, None, f"no table can be here: the sheet holds {what}", empty=True)
    return PreparedSheet(sheet, grid, sheet.note or None)


def names_without_sheet(names: Iterable[str], sheets: Iterable[str]) -> list[str]:
    """Those of ``names`` that no sheet has; case does not count, as in Excel."""
    there = {sheet.casefold() for sheet in sheets}
    return [name for name in names if name.casefold() not in there]


def workbook_bytes(book: Workbook) -> bytes:
    """An open workbook of openpyxl as the file that it would be saved as.

    Raises:
        UserError: it was opened read-only or write-only, and cannot be saved.
    """
    if book.read_only or book.write_only:
        raise UserError("a workbook that openpyxl opened read-only or write-only: give its file instead")
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
