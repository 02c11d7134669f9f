"""What the comparison page does in headless Chromium."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tablesense.comparison.page import write_page
from tablesense.comparison.record import RunRecord

from ..page_browser import CHROMIUM, Browser, browser
from .page_runs import EVIL, record


@pytest.fixture
def opened(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """The page of the test's runs in Chromium; it must cause no problem and ask for nothing."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    write_page(request.param, file := tmp_path / "page.html")
    with browser(file.as_uri(), tmp_path / "profile") as page:
        yield page
        assert page.problems() == []
        assert page.requests() == [file.as_uri()]


def with_runs(*runs: RunRecord) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("opened", [runs], indirect=True, ids=[f"{len(runs)} runs"])


ALL_PANELS = ["loss", "scores", "lr", "gradients", "memory", "time"]
PIXELS = """(id) => { const canvas = document.querySelector(`#panel-${id} canvas`);
    const { width, height } = canvas;
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const data = copy.getImageData(0, 0, width, height).data;
    const seen = new Set(); for (let i = 0; i < data.length; i += 4)
        if (data[i + 3] === 255) seen.add(`rgb(${data[i]}, ${data[i + 1]}, ${data[i + 2]})`);
    return [...seen]; }"""


def line_colours(page: Browser, panel: str) -> set[int]:
    """The runs whose colour is somewhere in a chart; a smoothed edge may miss it by a little."""
    seen = [channels(text) for text in page.value(f"({PIXELS})('{panel}')")]
    wanted = {run: channels(page.value(f"colour('run-{run}')")) for run in range(8)}
    return {
        run
        for run, colour in wanted.items()
        if any(all(abs(a - b) <= 8 for a, b in zip(colour, other, strict=True)) for other in seen)
    }


def channels(text: str) -> list[int]:
    """The red, green and blue of ``rgb(1, 2, 3)``."""
    return [int(part) for part in re.findall(r"\d+", text)[:3]]


@with_runs(record(0), record(1), record(2))
def test_every_panel_draws_every_run(opened: Browser) -> None:
    for panel in ALL_PANELS:
        width, height = opened.value(
            f"(({{width, height}}) => [width, height])(document.querySelector('#panel-{panel} canvas'))"
        )
        assert width > 100
        assert height > 100
    for panel in ("loss", "scores", "gradients", "time"):
        assert line_colours(opened, panel) == {0, 1, 2}, panel
    opened.value("document.getElementById('more').open = true")
    opened.settle()
    assert opened.value("document.querySelector('#more canvas').width") > 100
    assert opened.value("document.querySelector('#more h3').textContent") == "val/own"


@with_runs(record(0), record(1), record(2))
def test_a_run_is_hidden_and_shown_by_mouse_and_keyboard(opened: Browser) -> None:
    x, y = opened.value(
        "(() => { page.chips[1].scrollIntoView({behavior: 'instant'});"
        "const r = page.chips[1].getBoundingClientRect(); return [r.x + 9, r.y + 9] })()"
    )
    for action in ("mouseMoved", "mousePressed", "mouseReleased"):
        opened.point(x, y, action, clicks=1)
    opened.point(1, 1)
    opened.settle()
    assert line_colours(opened, "scores") == {0, 2}
    assert opened.value("page.chips[1].getAttribute('aria-pressed')") == "false"
    opened.value("page.chips[1].focus()")
    opened.press(" ")
    assert line_colours(opened, "scores") == {0, 1, 2}
    opened.press("Enter", shift=True)
    assert line_colours(opened, "scores") == {1}


@with_runs(record(0), record(1))
def test_the_keyboard_reads_values_and_zooms_all_panels_of_an_axis(opened: Browser) -> None:
    opened.value("document.querySelector('#panel-scores .chart').focus()")
    opened.press("Home")
    assert (
        opened.value("document.getElementById('live').textContent") == "epoch 1: run 0 0.4500, run 1 0.4400"
    )
    opened.press("ArrowRight")
    assert "epoch 2" in opened.value("document.querySelector('#panel-scores .tip').textContent")
    opened.press("+")
    assert (
        opened.value("page.panels.map((panel) => panel.plot.range[1] - panel.plot.range[0])")[:3] == [5.5] * 3
    )
    assert opened.value("page.ranges.step") is None
    opened.press("Escape")
    assert opened.value("page.panels[0].plot.range") == [1, 12]


