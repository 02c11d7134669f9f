"""What the report embeds, without a browser."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box, parse_a1
from tablesense.detection.report import report_page, write_report
from tablesense.detection.report_data import report_data
from tablesense.detection.report_fold import fair_shares, fold, rows_that_fit
from tablesense.detection.table import FileResult
from tablesense.errors import UserError
from tablesense.sheets.sheet import Cell, CellKind, Sheet, Style

from ..page_text import assert_self_contained, embedded
from .report_sheets import AMOUNT, EVIL, MARKED, STYLES, WRAPPED, cell, joined, result, sheet_of, table_sheet


def cells_of(
    data: dict[str, Any], number: int = 0
) -> dict[tuple[int, int], tuple[str | None, dict[str, Any]]]:
    """The text and the look of each cell of a sheet, read as the page's script reads them."""
    sheet, found, row = data["sheets"][number], {}, -1
    numbers: Iterator[int] = iter(sheet["cells"])
    for step in sheet["rows"]:
        row += step
        pattern = sheet["patterns"][next(numbers)]
        for column, look in zip(pattern[::2], pattern[1::2], strict=True):
            text = data["texts"][next(numbers)] if look >= 0 else None
            found[row, column] = (text, data["looks"][look if look >= 0 else -1 - look])
    assert next(numbers, None) is None
    return found


def test_the_page_needs_nothing_else_and_is_the_same_again(tmp_path: Path) -> None:
    results = [result(table_sheet(), {"B3:E12": 0.9})]
    for name in ("a.html", "b.html"):
        write_report(results, tmp_path / "new folder" / name)
    page = (tmp_path / "new folder" / "a.html").read_text("utf-8")
    assert_self_contained(page)
    assert page == (tmp_path / "new folder" / "b.html").read_text("utf-8")


values = st.one_of(st.none(), st.text(max_size=6), st.integers(-99, 99), st.booleans())
places = st.tuples(st.integers(0, 90), st.integers(0, 50))


@given(st.dictionaries(places, st.tuples(values, st.integers(0, len(STYLES) - 1)), max_size=60))
def test_every_cell_that_shows_something_comes_back(found: dict[tuple[int, int], tuple[Any, int]]) -> None:
    cells = {place: cell(value, style) for place, (value, style) in found.items()}
    shown = cells_of(report_data([result(Sheet("S", cells, list(STYLES)))]))
    for place, one in cells.items():
        style = STYLES[one.style]
        if isinstance(one.value, str) and one.value.strip() and one.value.isprintable():
            assert shown[place][0] == one.value
        if isinstance(one.value, bool):
            assert shown[place][0] == str(one.value).upper()
        if style.fill_color:
            assert shown[place][1]["fill"] == style.fill_color
    assert set(shown) <= set(cells)


def test_texts_and_looks_are_embedded_once() -> None:
    data = report_data([result(table_sheet(200)), result(table_sheet(200), file="other.xlsx")])
    assert len(data["texts"]) == len(set(data["texts"]))
    assert len(data["looks"]) < 8
    assert len(data["sheets"][0]["patterns"]) == 3


def test_looks_say_what_is_drawn() -> None:
    styles = [
        Style(),
        Style(bold=True, italic=True, fill_color="00FF00", font_color="0000FF", border_left=True, indent=99),
        Style(horizontal="center", font_size=500.0, wrap=True, fill_color="url(evil)"),
    ]
    cells = {
        (0, 0): Cell("a", CellKind.TEXT, 1),
        (0, 1): Cell(1.5, CellKind.NUMBER),
        (0, 2): Cell("c", CellKind.TEXT, 2, comment=True),
        (0, 3): Cell(None, CellKind.NUMBER, formula="=SUM(A1)"),
    }
    shown = cells_of(report_data([result(Sheet("S", cells, styles))]))
    assert shown[0, 0][1] == {
        "fill": "00FF00",
        "color": "0000FF",
        "bold": True,
        "italic": True,
        "sides": "l",
        "indent": 10,
    }
    assert shown[0, 1] == ("1.5", {"align": "right", "stays": True})
    assert shown[0, 2][1] == {"align": "center", "size": 1.7, "wrap": True, "comment": True}
    assert shown[0, 3][0] == "=SUM(A1)"


