"""Annotations with a JSON object a line, whatever its fields are called."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tablesense.corpora.corpus import Problem
from tablesense.corpora.imports.files import NotFoundError, WorkbookFolder
from tablesense.corpora.imports.source import Reading, SourceSheet, read_lines

Row = dict[str, Any]


def read_json_lines(
    file: Path, folder: WorkbookFolder, convert: Callable[[Row, str], SourceSheet]
) -> Reading:
    """Read a file of JSON objects, a sheet a line; what cannot be used is counted and named.

    Args:
        file: the annotations.
        folder: the workbooks.
        convert: makes a sheet of an object and of the name of its line. A ValueError tells what is wrong
            with the object, a NotFoundError with its workbook.

    Raises:
        UserError: the file cannot be read.
    """
    reading = Reading(num_workbooks=len(folder.paths))
    for where, line in _lines(file):
        reading.num_read += 1
        try:
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError("expected a JSON object")
            reading.sheets.append(convert(row, where))
        except NotFoundError as error:
            reading.tally.sheets.append(Problem(error.kind, where, str(error)))
        except (ValueError, RecursionError) as error:  # JSON nested too deeply is a bad line as well
            reading.tally.sheets.append(Problem("annotation", where, str(error)))
    return reading


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(read_lines(file), start=1):
        if line.strip():
            yield f"{file.name}, line {number}", line


def text_field(row: Row, *names: str) -> str:
    """The first of these fields that is there.

    Raises:
        ValueError: none is, or it holds no text.
    """
    value = next((row[name] for name in names if row.get(name) is not None), None)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{' or '.join(map(repr, names))} must be text")
    return value


def split_field(row: Row, name: str) -> str | None:
    """The field that names the split; None when it is left out or empty.

    Raises:
        ValueError: it holds no text.
    """
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name!r} must be text or left out")
    return value or None