@with_runs(record(0), record(1))
def test_dragging_zooms_and_hovering_shows_every_run(opened: Browser) -> None:
    left, top, width, height = opened.value(
        "(() => { const over = document.querySelector('#panel-gradients .u-over');"
        "over.scrollIntoView({block: 'center', behavior: 'instant'});"
        "const r = over.getBoundingClientRect(); return [r.x, r.y, r.width, r.height]; })()"
    )
    middle = top + height / 2
    opened.point(left + width / 4, middle)
    opened.point(left + width / 4, middle, "mousePressed", clicks=1)
    opened.point(left + width / 3, middle)
    opened.point(left + width / 2, middle)
    opened.point(left + width / 2, middle, "mouseReleased", clicks=1)
    opened.settle()
    start, end = opened.value("page.ranges.step")
    assert start == pytest.approx(500, abs=15)
    assert end == pytest.approx(1000, abs=15)
    opened.point(left + width / 3, middle)
    opened.settle()
    tip = opened.value("document.querySelector('#panel-gradients .tip').innerText")
    assert "run 0" in tip
    assert "run 1" in tip


@with_runs(record(0, epochs=1, steps=20_000))
def test_the_band_of_gradient_norms_holds_all_extremes(opened: Browser) -> None:
    drawn = opened.value("page.panels[3].plot.chart.data")
    assert len(drawn[0]) < 2000, "as many columns as the screen can show"
    norms = [2 + math.sin(step) + step / 500 for step in range(20_000)]
    assert max(v for v in drawn[2] if v is not None) == pytest.approx(max(norms), rel=1e-5)
    assert min(v for v in drawn[3] if v is not None) == pytest.approx(min(norms), rel=1e-5)


@with_runs(record(0, steps=0), record(1, steps=0, epochs=3))
def test_what_is_missing_is_said(opened: Browser) -> None:
    text = opened.value("document.getElementById('panel-gradients').innerText")
    assert "No gradient norms in these runs: they are logged only where W&B was on" in text
    assert opened.value("document.querySelector('#panel-gradients canvas')") is None


@with_runs(record(0, name=EVIL, source=EVIL, notes=(EVIL,), config={EVIL: EVIL}), record(1, name="</script>"))
def test_script_in_a_name_is_shown_and_not_run(opened: Browser) -> None:
    assert "taken" not in opened.value("document.title").replace("document.title = 'taken'", "")
    assert opened.value("document.images.length") == 0
    assert opened.value("document.querySelector('.runs bdi').textContent").startswith(
        "<script>document.title"
    )
    assert opened.value("page.chips[1].textContent") == "</script>"


@with_runs(*(record(number) for number in range(12)))
def test_twelve_runs_fit_narrow_and_wide_windows_in_both_themes(opened: Browser) -> None:
    for width in (400, 1600):
        opened.resize(width, 900)
        opened.settle()
        assert opened.value("document.documentElement.scrollWidth") <= width
        assert (
            opened.value("Math.max(...[...document.querySelectorAll('canvas')].map((c) => c.clientWidth))")
            < width
        )
    light = opened.value("[colour('surface'), ...page.runs.map((run, i) => runColour(i) + dashOf(i))]")
    assert len(set(light)) == 13, "no two runs look the same"
    opened.prefer(prefers_color_scheme="dark")
    dark = opened.value("[colour('surface'), ...page.runs.map((run, i) => runColour(i) + dashOf(i))]")
    assert len(set(dark)) == 13
    assert light[0] != dark[0]
    for surface, *lines in (light, dark):
        assert all(contrast(surface, line) >= 3 for line in lines)


def contrast(a: str, b: str) -> float:
    """The contrast of two colours by WCAG."""

    def luminance(text: str) -> float:
        parts = [channel / 255 for channel in channels(text)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)
