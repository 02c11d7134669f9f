"""The report page of the sheets that went worst: what was found beside what is there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from tablesense.boxes import Box
from tablesense.detection.headers import count_header_rows
from tablesense.detection.report import write_report
from tablesense.detection.table import FileResult, SheetTables, Table
from tablesense.errors import UserError
from tablesense.evaluation.gold import GoldSheet
from tablesense.evaluation.predictions import Predictions
from tablesense.evaluation.scores import SheetResult
from tablesense.evaluation.sheet_errors import sheet_errors
from tablesense.sheets.workbook import open_workbook


def worst(results: Iterable[SheetResult], threshold: float, most: int) -> list[SheetResult]:
    """The sheets with the lowest F1 at EoB-0, the worst first; none on which all is right.

    Of equals first those with most tables wrong (found or annotated), then those with the largest EoB.
    """
    ranked = []
    for result in results:
        errors = sheet_errors(result, threshold)
        wrong = errors.annotated + errors.predicted - 2 * errors.exact
        if wrong:
            ranked.append(((errors.f1, -wrong, -errors.largest_eob, result.key), result))
    return [result for _, result in sorted(ranked, key=lambda pair: pair[0])[:most]]


def write_worst(gold: Sequence[GoldSheet], predictions: Predictions, most: int, file: Path) -> int:
    """Write the page, of the worst sheets of the files in their order; returns how many it shows.

    Without any there is no page.

    Raises:
        UserError: it cannot be written.
    """
    chosen = worst(predictions.results(gold), predictions.threshold, most)
    if not chosen:
        return 0
    sheets = {sheet.key: sheet for sheet in gold}
    pages: dict[str, FileResult] = {}
    truth: dict[tuple[str, str], Sequence[Box]] = {}
    for result in chosen:
        name = f"{result.corpus}/{result.file_name}"
        truth[name, result.sheet_name] = result.annotated
        before = pages.get(name, FileResult(name))
        found = _show(name, sheets[result.key], result, predictions.threshold)
        pages[name] = FileResult(name, [*before.sheets, *found.sheets], before.error or found.error)
    write_report(list(pages.values()), file, truth)
    return len(chosen)


def _show(name: str, gold: GoldSheet, result: SheetResult, threshold: float) -> FileResult:
    try:
        found = open_workbook(gold.workbook, sheet_names=[result.sheet_name])
    except UserError as error:
        return FileResult(name, error=str(error))
    return FileResult(
        name,
        [
            SheetTables(
                sheet.name,
                sheet,
                [
                    Table(name, sheet.name, box, score, count_header_rows(sheet, box), source=sheet)
                    for box, score in sorted(result.best_first(threshold))
                ],
            )
            for sheet in found
        ],
    )
