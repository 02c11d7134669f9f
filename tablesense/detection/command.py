"""What ``tablesense detect`` does, from its options to the last file written."""

from __future__ import annotations

import os
import re
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from rich.progress import track

from tablesense.detection.detect import detect_files
from tablesense.detection.extract import Extractor
from tablesense.detection.outputs import (
    AnnotateOutput,
    ExtractOutput,
    ListingOutput,
    Messages,
    Output,
    ReportOutput,
    SheetNames,
)
from tablesense.detection.readers import prepare_files
from tablesense.detection.reading import ReadOptions
from tablesense.detection.strips import MAX_GRID_CELLS
from tablesense.detection.table import FileResult
from tablesense.errors import UserError
from tablesense.sheets.workbook import DEFAULT_LIMITS, ReadLimits

if TYPE_CHECKING:
    from tablesense.detection.find import TableFinder

_MANY_FILES = 8  # from here on, starting processes to read them is worth the time
_MOST_JOBS = 8
_OPTIONS = {"max_cells": "--max-cells", "max_unpacked_bytes": "--max-mb", "max_seconds": "--max-seconds"}


def run(options: Namespace, files: list[str]) -> bool:
    """Find the tables of files, write what is asked for; returns whether any of it failed.

    What cannot be written is said, and all else is still done.

    Raises:
        UserError: something asked for cannot be done; said before any file is read, where that is known.
    """
    messages = Messages()
    further = list(_further_outputs(options, files, messages))
    extracted = next((output for output in further if isinstance(output, ExtractOutput)), None)
    listing = ListingOutput(options.output, options.out, files, messages, extracted)
    outputs: list[Output] = [*further, listing]
    complete = True
    try:
        for result in _results(options, files, messages):
            for output in outputs:
                complete &= messages.attempt(output.add, result)
    except KeyboardInterrupt:
        listing.finish()  # what was found so far is not lost
        raise
    for output in outputs:
        complete &= messages.attempt(output.finish)
    return not complete or listing.listing.failed > 0


def _further_outputs(options: Namespace, files: list[str], messages: Messages) -> Iterator[Output]:
    if options.native_tables and not options.annotate:
        raise UserError("--native-tables: is for --annotate, which is not given")
    if options.annotations and not options.report:
        raise UserError("--annotations: is for --report, which is not given")
    if (options.extract_format or options.allow_formulas) and not options.extract:
        which = "--extract-format" if options.extract_format else "--allow-formulas"
        raise UserError(f"{which}: is for --extract, which is not given")
    if options.sheet:
        yield SheetNames(options.sheet, messages)
    if options.extract:
        guard, kind = not options.allow_formulas, options.extract_format or "csv"
        yield ExtractOutput(Extractor(options.extract, kind, files, guard=guard), messages)
    if options.annotate:
        yield AnnotateOutput(options.annotate, files, messages, native_tables=options.native_tables)
    if options.report:
        yield ReportOutput(options.report, options.annotations, files, messages)


def _results(options: Namespace, files: list[str], messages: Messages) -> Iterator[FileResult]:
    @cache
    def make_finder() -> TableFinder:
        from tablesense.detection.find import TableFinder
        from tablesense.model.weights import load_network

        network = load_network(options.weights, options.device)
        return TableFinder(network, options.threshold, options.max_grid_cells or MAX_GRID_CELLS)

    names = frozenset(options.sheet) if options.sheet else None
    reading = ReadOptions(names, options.hidden, read_limits(options))
    detected = detect_files(prepare_files(files, reading, _jobs(options, files)), make_finder)
    results = (replace(result, error=with_options(result.error)) for result in detected)
    console = messages.console
    hidden = len(files) == 1 or not console.is_terminal  # in a file the bar would be blank lines
    return iter(
        track(results, "looking for tables", len(files), console=console, transient=True, disable=hidden)
    )


def read_limits(options: Namespace) -> ReadLimits:
    """The limits that the options set, the others as they are."""
    limits = DEFAULT_LIMITS
    if options.max_cells is not None:
        limits = replace(limits, max_cells=options.max_cells)
    if options.max_mb is not None:
        limits = replace(limits, max_unpacked_bytes=options.max_mb * 1024**2)
    if options.max_seconds is not None:
        limits = replace(limits, max_seconds=options.max_seconds)
    return limits


def with_options(error: str | None) -> str | None:
    """The error of a file, with the command's options in place of the library's limits."""

    def remedy(limit: re.Match[str]) -> str:
        return f"raise {_OPTIONS[limit[1]]}" if limit[1] in _OPTIONS else f"{limit[0]}, from Python"

    return None if error is None else re.sub(r"raise (max_\w+) in ReadLimits", remedy, error)


def _jobs(options: Namespace, files: list[str]) -> int:
    if options.jobs is not None:
        return int(options.jobs)
    return min(os.cpu_count() or 1, _MOST_JOBS) if len(files) >= _MANY_FILES else 1
