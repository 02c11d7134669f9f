"""What the command says of the tables it found: as a table, JSON, JSON lines or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from tablesense.detection.table import FileResult, Table
from tablesense.terminal.untrusted import csv_text, plain

FORMATS = ("table", "json", "jsonl", "csv")
EXTRACTED = "extracted"  # the key of a table's own file, where tables are written as files
COLUMNS = ("file", "sheet", "range", "score", "rows", "columns", "header_rows", "title")

TableKey = tuple[str, str, str]


def table_key(table: Table) -> TableKey:
    """File, sheet and range: what tells a table from all others of a call."""
    return table.file, table.sheet, table.range


@dataclass
class Listing:
    """Rows of tables, errors and notes; holds no cells, so that it stays small over many files.

    ``extracted`` has the files that tables were written to, by :func:`table_key`; None: none are.
    """

    extracted: Mapping[TableKey, str] | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, str]] = field(default_factory=list)
    notes: list[dict[str, str]] = field(default_factory=list)
    files: int = 0
    sheets: int = 0
    failed: int = 0

    def add(self, result: FileResult) -> None:
        """Put in what was found in a file."""
        self.files += 1
        self.sheets += len(result.sheets)
        self.failed += result.failed
        self.rows += [self._row(table) for table in result.tables]
        if result.error is not None:
            self.errors.append({"file": result.file, "error": result.error})
        for sheet in result.sheets:
            if sheet.note is None:
                continue
            entry = {"file": result.file, "sheet": sheet.name}
            if sheet.failed:
                self.errors.append({**entry, "error": sheet.note})
            else:
                self.notes.append({**entry, "note": sheet.note})

    def _row(self, table: Table) -> dict[str, Any]:
        if self.extracted is None:
            return table.as_row()
        return {**table.as_row(), EXTRACTED: self.extracted.get(table_key(table))}

    def summary(self) -> str:
        """One line of counts."""
        tables, sheets = counted(len(self.rows), "table"), counted(self.sheets, "sheet")
        counts = [f"{tables} on {sheets} of {counted(self.files, 'file')}"]
        if self.failed:
            counts.append(f"{counted(self.failed, 'file')} failed")
        return "; ".join(counts)


def render(listing: Listing, output: str, width: int) -> str:
    """The listing as text; JSON is ASCII, so that no name in it can steer a terminal.

    Args:
        listing: what was found.
        output: one of ``FORMATS``.
        width: columns of the terminal, for the table.
    """
    if output == "json":
        whole = {"tables": listing.rows, "errors": listing.errors, "notes": listing.notes}
        return json.dumps(whole, indent=2) + "\n"
    if output == "jsonl":
        return "".join(json.dumps(row) + "\n" for row in [*listing.rows, *listing.errors])
    if output == "csv":
        return _as_csv(listing.rows, COLUMNS if listing.extracted is None else (*COLUMNS, EXTRACTED))
    return _as_table(listing.rows, width)


def _as_csv(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        one_line = {**row, "title": (row["title"] or "").replace("\n", " ")}
        values = (one_line[name] for name in columns)
        writer.writerow([csv_text(plain(value)) if isinstance(value, str) else value for value in values])
    return text.getvalue()


def _as_table(rows: Sequence[dict[str, Any]], width: int) -> str:
    if not rows:
        return ""
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("file", "sheet", "range", "score", "size", "header"):
        grid.add_column(
            name, justify="right" if name in ("score", "size", "header") else "left", overflow="fold"
        )
    for row in rows:
        cells = (
            plain(row["file"]),
            plain(row["sheet"]),
            row["range"],
            f"{row['score']:.2f}",
            f"{row['rows']} x {row['columns']}",
            str(row["header_rows"]),
        )
        grid.add_row(*map(Text, cells))
    text = io.StringIO()
    Console(file=text, width=width, markup=False, highlight=False, emoji=False, color_system=None).print(grid)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def counted(number: int, noun: str) -> str:
    """``1 table``, ``1,200 tables``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
