"""A copy of a workbook in which every table that was found is marked; the input is never touched."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tablesense.detection.losses import has_macros, is_cheap_to_load, is_plain_xlsx, losses
from tablesense.detection.marks import Marker
from tablesense.detection.table import FileResult
from tablesense.detection.values_copy import values_workbook
from tablesense.errors import UserError
from tablesense.terminal.output import refuse_input
from tablesense.terminal.untrusted import plain
from tablesense.tracking.run.atomic import atomic_write

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

SUFFIXES = (".xlsx", ".xlsm")


def annotate(result: FileResult, target: Path, *, native_tables: bool = False) -> str | None:
    """Write a copy of a workbook with its tables marked.

    What openpyxl keeps of an .xlsx or .xlsm is kept: formatting, formulas, charts for the most part. Of
    other formats, and where openpyxl fails, the copy holds the values of the sheets that were read.

    Args:
        result: what was found in the workbook.
        target: the file to write, .xlsx, or .xlsm for a workbook with macros.
        native_tables: make a native Excel table of a range that allows one, in place of a frame.

    Returns:
        One line that says what the copy lacks; None when it lacks nothing that is known.

    Raises:
        UserError: the target is the input, or cannot be written.
    """
    source = Path(result.file)
    refuse_input(target, [result.file])
    data = source.read_bytes()
    copy, lack = _copy(result, data, target, native_tables)
    try:
        with atomic_write(target) as file:
            file.write(copy)
    except OSError as error:
        raise UserError(f"{plain(target)} cannot be written: {error.strerror}") from error
    return lack


def _copy(result: FileResult, data: bytes, target: Path, native_tables: bool) -> tuple[bytes, str | None]:
    """The copy, and what it lacks."""
    wants_macros = target.suffix.lower() == ".xlsm"
    if wants_macros and not has_macros(data):
        raise UserError(f"{plain(target)}: the workbook has no macros; give a name that ends in .xlsx")
    if not is_plain_xlsx(data):
        reason = "openpyxl cannot keep the rest of this format"
    elif not is_cheap_to_load(data):
        reason = "its merged and linked ranges cover too many cells for openpyxl"
    else:
        try:
            book = _load(data, wants_macros)
            copy = _marked(book, [book[sheet.name] for sheet in result.sheets], result, native_tables)
        except Exception as error:  # openpyxl raises almost anything over parts that it does not know
            reason = f"openpyxl cannot load the workbook ({plain(f'{type(error).__name__}: {error}')[:120]})"
        else:
            return copy, losses(data, copy)
    if wants_macros:
        raise UserError(
            f"{plain(target)}: only values can be copied, {reason}; give a name that ends in .xlsx"
        )
    book = values_workbook(result)
    return _marked(book, book.worksheets, result, native_tables), f"the copy holds values only: {reason}"


def _load(data: bytes, keep_macros: bool) -> Workbook:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it does not keep is told apart, from the copy itself
        book = load_workbook(io.BytesIO(data), rich_text=True, keep_vba=keep_macros)
    book.template = False  # a copy of a template is a workbook, or its name would not fit it
    return book


def _marked(
    book: Workbook, worksheets: Sequence[Worksheet], result: FileResult, native_tables: bool
) -> bytes:
    marker = Marker(book, native_tables=native_tables)
    for worksheet, sheet in zip(worksheets, result.sheets, strict=False):
        for table in sheet.tables:
            marker.mark(worksheet, table)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book.save(file)
    return file.getvalue()