def test_untrusted_text_cannot_leave_its_place() -> None:
    sheet = sheet_of({"A1": EVIL, "A2": "x" * 32_767}, name=EVIL)
    results = [result(sheet, file=EVIL, note=EVIL), FileResult("b", error=EVIL)]
    page = report_page(results)
    assert "taken'</script>" not in page
    assert "<img" not in page
    data = embedded(page)
    texts = [*data["texts"], data["files"][0]["name"], data["files"][1]["error"], data["sheets"][0]["name"]]
    assert all(text.startswith(("<script>", "x")) for text in texts), "shown as it is"
    assert not any(set("\u2028\u202e\x00\ud800") & set(text) for text in texts)
    assert len(page) < 200_000, "very long texts are cut"


def test_title_and_notes_are_told_and_made_harmless() -> None:
    found = result(table_sheet(), {"B3:E12": 0.9, "A20:B25": 0.8})
    first, second = found.sheets[0].tables
    titled = replace(first, title=f"Sales\n{EVIL}", notes=(EVIL, "* revised"))
    page = report_page([FileResult("b", [replace(found.sheets[0], tables=[titled, second])])])
    assert "<img" not in page
    told, untold = embedded(page)["sheets"][0]["tables"]
    assert told["title"].startswith("Sales\n<script>")
    assert told["notes"][1] == "* revised"
    assert not any(set("\u2028\u202e\x00\ud800") & set(text) for text in (told["title"], *told["notes"]))
    assert (untold["title"], untold["notes"]) == (None, [])


def test_annotations_pair_with_what_was_found() -> None:
    found = {"B3:E12": 0.9, "A20:B25": 0.8, "F1:G2": 0.7}
    annotated = {("/data/book.xlsx", "Sheet1"): [parse_a1("A20:B28"), parse_a1("B3:E12"), parse_a1("J1:K9")]}
    data = report_data([result(table_sheet(), found, file="/data/book.xlsx")], annotated)
    tables = data["sheets"][0]["tables"]
    assert [(one["pair"], one["off"]) for one in tables] == [(1, 0), (0, 3), (None, None)]
    assert data["sheets"][0]["size"] == [11, 28], "tables beyond the last cell are part of the sheet"
    by_name = {("book.xlsx", "Sheet1"): [parse_a1("B3:E12")]}
    assert report_data([result(table_sheet(), found, file="/data/book.xlsx")], by_name)["annotated"]
    (other,) = report_data([result(table_sheet(), found)], {})["sheets"]
    assert other["annotated"] is None, "not annotated is not the same as annotated without tables"


def test_what_does_not_fit_is_left_out_and_said() -> None:
    rows = 20_000
    sheet = table_sheet(rows)
    page = report_page([result(sheet, {f"B3:E{rows + 2}": 0.9})], max_bytes=100_000)
    assert len(page) < 300_000
    data = embedded(page)
    (shown,) = data["sheets"]
    cells = cells_of(data)
    left = [row for start, stop in shown["left"] for row in range(start, stop)]
    assert {row for row, _ in sheet.cells} == {row for row, _ in cells} | set(left)
    assert not {row for row, _ in cells} & set(left)
    assert shown["leftCells"] == len(sheet.cells) - len(cells)
    assert {2, 3, rows, rows + 1} <= {row for row, _ in cells}, "the edges of the table come first"
    folded = {row for start, stop in shown["folds"]["rows"] for row in range(start, stop)}
    assert not folded & set(left)


def test_merges_and_hidden_lines_count_as_cells_do() -> None:
    merges = [Box(0, row, 2, row + 1) for row in range(60_000)]
    hidden = frozenset(range(0, 60_000, 2))
    sheet = replace(table_sheet(60_000), merges=merges, hidden_rows=hidden)
    page = report_page([result(sheet)], max_bytes=100_000)
    assert len(page) - len(report_page([result(table_sheet())])) < 100_000
    (shown,) = embedded(page)["sheets"]
    assert len(shown["rows"]) > 100, "cells are not what is given up"
    assert [Box(*box) for box in shown["merges"]] == merges[: len(shown["merges"])]
    assert len(shown["merges"]) > 100 < len(shown["hiddenRows"])
    (whole,) = report_data([result(sheet)])["sheets"]
    assert (len(whole["merges"]), len(whole["hiddenRows"]), whole["left"]) == (60_000, 30_000, [])


def test_small_sheets_are_whole_beside_a_large_one() -> None:
    small, large = result(table_sheet(30, "small")), result(table_sheet(20_000, "large"))
    data = report_data([joined([large, small])], max_bytes=100_000)
    assert data["sheets"][0]["left"]
    assert data["sheets"][1]["left"] == []


