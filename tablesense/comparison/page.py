"""Writes the comparison of runs as one HTML page that needs nothing else: no network, no other file."""

import base64
import hashlib
import html
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from string import Template

from tablesense.comparison.page_data import as_script_text, page_data, visible
from tablesense.comparison.record import RunRecord
from tablesense.errors import UserError
from tablesense.tracking.run.atomic import write_text

_STYLES = ("uPlot.min.css", "page.css")
# In the order they build on each other; classic scripts of one page share their top-level names.
_SCRIPTS = ("uPlot.iife.min.js", "text.js", "series.js", "plot.js", "panel.js", "tables.js", "page.js")


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
    styles = [_asset(name) for name in _STYLES]
    scripts = [_asset(name) for name in _SCRIPTS]
    names = ", ".join(visible(record.name) for record in records[:3])
    more = f" and {len(records) - 3} more" if len(records) > 3 else ""
    return Template(_asset("page.html")).substitute(
        policy=html.escape(_policy(styles, scripts)),
        title=html.escape(names + more),
        styles="\n".join(f"<style>{style}</style>" for style in styles),
        data=as_script_text(page_data(records)),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def _policy(styles: Sequence[str], scripts: Sequence[str]) -> str:
    """The page may run exactly its own scripts and styles, and load nothing at all."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(_hash, scripts))}",
            f"style-src {' '.join(map(_hash, styles))}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    """A source expression that allows one inline script or style: the one with this text."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _asset(name: str) -> str:
    file = resources.files("tablesense.comparison") / "assets" / name
    # Browsers turn every line end into \n before they hash.
    return file.read_text(encoding="utf-8").replace("\r\n", "\n")
