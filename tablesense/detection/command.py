"""What ``tablesense detect`` does, from its options to the last file written."""

from __future__ import annotations

import os
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


def run(options: Namespace, files: list[str]) -> bool:
    """Find the tables of files, write what is asked for; returns whether a file failed.

    Raises:
        UserError: something asked for cannot be done; said before any file is read, where that is known.
    """
    messages = Messages()
    listing = ListingOutput(options.output, options.out, files, messages)
    outputs: list[Output] = [*_further_outputs(options, files, messages), listing]
    try:
        for result in _results(options, files, messages):
            for output in outputs:
                output.add(result)
    except KeyboardInterrupt:
        listing.finish()  # what was found so far is not lost
        raise
    for output in outputs:
        output.finish()
    return listing.listing.failed > 0


def _further_outputs(options: Namespace, files: list[str], messages: Messages) -> Iterator[Output]:
    if options.native_tables and not options.annotate:
        raise UserError("--native-tables: is for --annotate, which is not given")
    if options.annotations and not options.report:
        raise UserError("--annotations: is for --report, which is not given")
    if options.extract:
        guard = not options.allow_formulas
        yield ExtractOutput(Extractor(options.extract, options.extract_format, files, guard=guard), messages)
    if options.annotate:
        yield AnnotateOutput(options.annotate, files, messages, native_tables=options.native_tables)
    if options.report:
        yield ReportOutput(options.report, options.annotations, files, messages)


def _results(options: Namespace, files: list[str], messages: Messages) -> Iterator[FileResult]:
    @cache
    def make_finder() -> TableFinder:
        from tablesense.detection.find import TableFinder
        from tablesense.detection.weights import load_detector

        network = load_detector(options.weights, options.device)
        return TableFinder(network, options.threshold, options.max_grid_cells or MAX_GRID_CELLS)

    names = frozenset(options.sheet) if options.sheet else None
    reading = ReadOptions(names, options.hidden, read_limits(options))
    results = detect_files(prepare_files(files, reading, _jobs(options, files)), make_finder)
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


def _jobs(options: Namespace, files: list[str]) -> int:
    if options.jobs is not None:
        return int(options.jobs)
    return min(os.cpu_count() or 1, _MOST_JOBS) if len(files) >= _MANY_FILES else 1
