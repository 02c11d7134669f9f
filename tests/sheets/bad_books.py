"""What a file that cannot be read is told of, and small files to damage."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tablesense.sheets.sheet import SheetError
from tablesense.sheets.workbook import DEFAULT_LIMITS, ReadLimits, open_workbook

from .books import csv_bytes, edited, ods_bytes, xls_bytes, xlsb_bytes, xlsx_bytes

MAKERS: dict[str, Callable[[], bytes]] = {
    "xlsx": xlsx_bytes,
    "xls": xls_bytes,
    "xlsb": xlsb_bytes,
    "ods": ods_bytes,
    "csv": csv_bytes,
}


def message(book: bytes | Path, limits: ReadLimits = DEFAULT_LIMITS) -> str:
    with pytest.raises(SheetError) as caught:
        open_workbook(book, limits=limits)
    text = str(caught.value)
    assert text.startswith("the given bytes: " if isinstance(book, bytes) else f"{book}: ")
    assert text.isprintable(), "one line, nothing that steers a terminal"
    return text


def with_sheet(xml: str) -> bytes:
    """An .xlsx whose sheet part is this."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return edited(xlsx_bytes(), sheet1__xml=lambda part: f"<worksheet {space}>{xml}</worksheet>".encode())
