"""Opens reports in headless Chromium, and reads what they show."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tablesense.boxes import Box
from tablesense.detection.report import write_report
from tablesense.detection.table import FileResult

from ..page_browser import CHROMIUM, Browser, browser


@pytest.fixture
def opened(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """The report of the test's results in Chromium; it must cause no problem and ask for nothing."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    results, options = request.param
    write_report(results, file := tmp_path / "report.html", **options)
    with browser(file.as_uri(), tmp_path / "profile") as page:
        yield page
        assert page.problems() == []
        assert page.requests() == [file.as_uri()]


def with_results(*results: FileResult, **options: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("opened", [(results, options)], indirect=True, ids=["report"])


def texts(page: Browser, selector: str) -> list[str]:
    found: list[str] = page.value(f"[...document.querySelectorAll('{selector}')].map((e) => e.textContent)")
    return found


def rectangle(page: Browser, selector: str) -> tuple[float, float, float, float]:
    left, top, right, bottom = page.value(
        f"(({{left, top, right, bottom}}) => [left, top, right, bottom])"
        f"(document.querySelector('{selector}').getBoundingClientRect())"
    )
    return left, top, right, bottom


def covered(page: Browser, box: Box) -> list[float]:
    """The pixels of the window that a box of cells takes, by the letters and numbers at the grid's edge."""
    return page.value(  # type: ignore[no-any-return]
        "(([l, t, r, b]) => { const head = (part, text, side) =>"
        "[...document.querySelectorAll(`.${part} .head`)].find((e) => e.textContent === text)"
        ".getBoundingClientRect()[side];"
        "return [head('letters', columnLetters(l), 'left'), head('numbers', String(t + 1), 'top'),"
        "head('letters', columnLetters(r - 1), 'right'), head('numbers', String(b), 'bottom')]; })"
        f"({list(box)})"
    )
