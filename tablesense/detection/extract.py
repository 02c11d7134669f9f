"""Every table as a file of its own, CSV or Parquet, under a name that is safe and used once."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path

from tablesense.detection.frames import as_text, data_columns, require
from tablesense.detection.free_names import FreeNames
from tablesense.detection.table import Table
from tablesense.sheets.sheet import CellValue
from tablesense.terminal.untrusted import folder_name
from tablesense.tracking.run.atomic import atomic_write

EXTRACT_FORMATS = ("csv", "parquet")

# What a program may drop before the sign counts too: a byte order mark is dropped at the start of a file.
_RUNS_AS_FORMULA = re.compile(r"[ \x00\xa0\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]")
_HARMLESS = re.compile(r"[-+]*[\d.,\s]*%?")  # `-`, `--`, `-1,200`, `+3 %`: signs and numbers only
_STEM, _SHEET = 90, 93  # bytes kept of the names of the file and the sheet


class Extractor:
    """Writes tables into a folder.

    Args:
        folder: where to; made when it is not there.
        file_format: one of ``EXTRACT_FORMATS``.
        inputs: files that are read: none of them is ever written over.
        guard: put a quote before texts that a spreadsheet program would run as a formula (CSV only).

    Raises:
        UserError: Parquet is asked for, and polars is not installed.
    """

    def __init__(
        self, folder: Path, file_format: str = "csv", inputs: Iterable[str] = (), *, guard: bool = True
    ) -> None:
        if file_format == "parquet":
            require("polars")
        self.folder, self.file_format, self.guard = folder, file_format, guard
        self._names = FreeNames(folder, f".{file_format}", inputs)

    def write(self, table: Table) -> Path:
        """Write one table; returns its file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        content = (
            parquet_bytes(table) if self.file_format == "parquet" else csv_text_of(table, self.guard).encode()
        )
        path = self._path(table)
        with atomic_write(path) as file:
            file.write(content)
        return path

    def _path(self, table: Table) -> Path:
        """``{file}__{sheet}__{range}``, with a number where that is taken."""
        stem = folder_name(Path(table.file).stem, _STEM) or "workbook"
        sheet = folder_name(table.sheet, _SHEET) or "sheet"
        name = f"{stem}__{sheet}__{table.range.replace(':', '-')}"
        return self._names.take(name)


def csv_text_of(table: Table, guard: bool = True) -> str:
    """A table as CSV: the column names, then the rows below the header.

    Args:
        table: the table.
        guard: put a quote before texts that a spreadsheet program would run as a formula.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_field(name, guard) for name in table.column_names()])
    for values in zip(*data_columns(table), strict=True):
        writer.writerow([_field(value, guard) for value in values])
    return _encodable(text.getvalue())


def parquet_bytes(table: Table) -> bytes:
    """A table as a Parquet file.

    Raises:
        UserError: polars is not installed.
    """
    file = io.BytesIO()
    table.to_polars().write_parquet(file)
    return file.getvalue()


def _field(value: CellValue, guard: bool) -> str:
    text = as_text(value)
    return guarded(text) if guard and isinstance(value, str) else text


def guarded(text: str) -> str:
    """The text, with a quote before it if a spreadsheet program would run it as a formula."""
    is_risky = _RUNS_AS_FORMULA.match(text) is not None and _HARMLESS.fullmatch(text) is None
    return f"'{text}" if is_risky else text


def _encodable(text: str) -> str:
    """Without half surrogates, which some files hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")
