"""What the report draws in headless Chromium."""

import pytest

from tablesense.boxes import Box, parse_a1
from tablesense.detection.table import FileResult, SheetTables, Table
from tablesense.sheets.sheet import Cell, CellKind, Sheet, Style

from ..page_browser import Browser
from .report_browser import covered, opened, rectangle, texts, with_results
from .report_sheets import BOLD, EVIL, cell, result, sheet_of, table_sheet

__all__ = ["opened"]


FOUND = {"B3:E12": 0.93, "G1:H4": 0.55}
TRUTH = {("book.xlsx", "Sheet1"): [parse_a1("B3:E14"), parse_a1("A20:B22")]}


@with_results(result(table_sheet(12), FOUND), annotations=TRUTH)
def test_frames_lie_on_the_cells_and_say_range_score_and_error(opened: Browser) -> None:
    assert set(texts(opened, ".label")) == {
        "B3:E12  0.93  off by 2",
        "G1:H4  0.55  extra",
        "B3:E14",
        "A20:B22  missed",
    }
    for name, box in ((".off", "B3:E12"), (".extra", "G1:H4"), (".missed", "A20:B22")):
        assert rectangle(opened, f".frame{name}") == pytest.approx(covered(opened, parse_a1(box)), abs=1.5)
    # The annotated one lies around the found one, a little outside.
    around = rectangle(opened, ".frame.annotation.annotated")
    assert around == pytest.approx(covered(opened, parse_a1("B3:E14")), abs=6)
    assert around[0] < rectangle(opened, ".frame.off")[0]
    colours = opened.value(
        "['off', 'extra', 'annotation'].map((name) => document.querySelector(`.frame.${name}`))"
        ".map((frame) => getComputedStyle(frame).borderTopColor)"
    )
    assert len(set(colours)) == 3
    opened.click(".controls .check input")
    assert opened.value("document.querySelector('.frame.annotation')") is None


@with_results(result(sheet_of({"A1": EVIL, "B2": "a\nb"}, name="</script>"), {"A1:B2": 0.5}, file=EVIL))
def test_script_in_a_cell_is_shown_and_not_run(opened: Browser) -> None:
    assert "taken" not in opened.value("document.title").replace("document.title = 'taken'", "")
    assert opened.value("document.images.length") == 0
    (shown, other) = texts(opened, ".cell span")
    assert shown.startswith("<script>document.title = 'taken'</script><img src=x onerror=alert(1)>\"'&")
    assert shown.endswith("⟨U+2028⟩⟨U+202E⟩␀⟨U+D800⟩")
    assert other == "a↵b"
    assert texts(opened, ".item-name") == ["</script>"]


TITLED = Table("b", "S", parse_a1("B3:E12"), 0.9, 1, table_sheet(), EVIL, ("* revised", EVIL))


@with_results(FileResult("b", [SheetTables("S", table_sheet(), [TITLED])]))
def test_title_stands_beside_the_range_and_notes_of_the_chosen_table_below(opened: Browser) -> None:
    (title,) = texts(opened, ".chip .chip-title")
    assert title.startswith("<script>document.title = 'taken'</script><img")
    assert texts(opened, "#chips .note") == []
    opened.click(".chip")
    assert texts(opened, "#chips .note") == ["* revised", title]
    assert opened.value("document.querySelector('.chip').title").endswith("\n1 header row")
    assert "taken" not in opened.value("document.title").replace("document.title = 'taken'", "")
    assert opened.value("document.images.length") == 0


STYLES = [
    Style(font_size=10),
    Style(font_size=10, fill_color="112233", font_color="FFEEDD", bold=True, italic=True, border_bottom=True),
    Style(font_size=20, horizontal="center"),
]
STYLED = Sheet(
    "S",
    {
        (0, 0): Cell("fill", CellKind.TEXT, 1),
        (1, 0): Cell(12.5, CellKind.NUMBER),
        (2, 0): Cell("merged", CellKind.TEXT, 2),
        (3, 1): Cell("hidden below", CellKind.TEXT, 2),
        (4, 2): Cell("end", CellKind.TEXT),
    },
    STYLES,
    merges=[Box(0, 2, 3, 4)],
    hidden_rows=frozenset({1}),
)


@with_results(result(STYLED))
def test_cells_have_their_formatting(opened: Browser) -> None:
    opened.prefer(prefers_color_scheme="light")
    style = "getComputedStyle(document.querySelector('.cell'))"
    assert opened.value(
        f"[{style}.backgroundColor, {style}.color, {style}.fontWeight, {style}.fontStyle]"
    ) == ["rgb(17, 34, 51)", "rgb(255, 238, 221)", "700", "italic"]
    assert "inset" in opened.value(f"{style}.boxShadow")
    assert opened.value("getComputedStyle(document.querySelectorAll('.cell')[1]).textAlign") == "right"
    assert rectangle(opened, ".cell.merged") == pytest.approx(covered(opened, Box(0, 2, 3, 4)), abs=1.5)
    assert "hidden below" not in texts(opened, ".cell span"), "a merged range hides the cells it covers"
    assert texts(opened, ".head.unseen") == ["2"]


