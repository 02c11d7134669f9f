"""Reader of .xlsx and .xlsm: one fast pass over each sheet, and openpyxl for what that does not know."""

import warnings
from collections.abc import Callable
from functools import cached_property
from typing import IO

from openpyxl.reader.strings import read_string_table
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from tablesense.sheets.packed import PackedCells, mark_comments
from tablesense.sheets.request import Budget, ReadRequest
from tablesense.sheets.sheet import Sheet, SheetError
from tablesense.sheets.source import Openable
from tablesense.sheets.xlsx_cells import ScannedSheet, SharedParts, scan_sheet
from tablesense.sheets.xlsx_formulas import FormulaTexts
from tablesense.sheets.xlsx_openpyxl import OpenpyxlPackage
from tablesense.sheets.xlsx_package import (
    Archive,
    ListedSheet,
    read_commented,
    read_looks,
    read_relations,
    read_tables,
    read_workbook_parts,
)
from tablesense.sheets.xlsx_strings import EMPTY, read_strings
from tablesense.sheets.xlsx_styles import Stylesheet

_LINES_A_CELL, _STYLES_A_CELL = 4, 16  # hidden lines, or styles of a sheet, that take as much memory
_FINAL = (SheetError, MemoryError)  # what openpyxl could only say again, later


def read_xlsx(source: Openable, request: ReadRequest, budget: Budget) -> list[Sheet]:
    """Read the worksheets of an .xlsx or .xlsm file that are asked for, in the workbook's order.

    Chart sheets, dialogs and macro sheets are left out. The kind of a formula is that of its cached
    result; without one the cell is a NUMBER whose value is None.

    Raises:
        SheetError: more cells have a value, a style or a comment than ``budget`` has left, or time is up.
        Exception: whatever zipfile, XML or openpyxl raise on a damaged file; the caller words it.
    """
    with source.open("rb") as file, Archive(file) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of each feature it does not keep
        package = _open(file, archive, budget)
        listed = package.listed()
        if not listed:
            raise SheetError(
                "it lists no sheet that can be read, as when saved as Strict Open XML; "
                "save it as an ordinary .xlsx"
            )
        return [
            _counted(package.sheet(sheet), budget)
            for sheet in listed
            if sheet.relation.type.endswith("/worksheet") and archive.has(sheet.relation.target)
            if request.wants(sheet.name, visible=sheet.visible)
        ]


def _counted(sheet: Sheet, budget: Budget) -> Sheet:
    """The sheet, with what takes memory beside its cells counted: one part may be listed as many sheets."""
    hidden = len(sheet.hidden_rows) + len(sheet.hidden_columns)
    budget.spend(len(sheet.merges) + hidden // _LINES_A_CELL + len(sheet.styles) // _STYLES_A_CELL)
    return sheet


def _open(file: IO[bytes], archive: Archive, budget: Budget) -> "_Package | OpenpyxlPackage":
    try:
        return _Package(file, archive, budget)
    except _FINAL:
        raise
    except Exception:  # the list of sheets or the stylesheet: what is wrong is for openpyxl to say
        return OpenpyxlPackage(file, archive, budget)


class _Package:
    """An opened workbook file: what its sheets share."""

    def __init__(self, file: IO[bytes], archive: Archive, budget: Budget) -> None:
        self._file = file
        self._archive = archive
        self._budget = budget
        self._parts = read_workbook_parts(archive)
        related = {relation.type.rpartition("/")[2]: relation.target for relation in self._parts.relations}
        self._stylesheet = Stylesheet(*read_looks(archive, related))
        self._shared = SharedParts(
            strings=lambda: self._strings,
            epoch=MAC_EPOCH if self._parts.uses_1904 else WINDOWS_EPOCH,
            style_index=self._stylesheet.index,
            style_code=self._stylesheet.number_code,
            spend=budget.spend,
        )

    def listed(self) -> list[ListedSheet]:
        """The sheets that the workbook lists."""
        return self._parts.sheets

    def sheet(self, listed: ListedSheet) -> Sheet:
        """Convert a worksheet."""
        kept = self._budget.kept
        try:
            return self._scanned(listed)
        except _FINAL:
            raise
        except Exception:  # openpyxl reads it, or tells what is wrong with it
            self._budget.go_back(kept)
            return self._openpyxl.sheet(listed)

    def _scanned(self, listed: ListedSheet) -> Sheet:
        part = listed.relation.target
        with self._archive.open(part) as source:
            scanned = scan_sheet(source, self._shared)
        relations = read_relations(self._archive, part)
        return Sheet(
            name=listed.name,
            cells=self._cells(scanned, list(read_commented(self._archive, relations))),
            styles=self._stylesheet.styles,
            merges=scanned.merges,
            tables=read_tables(self._archive, relations),
            hidden_rows=scanned.hidden_rows,
            hidden_columns=scanned.hidden_columns,
            visible=listed.visible,
        )

    def _cells(self, scanned: ScannedSheet, commented: list[tuple[int, int]]) -> PackedCells:
        cells = mark_comments(scanned.cells, commented, EMPTY)
        self._budget.spend(len(cells) - len(scanned.cells))
        return PackedCells(cells, FormulaTexts(cells, scanned.formulas, scanned.prefix))

    @cached_property
    def _strings(self) -> list[str]:
        if not self._parts.strings:
            return []
        try:
            return self._read_strings(read_strings)
        except _FINAL:
            raise
        except Exception:  # as for a sheet
            return self._read_strings(read_string_table)

    def _read_strings(self, read: Callable[[IO[bytes]], list[str]]) -> list[str]:
        with self._archive.open(self._parts.strings) as source:
            return read(source)

    @cached_property
    def _openpyxl(self) -> OpenpyxlPackage:
        return OpenpyxlPackage(self._file, self._archive, self._budget)
