"""Writes the comparison of runs as one HTML page that needs nothing else: no network, no other file."""

from collections.abc import Sequence
from pathlib import Path

from tablesense.comparison.page_data import page_data
from tablesense.comparison.record import RunRecord
from tablesense.errors import UserError
from tablesense.pages.page import BASE_SCRIPT, BASE_STYLE, Asset, build_page
from tablesense.pages.text import visible
from tablesense.tracking.run.atomic import write_text

# In the order they build on each other.
_SCRIPTS = ("text.js", "series.js", "plot.js", "panel.js", "tables.js", "page.js")


def write_page(records: Sequence[RunRecord], file: Path) -> None:
    """Write a page that compares runs with plots; the first run is the baseline of the config difference.

    Args:
        records: The runs in the order they are shown.
        file: Where the page goes; an older page there is replaced only by a whole new one.

    Raises:
        UserError: There is no run, or the page cannot be written.
    """
    if not records:
        raise UserError("No runs to compare: name at least one run")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, _page(records))
    except OSError as error:
        raise UserError(f"Cannot write the comparison page {file}: {error.strerror or error}") from error


def _page(records: Sequence[RunRecord]) -> str:
    names = ", ".join(visible(record.name) for record in records[:3])
    more = f" and {len(records) - 3} more" if len(records) > 3 else ""
    return build_page(
        _asset("page.html"),
        styles=[_asset("uPlot.min.css"), BASE_STYLE, _asset("page.css")],
        scripts=[_asset("uPlot.iife.min.js"), BASE_SCRIPT, *map(_asset, _SCRIPTS)],
        title=f"Runs compared: {names}{more}",
        data=page_data(records),
    )


def _asset(name: str) -> Asset:
    return Asset("tablesense.comparison", f"assets/{name}")
