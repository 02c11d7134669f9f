"""What the report page shows, as plain values that go into the page as JSON."""

from collections.abc import Sequence

from tablesense.boxes import Box
from tablesense.detection.annotations import Annotations, annotated
from tablesense.detection.report_fold import fair_shares
from tablesense.detection.report_look import Looks
from tablesense.detection.report_sheet import SheetPlan, Texts
from tablesense.detection.table import FileResult, SheetTables
from tablesense.evaluation.eob import overlapping_pairs
from tablesense.pages.text import Json, visible

MAX_BYTES = 24_000_000
"""What the cells of a page may take; it opens in a second or two, and most mail servers carry it."""


def report_data(
    results: Sequence[FileResult], annotations: Annotations | None = None, max_bytes: int = MAX_BYTES
) -> Json:
    """Everything the page's script needs, with names and texts made harmless to look at."""
    looks, texts = Looks(), Texts()
    found = [(number, sheet) for number, result in enumerate(results) for sheet in result.sheets]
    truths = [annotated(annotations or {}, results[number].file, sheet.name) for number, sheet in found]
    plans = [
        SheetPlan(sheet.sheet, looks, [*(table.box for table in sheet.tables), *(truth or ())])
        for (_, sheet), truth in zip(found, truths, strict=True)
    ]
    shares = fair_shares([plan.cost for plan in plans], max_bytes)
    sheets = [
        _sheet(number, sheet, truth) | plan.embed(share, texts)
        for (number, sheet), truth, plan, share in zip(found, truths, plans, shares, strict=True)
    ]
    return {
        "files": [_file(result) for result in results],
        "sheets": sheets,
        "annotated": any(truth is not None for truth in truths),
        "looks": looks.looks,
        "texts": texts.texts,
    }


def _file(result: FileResult) -> Json:
    return {
        "name": visible(result.file) or "(an open workbook)",
        "error": visible(result.error) if result.error is not None else None,
    }


def _sheet(file: int, view: SheetTables, annotated: Sequence[Box] | None) -> Json:
    """What is said of a sheet beside its cells; tables are told in the order they were found."""
    boxes = [table.box for table in view.tables]
    pairs = {p: (a, off) for p, a, off in overlapping_pairs(boxes, annotated or ())}
    tables = []
    for number, table in enumerate(view.tables):
        pair, off = pairs.get(number, (None, None))
        score = round(float(table.score), 4)
        tables.append(
            {
                "box": table.box,
                "score": score,
                "header": table.header_rows,
                "title": visible(table.title, keep="\n") if table.title else None,
                "notes": [visible(note) for note in table.notes],
                "pair": pair,
                "off": off,
            }
        )
    notes = [visible(view.note)] if view.note else []
    if not view.sheet.has_formatting:
        notes.append("The file carries no formatting.")
    return {
        "file": file,
        "name": visible(view.name),
        "notes": notes,
        "hidden": not view.sheet.visible,
        "failed": view.failed,
        "tables": tables,
        "annotated": annotated,
    }
