"""How the report is used in headless Chromium: filters, keyboard, windows of all sizes."""

from collections.abc import Sequence

from tablesense.boxes import Box, parse_a1
from tablesense.detection.table import FileResult

from ..page_browser import Browser
from .report_browser import opened, rectangle, texts, with_results
from .report_sheets import joined, result, table_sheet

__all__ = ["opened"]


MANY = [
    result(table_sheet(12, "exact"), {"B3:E14": 0.95}),
    result(table_sheet(12, "off"), {"B3:E11": 0.5}),
    result(table_sheet(12, "extra"), {"B3:E14": 0.8, "G1:H4": 0.3}),
    result(table_sheet(12, "missed"), {}),
    result(table_sheet(12, "unknown"), {"B3:E14": 0.7}),
]
MANY_TRUTH = {("book.xlsx", name): [parse_a1("B3:E14")] for name in ("exact", "off", "extra", "missed")}
FAILED = FileResult("locked.xlsx", error="locked.xlsx: it is encrypted; remove the password")


def choose(page: Browser, which: str, name: str) -> Sequence[str]:
    page.value(
        f"(() => {{ const s = report.list.{which};"
        f"s.value = [...s.options].find((o) => o.textContent.startsWith('{name}')).value;"
        "s.dispatchEvent(new Event('change')); })()"
    )
    return texts(page, ".item-name")


@with_results(joined(MANY), FAILED, annotations=MANY_TRUTH)
def test_filters_by_error_score_file_and_order(opened: Browser) -> None:
    assert texts(opened, ".item-name") == ["exact", "off", "extra", "missed", "unknown"]
    assert texts(opened, ".file-error") == ["locked.xlsx: it is encrypted; remove the password"]
    assert choose(opened, "error", "missed") == ["missed"]
    assert choose(opened, "error", "extra") == ["extra"]
    assert choose(opened, "error", "with an error") == ["off", "extra", "missed"]
    assert choose(opened, "error", "without an error") == ["exact"]
    assert choose(opened, "error", "edges off by more than 2") == ["off"]
    assert choose(opened, "error", "edges off (") == ["off"]
    assert choose(opened, "error", "what failed") == []
    assert len(texts(opened, ".failed")) == 1
    assert choose(opened, "error", "all") == ["exact", "off", "extra", "missed", "unknown"]
    assert choose(opened, "order", "largest EoB") == ["off", "exact", "extra", "missed", "unknown"]
    assert choose(opened, "order", "least sure")[0] == "extra"
    choose(opened, "order", "in the order")
    opened.value("report.list.text.value = 'OFF'; report.list.update()")
    assert texts(opened, ".item-name") == ["off"]
    assert texts(opened, ".failed") == []
    opened.value("report.list.text.value = ''; report.setLeast(0.6)")
    assert texts(opened, ".item .badges") == ["1 exact", "1 missed", "1 exact", "1 missed", "1 table"]
    opened.value("report.open(1)")
    assert "1 table scored lower than 0.60." in texts(opened, "#chips .muted")


@with_results(joined(MANY), result(table_sheet(12, "last"), {"B3:E14": 0.9}, file="other.xlsx"))
def test_the_keyboard_goes_through_sheets_and_tables_and_copies_ranges(opened: Browser) -> None:
    opened.press("j")
    assert texts(opened, '.chip[aria-pressed="true"] b') == ["B3:E14"]
    opened.value("(navigator.clipboard.writeText = async (text) => { window.copied = text; }, 1)")
    opened.press("c")
    assert opened.value("window.copied") == "B3:E14"
    assert opened.value("document.getElementById('live').textContent") == "Copied B3:E14"
    for number, shown in ((2, "B3:E11"), (3, "G1:H4"), (3, "B3:E14"), (5, "B3:E14"), (6, "B3:E14")):
        opened.press("j")
        assert opened.value("location.hash") == f"#sheet-{number}-{shown}"
    opened.press("j")
    assert "last table" in opened.value("document.getElementById('live').textContent")
    opened.press("k")
    assert opened.value("report.number") == 4
    opened.press("[")
    assert texts(opened, '.item[aria-current="true"] .item-name') == ["missed"]
    assert "No table found" in texts(opened, "#chips .muted")[0]
    opened.press("/")
    opened.press("j")
    assert opened.value("report.list.text.value") == "j", "the key goes to the field and steps nowhere"
    assert opened.value("report.number") == 3