@with_results(result(table_sheet(300), {"B3:E302": 0.9}))
def test_folded_rows_are_a_gap_that_opens_and_closes(opened: Browser) -> None:
    assert "⋮" in texts(opened, ".numbers .head")
    (gap,) = texts(opened, ".row.gap button")
    assert "rows folded" in gap
    before = rectangle(opened, ".frame")
    opened.click(".row.gap button")
    assert opened.value("document.querySelector('.row.gap')") is None
    assert opened.value("report.view.grid.rows.placeOf(301)") == 301
    assert rectangle(opened, ".frame")[1] == before[1], "what is above stays in its place"
    opened.click(".head.unfolded")
    assert texts(opened, ".row.gap button") == [gap]
    opened.value("document.getElementById('grid').focus()")
    # Row by row down to the gap, which is one step and opens with Enter.
    for _ in range(40):
        if "folded" in opened.value("document.getElementById('cursor').ariaLabel"):
            break
        opened.press("ArrowDown")
    opened.press("Enter")
    assert opened.value("report.view.grid.rows.placeOf(301)") == 301
    opened.press("f")
    assert len(texts(opened, ".row.gap")) == 1


def long_sheet(rows: int) -> Sheet:
    cells = {(row, column): cell(row * column) for row in range(rows) for column in range(1, 7)}
    return Sheet("Long", cells, [Style()])


@pytest.mark.slow
@with_results(result(long_sheet(100_000), {"B1:G100000": 0.9}))
def test_of_a_hundred_thousand_rows_only_those_in_view_are_in_the_document(opened: Browser) -> None:
    opened.value("report.view.toggleFolds()")
    assert opened.value("report.view.grid.rows.placeOf(99_999)") == 99_999
    for share in (0, 0.37, 0.5, 1):
        opened.value(f"grid.scrollTop = {share} * grid.scrollHeight")
        opened.settle()
        assert opened.value("document.querySelectorAll('*').length") < 2_500
        view = opened.value(
            "(({top, bottom}) => [top, bottom])(document.getElementById('grid').getBoundingClientRect())"
        )
        rows = opened.value(
            "[...document.querySelectorAll('.row')].map((e) => e.getBoundingClientRect())"
            ".map((r) => [r.top, r.bottom])"
        )
        rows.sort()
        assert rows[0][0] <= view[0] + 45, "the view is filled at its top"
        assert rows[-1][1] >= view[1] - 45, "and at its bottom"
        assert texts(opened, ".label") == ["B1:G100000  0.90"], "the label stays in view"
    assert "100000" in texts(opened, ".numbers .head")
    assert texts(opened, '.row[aria-rowindex="100000"] .cell span')[:2] == ["99999", "199998"]


WIDE = Sheet("Wide", {(row, column): cell(column) for row in range(3) for column in range(16_384)}, [Style()])


@with_results(result(WIDE), result(sheet_of({"XFD1048576": "far"}), file="far.xlsx"))
def test_the_widest_and_the_longest_sheet(opened: Browser) -> None:
    assert opened.value("document.querySelectorAll('*').length") < 2_500
    opened.value("report.view.toggleFolds()")
    opened.value("document.getElementById('grid').scrollLeft = 1e9")
    opened.settle()
    assert texts(opened, ".letters .head")[-1] == "XFD"
    assert "16383" in texts(opened, ".cell span")
    assert opened.value("document.querySelectorAll('*').length") < 2_500
    opened.press("]")
    opened.value("report.view.goTo.value = 'XFD1048576'; report.view.jump()")
    assert "far" in texts(opened, ".cell span")
    opened.value("report.view.goTo.value = 'B700000'; report.view.jump()")
    assert "700000" in texts(opened, ".numbers .head")
    assert opened.value("document.querySelector('.canvas').offsetHeight") < 17_000_000


@with_results(result(table_sheet(5000), {"B3:E5002": 0.9}), max_bytes=50_000)
def test_rows_left_out_are_said_and_cannot_be_opened(opened: Browser) -> None:
    gaps = texts(opened, ".row.gap.left")
    assert len(gaps) == 1
    assert "left out, to keep the page small" in gaps[0]
    assert "left out of this page" in texts(opened, ".facts")[0]
    assert "cut short" in texts(opened, "#summary")[0]
    opened.press("f")
    opened.press("f")
    assert texts(opened, ".row.gap.left") == gaps
    opened.press("j")
    opened.value("report.view.goTo.value = '5002'; report.view.jump()")
    assert "5002" in texts(opened, ".numbers .head")


LEAST_CONTRAST = """(() => {
    const rgb = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const behind = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const colour = getComputedStyle(one).backgroundColor;
            if (colour !== "rgba(0, 0, 0, 0)") return rgb(colour);
        }
        return [255, 255, 255];
    };
    const texts = [...document.querySelectorAll(".cell span, .label, .head, .facts, .item, .chip, .row.gap")];
    return Math.min(...texts.map((text) => contrast(rgb(getComputedStyle(text).color), behind(text))));
})()"""


@with_results(result(STYLED), result(table_sheet(), {"B3:E12": 0.9}, file="b.xlsx"), annotations=TRUTH)
def test_text_can_be_read_in_both_themes(opened: Browser) -> None:
    """Letters on their fill, labels on their plates and lines on the page, by WCAG."""
    for theme in ("light", "dark"):
        opened.prefer(prefers_color_scheme=theme)
        for number in (0, 1):
            opened.value(f"report.open({number})")
            assert opened.value(LEAST_CONTRAST) >= 4.5, theme


@with_results(
    result(
        sheet_of(
            {
                "A1": cell("a long title that runs over the blank cells beside it", BOLD),
                "A2": "cut off by the next",
                "B2": 1,
            }
        )
    )
)
def test_text_runs_over_blank_cells_only(opened: Browser) -> None:
    over, cut = (
        opened.value(f"document.querySelectorAll('.cell span')[{number}].getBoundingClientRect().width")
        for number in (0, 1)
    )
    column = covered(opened, parse_a1("A1"))
    assert over > column[2] - column[0]
    assert cut <= column[2] - column[0]
