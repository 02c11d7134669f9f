"""The true tables of sheets, as the report shows them beside those that were found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath

from tablesense.boxes import Box
from tablesense.corpora.record import parse_annotation
from tablesense.detection.table import FileResult
from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain

Annotations = Mapping[tuple[str, str], Sequence[Box]]
"""Tables by file, as it was given or by its bare name, and sheet."""


def read_annotations(file: Path) -> Annotations:
    """The annotated tables of an ``annotations.jsonl``, by file and sheet.

    Raises:
        UserError: it cannot be read, or a line is no annotation.
    """
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--annotations: {plain(file)} cannot be read ({plain(error)})") from error
    tables: dict[tuple[str, str], Sequence[Box]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            annotation = parse_annotation(line)
        except (ValueError, RecursionError) as error:
            raise UserError(f"--annotations: {plain(file)}, line {number}: {plain(error)}") from error
        tables[annotation.file_name, annotation.sheet_name] = annotation.tables
    return tables


def annotated(annotations: Annotations, file: str, sheet: str) -> Sequence[Box] | None:
    """The annotations of a sheet, by the file as it was given or by its bare name; None when it has none."""
    whole = annotations.get((file, sheet))
    return whole if whole is not None else annotations.get((PurePath(file).name, sheet))


def without_sheet(annotations: Annotations, results: Iterable[FileResult]) -> list[tuple[str, str]]:
    """The files and sheets of annotations that fit no sheet which was looked at."""
    sheets = [(result.file, sheet.name) for result in results for sheet in result.sheets]
    there = {*sheets, *((PurePath(file).name, name) for file, name in sheets)}
    return [place for place in annotations if place not in there]
