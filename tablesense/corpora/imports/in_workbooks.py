"""Annotations that lie in the workbooks themselves."""

from collections.abc import Callable
from pathlib import Path

from tablesense.corpora.corpus import Problem
from tablesense.corpora.imports.files import NotFoundError, WorkbookFolder, reason
from tablesense.corpora.imports.source import Reading
from tablesense.sheets.sheet import SheetError


def read_workbooks(source: Path, read: Callable[[Path, str, Reading], None]) -> Reading:
    """Read every workbook below a folder; what cannot be read is counted and named.

    Args:
        source: the folder.
        read: reads a workbook, called with its path, its name below the folder, and what it adds to.
    """
    folder = WorkbookFolder(source)
    reading = Reading(num_workbooks=len(folder.paths))
    for path in folder.paths:
        workbook = folder.folder / path
        try:
            read(folder.inside(workbook), str(path), reading)
        except NotFoundError as error:
            reading.tally.workbooks.append(Problem(error.kind, str(path), str(error)))
        except SheetError as error:
            reading.tally.workbooks.append(Problem("unreadable workbook", str(path), reason(error, workbook)))
    return reading
