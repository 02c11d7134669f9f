"""Native Excel tables: whoever made the workbook said where they are."""

from pathlib import Path

from tablesense.boxes import to_a1
from tablesense.corpora.corpus import Problem
from tablesense.corpora.extent import Extent
from tablesense.corpora.imports.in_workbooks import read_workbooks
from tablesense.corpora.imports.source import Reading, Request, SourceSheet
from tablesense.sheets.workbook import open_workbook

LEAST_SHARE = 0.5
"""Least share of a sheet's filled cells in native tables: below it, other tables are likely, not marked."""


def read_native(request: Request) -> Reading:
    """Read the native tables of all visible sheets of all workbooks below a folder."""
    return read_workbooks(request.source, _read_workbook)


def _read_workbook(workbook: Path, name: str, reading: Reading) -> None:
    with_tables = [sheet for sheet in open_workbook(workbook) if sheet.tables]
    if not with_tables:
        message = "no visible sheet has a native table"
        reading.tally.workbooks.append(Problem("no native table", name, message))
    for sheet in with_tables:
        reading.num_read += 1
        where = f"{name}, sheet {sheet.name!r}"
        extent = Extent(sheet)
        boxes = []
        for table in sheet.tables:
            if extent.count(table.box._replace(top=table.box.top + table.header_rows)):
                boxes.append(table.box)
            else:
                message = f"{to_a1(table.box)} holds nothing below its header"
                reading.tally.ranges.append(Problem("table without data", where, message))
        inside = extent.count_any(boxes)
        if not boxes or inside < LEAST_SHARE * extent.filled:
            message = f"{inside:,} of {extent.filled:,} filled cells are in native tables with data"
            reading.tally.sheets.append(Problem("mostly outside native tables", where, message))
            continue
        ranges = tuple(to_a1(box) for box in boxes)
        reading.sheets.append(SourceSheet(name, workbook, sheet.name, ranges, name))
