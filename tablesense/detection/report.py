"""Writes what was found as one HTML page that needs nothing else: no network, no other file."""

from collections.abc import Sequence
from pathlib import Path

from tablesense.detection.annotations import Annotations
from tablesense.detection.report_data import MAX_BYTES, report_data
from tablesense.detection.table import FileResult
from tablesense.errors import UserError
from tablesense.pages.page import BASE_SCRIPT, BASE_STYLE, Asset, build_page
from tablesense.pages.text import visible
from tablesense.tracking.run.atomic import write_text

_TITLE_FILES = 3
# In the order they build on each other.
_SCRIPTS = (
    "data.js",
    "colors.js",
    "axis.js",
    "labels.js",
    "frames.js",
    "grid.js",
    "cursor.js",
    "sheet.js",
    "list.js",
    "report.js",
)


def write_report(
    results: Sequence[FileResult],
    file: Path,
    annotations: Annotations | None = None,
    *,
    max_bytes: int = MAX_BYTES,
) -> None:
    """Write a page that shows every sheet with its tables framed.

    Args:
        results: what was found, in the order it is shown.
        file: where the page goes; an older page there is replaced only by a whole new one.
        annotations: the true tables of sheets, by file (as in the results, or its bare name) and sheet.
        max_bytes: what the cells may take, about and at most; rows that do not fit are left out, those
            farthest from the edges of tables first, and the page says so.

    Raises:
        UserError: there is no result, or the page cannot be written.
    """
    if not results:
        raise UserError("No files to report on: name at least one workbook")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, report_page(results, annotations, max_bytes))
    except OSError as error:
        raise UserError(f"Cannot write the report {file}: {error.strerror or error}") from error


def report_page(
    results: Sequence[FileResult], annotations: Annotations | None = None, max_bytes: int = MAX_BYTES
) -> str:
    """The text of the page; see :func:`write_report`."""
    names = ", ".join(visible(Path(result.file).name) for result in results[:_TITLE_FILES])
    more = f" and {len(results) - _TITLE_FILES} more" if len(results) > _TITLE_FILES else ""
    return build_page(
        _asset("report.html"),
        styles=[BASE_STYLE, _asset("report.css"), _asset("grid.css")],
        scripts=[BASE_SCRIPT, *map(_asset, _SCRIPTS)],
        title=f"Tables found: {names}{more}",
        data=report_data(results, annotations, max_bytes),
    )


def _asset(name: str) -> Asset:
    return Asset("tablesense.detection", f"report_assets/{name}")