@with_results(result(table_sheet(12), {"B3:E14": 0.9}))
def test_the_cell_in_hand_is_told_and_can_be_gone_to(opened: Browser) -> None:
    opened.press("g")
    assert opened.value("document.activeElement === report.view.goTo")
    opened.value("report.view.goTo.value = 'c4'")
    opened.press("Enter")
    assert opened.value("document.getElementById('cursor').ariaLabel") == "C4: 6.00"
    opened.press("ArrowRight")
    opened.press("ArrowDown")
    assert opened.value("document.getElementById('cursor').ariaLabel") == "D5: 5"
    assert texts(opened, ".cell-text b") == ["D5"]
    assert opened.value("document.getElementById('grid').getAttribute('aria-activedescendant')") == "cursor"
    opened.value("report.view.goTo.value = 'nonsense'; report.view.jump()")
    assert opened.value("report.view.goTo.getAttribute('aria-invalid')") == "true"
    assert opened.value("document.getElementById('cursor').ariaLabel") == "D5: 5"


@with_results(joined(MANY * 12), FAILED, annotations=MANY_TRUTH)
def test_sixty_sheets_fit_narrow_and_wide_windows(opened: Browser) -> None:
    for width in (320, 400, 1600):
        opened.resize(width, 700)
        opened.settle()
        assert opened.value(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        ) == [width, 700]
        left, top, right, bottom = rectangle(opened, "#grid")
        assert right - left >= min(width, 900)
        assert bottom - top > 250
    opened.resize(400, 700)
    assert opened.value("document.getElementById('side').checkVisibility()") is False
    opened.click("#list-button")
    assert opened.value("document.getElementById('side').checkVisibility()") is True
    opened.click(".item:nth-of-type(2)")
    assert opened.value("document.getElementById('side').checkVisibility()") is False


@with_results(
    result(table_sheet(), {"B3:E12": 0.9}, file="a.xlsx"), result(table_sheet(name="B"), {"B3:E12": 0.9})
)
def test_an_address_names_a_sheet_and_a_table(opened: Browser) -> None:
    opened.value("(location.hash = '#sheet-2-B3:E12', 1)")
    opened.settle()
    assert opened.value("report.number") == 1
    assert texts(opened, '.chip[aria-pressed="true"] b') == ["B3:E12"]
    opened.value("(location.hash = '#sheet-99', 1)")
    opened.settle()
    assert opened.value("report.number") == 1


MERGED = [
    *(Box(5, 0, 7, 30), Box(0, 2, 2, 4), Box(2, 3, 5, 4), Box(0, 6, 1, 9), Box(3, 20, 5, 22)),
    *(Box(8, row, 9, row + 2) for row in range(0, 40, 2)),
]


@with_results(result(table_sheet(40, merges=MERGED), {"A1:J45": 0.9}))
def test_the_merged_range_of_a_cell_is_found(opened: Browser) -> None:
    differing = opened.value(
        "(() => { const { grid } = report.view; const { merges } = grid.sheet; const wrong = [];"
        "for (let row = 0; row < 45; row += 1) for (let column = 0; column < 10; column += 1) {"
        "const plain = merges.find(([l, t, r, b]) => l <= column && column < r && t <= row && row < b);"
        "if (grid.mergeAt(row, column) !== (plain ?? null)) wrong.push([row, column]); }"
        "return [wrong, merges.length]; })()"
    )
    assert differing == [[], len(MERGED)]


@with_results(FAILED)
def test_a_report_without_any_sheet(opened: Browser) -> None:
    assert texts(opened, ".file-error") == ["locked.xlsx: it is encrypted; remove the password"]
    assert "1 file failed" in texts(opened, "#summary")[0]
    for key in ("j", "]", "c", "f", "g"):
        opened.press(key)
