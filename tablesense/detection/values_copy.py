"""The values of sheets as a new workbook: for formats whose formatting openpyxl cannot carry over."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.cell.cell import Cell as BookCell
from openpyxl.utils.exceptions import IllegalCharacterError

from tablesense.detection.table import FileResult
from tablesense.sheets.sheet import Cell, Sheet

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_NOT_IN_TITLES = re.compile(r"[\\*?:/\[\]]")
_RESERVED = "history"  # Excel keeps it for the sheet of tracked changes
_LONGEST_TITLE = 31
_FIRST_YEAR = 1900  # of the calendar of spreadsheets


def values_workbook(result: FileResult) -> Workbook:
    """A new workbook with the values and number formats of the sheets that were read, in their order."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for entry in result.sheets:
        worksheet = book.create_sheet("sheet")
        # openpyxl numbers a title that is taken, whatever the case of its letters, and limits none.
        worksheet.title = entry.name if _is_title(entry.name) else _title(entry.name)
        _fill(worksheet, entry.sheet)
    if not book.worksheets:
        book.create_sheet("empty")
    return book


def _is_title(name: str) -> bool:
    is_plain = _NOT_IN_TITLES.search(name) is None and name == name.strip("'")
    return 0 < len(name) <= _LONGEST_TITLE and is_plain and name.casefold() != _RESERVED


def _title(name: str) -> str:
    """A title that Excel takes, made of a name; short enough for the number of one that comes again."""
    title = _NOT_IN_TITLES.sub("_", name)[: _LONGEST_TITLE - 4].strip("'") or "sheet"
    return f"{title}_" if title.casefold() == _RESERVED else title


def _fill(worksheet: Worksheet, sheet: Sheet) -> None:
    for (row, column), cell in sheet.cells.items():
        if cell.value is not None:
            target = worksheet.cell(row + 1, column + 1)
            if isinstance(target, BookCell):
                _set(target, cell, sheet.styles[cell.style].number_format)


def _set(target: BookCell, cell: Cell, number_format: str) -> None:
    value = cell.value
    if isinstance(value, dt.date) and value.year < _FIRST_YEAR:
        value = value.isoformat()
    with suppress(IllegalCharacterError):
        if isinstance(value, str):
            target.value = ILLEGAL_CHARACTERS_RE.sub("", value)
            target.data_type = "s"  # text that begins with `=` is text here, not a formula
        else:
            target.value = value
    if number_format != "General":
        target.number_format = number_format
