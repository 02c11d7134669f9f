"""DECO: the annotations lie in hidden sheets of each workbook."""

from collections.abc import Iterator
from pathlib import Path

from tablesense.corpora.corpus import Problem
from tablesense.corpora.imports.in_workbooks import read_workbooks
from tablesense.corpora.imports.source import Reading, Request, SourceSheet
from tablesense.sheets.sheet import CellValue, Sheet
from tablesense.sheets.workbook import open_workbook

RANGES, STATUS = "Range_Annotations_Data", "Annotation_Status_Data"

_WORKBOOK = "Workbook"  # its name among the sheets of STATUS
_COLUMNS = ("Sheet.Name", "Annotation.Label", "Annotation.Range")


def read_deco(request: Request) -> Reading:
    """Read the tables that annotators marked, of all workbooks below a folder.

    A sheet counts when it or its workbook is marked as completed, and neither as not applicable. Sheets on
    which nothing is marked are left out: in most workbooks annotators looked at one sheet only.
    """
    return read_workbooks(request.source, _read_workbook)


def _read_workbook(workbook: Path, name: str, reading: Reading) -> None:
    found = {sheet.name: sheet for sheet in open_workbook(workbook, sheet_names=(RANGES, STATUS))}
    if RANGES not in found or STATUS not in found:
        message = f"the workbook has no sheets {RANGES} and {STATUS}"
        reading.tally.workbooks.append(Problem("no annotation sheets", name, message))
        return
    tables: dict[str, list[str]] = {}
    for row in _rows(found[RANGES]):
        if missing := [column for column in _COLUMNS if column not in row]:
            message = f"a row of {RANGES} lacks {', '.join(missing)}"
            reading.tally.workbooks.append(Problem("annotation", name, message))
            return
        ranges = tables.setdefault(row["Sheet.Name"], [])
        if row["Annotation.Label"] == "Table":
            ranges.append(row["Annotation.Range"])
    flags = {row.get("Name", ""): row for row in _rows(found[STATUS])}
    for sheet_name, found_ranges in tables.items():
        reading.num_read += 1
        if reason := _why_not(flags, sheet_name, found_ranges):
            where = f"{name}, sheet {sheet_name!r}"
            reading.tally.sheets.append(Problem(reason, where, f"marked as {reason}"))
        else:
            reading.sheets.append(SourceSheet(name, workbook, sheet_name, tuple(found_ranges), name))


def _why_not(flags: dict[str, dict[str, str]], sheet_name: str, ranges: list[str]) -> str | None:
    """Why a sheet is left out; None when it is not."""
    rows = [flags.get(sheet_name, {}), flags.get(_WORKBOOK, {})]
    if any(_is_true(row, "NotApplicable") for row in rows):
        return "not applicable"
    if not any(_is_true(row, "Completed") for row in rows):
        return "not completed"
    return None if ranges else "without a table"


def _is_true(row: dict[str, str], column: str) -> bool:
    return row.get(column, "").casefold() == "true"


def _rows(sheet: Sheet) -> Iterator[dict[str, str]]:
    """The rows below the first, by its texts; only cells with a value."""
    rows: dict[int, dict[int, str]] = {}
    for (row, column), cell in sheet.cells.items():
        if cell.value is not None:
            rows.setdefault(row, {})[column] = _text(cell.value)
    header = rows.pop(min(rows), {}) if rows else {}
    for _, cells in sorted(rows.items()):
        yield {header[column]: text for column, text in cells.items() if column in header}


def _text(value: CellValue) -> str:
    """A value as the annotators' tool meant it: Excel made numbers of sheet names like ``2000``."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