def test_sizes_merges_and_hidden_lines() -> None:
    sheet = sheet_of(
        {
            "A1": cell("word " * 40, WRAPPED),
            "B1": cell(123_456_789.5, AMOUNT),
            "A2": "x",
            "B2": "y",
            "C2": "",
        },
        merges=[Box(0, 3, 2, 1_000_000), Box(5, 5, 9, 9)],
        hidden_rows=frozenset({1, 2, 900_000}),
        hidden_columns=frozenset({1}),
    )
    sheet.cells[9, 0] = cell("end", MARKED)
    (shown,) = report_data([result(sheet)])["sheets"]
    assert shown["size"] == [2, 10]
    assert shown["merges"] == [Box(0, 3, 2, 10)], "cut off where the sheet ends"
    assert shown["hiddenRows"] == [(1, 3)]
    assert shown["hiddenColumns"] == [(1, 2)]
    assert dict(shown["heights"])[0] > 60, "wrapped text has its lines"
    assert shown["widths"][1] >= 7 * len("123,456,789.50"), "numbers are seen whole"


def test_a_million_formatted_rows_are_a_small_page() -> None:
    cells = {(row, 0): Cell(None, CellKind.EMPTY, MARKED) for row in range(200_000)}
    cells |= {(row, 1): Cell(None, CellKind.EMPTY, 0) for row in range(200_000)}
    cells[0, 0] = cell("x")
    page = report_page([result(Sheet("S", cells, list(STYLES)))])
    assert len(page) < 2_000_000
    (shown,) = embedded(page)["sheets"]
    assert shown["folds"]["rows"] == [[5, 199_997]]


@pytest.mark.parametrize("sheet", [sheet_of({}), sheet_of({"XFD1048576": "far"}), sheet_of({"A1": "  "})])
def test_odd_sheets_have_a_page(sheet: Sheet) -> None:
    page = report_page([result(sheet, note="no cells")])
    assert len(page) < 400_000
    assert embedded(page)["sheets"][0]["notes"] == ["no cells"]


signatures = st.lists(st.integers(0, 2), min_size=1, max_size=40).flatmap(
    lambda kinds: st.lists(st.integers(1, 30), min_size=len(kinds), max_size=len(kinds)).map(
        lambda lengths: np.repeat(kinds, lengths)
    )
)


@given(signatures, st.lists(st.integers(0, 300), max_size=6))
def test_folds_hide_like_lines_and_no_edge(lines: np.ndarray[Any, Any], edges: list[int]) -> None:
    spans = fold(lines.astype(np.int64), edges)
    assert all(stop <= start for (_, stop), (start, _) in pairwise(spans))
    for start, stop in spans:
        assert stop - start >= 8
        assert len(set(lines[start - 3 : stop + 3])) == 1
        assert not any(start - 3 < edge < stop + 3 for edge in edges)


def test_the_middle_of_a_long_table_is_folded_also_where_it_is_mixed() -> None:
    mixed = np.arange(200)
    assert fold(mixed, [0, 200], [(0, 200)]) == [(25, 175)]
    assert fold(mixed, [0, 200, 100], [(0, 200)]) == [(25, 97), (103, 175)]
    assert fold(np.zeros(60, dtype=np.int64), []) == []


@given(st.lists(st.integers(0, 100), max_size=20), st.integers(0, 500))
def test_shares_are_fair(costs: list[int], budget: int) -> None:
    shares = fair_shares(costs, budget)
    assert sum(shares) <= budget
    assert all(share <= cost for share, cost in zip(shares, costs, strict=True))
    if sum(costs) <= budget:
        assert shares == costs
    cut = [share for share, cost in zip(shares, costs, strict=True) if share < cost]
    assert not cut or max(shares) <= max(cut) + len(costs), "who is cut has as much as anyone"


@given(st.lists(st.integers(1, 50), min_size=1, max_size=80), st.integers(0, 2000), st.integers(0, 80))
def test_rows_fit_and_edges_come_first(costs: list[int], allowance: int, edge: int) -> None:
    rows = np.arange(0, 3 * len(costs), 3)
    fits = rows_that_fit(rows, np.array(costs), allowance, [(0, 1000)], [edge])
    assert sum(cost for cost, fit in zip(costs, fits, strict=True) if fit) <= allowance
    near = np.abs(rows + 0.5 - edge) < 30
    assert fits[near].all() or not fits[~near].any()


def test_a_report_of_nothing_or_where_it_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No files to report on"):
        write_report([], tmp_path / "report.html")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Cannot write the report"):
        write_report([result(table_sheet())], tmp_path / "file" / "report.html")
