import json
import logging
import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import openpyxl
import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box, parse_a1
from tablesense.evaluation.eob import count
from tablesense.evaluation.scores import SheetResult
from tablesense.evaluation.validation_pictures import KINDS, PictureChooser, draw, validation_pictures
from tablesense.sheets.sheet import Cell, CellKind, Sheet
from tablesense.sheets.workbook import open_workbook

from .results import sheet_results

TABLE, TALLER, SHORT, FAR = (parse_a1(text) for text in ("B2:D9", "B2:D10", "B2:D5", "B20:D29"))


def sheet(name: str, found: Sequence[Box], annotated: Sequence[Box]) -> SheetResult:
    scored = tuple((box, max(0.9 - number / 100, 0.6)) for number, box in enumerate(found))
    return SheetResult("deco", name, "Sheet1", scored, tuple(annotated))


def names(chosen: list[tuple[str, SheetResult]], kind: str) -> list[str]:
    return [result.file_name for which, result in chosen if which == kind]


def test_each_kind_takes_the_top_of_its_ranking() -> None:
    results = [
        sheet("right", [TABLE], [TABLE]),
        sheet("right, two", [TABLE, FAR], [FAR, TABLE]),
        sheet("off by 1", [TALLER], [TABLE]),
        sheet("off by 4", [SHORT], [TABLE]),
        sheet("nothing found", [], [TABLE, FAR]),
        sheet("nothing there", [TABLE, FAR], []),
        sheet("blank", [], []),
    ]
    chosen = PictureChooser(per_kind=1).choose(results, 0.5)
    assert [kind for kind, _ in chosen] == list(KINDS)
    assert [result.file_name for _, result in chosen] == [
        "right, two",
        "off by 4",
        "nothing found",
        "nothing there",
    ]


def test_where_nothing_is_wrong_there_is_only_the_best() -> None:
    results = [sheet("right", [TABLE], [TABLE]), sheet("blank", [], [])]
    chosen = PictureChooser().choose(results, 0.5)
    assert [(kind, result.file_name) for kind, result in chosen] == [("best", "right")]
    assert PictureChooser().choose([], 0.5) == []


def test_a_near_table_is_neither_missed_nor_extra() -> None:
    chosen = PictureChooser().choose([sheet("off by 1", [TALLER], [TABLE])], 0.5)
    assert [kind for kind, _ in chosen] == ["worst"]


def test_the_threshold_tells_what_was_found() -> None:
    result = sheet("book", [TABLE], [TABLE])
    assert [kind for kind, _ in PictureChooser().choose([result], 0.5)] == ["best"]
    assert [kind for kind, _ in PictureChooser().choose([result], 0.95)] == ["worst"]


@given(sheet_results(), st.integers(1, 3), st.integers(1, 4))
def test_what_is_chosen_is_of_its_kind_and_comes_once(
    results: list[SheetResult], per_kind: int, calls: int
) -> None:
    chooser = PictureChooser(per_kind)
    for _ in range(calls):
        chosen = chooser.choose(results, 0.5)
        keys = [result.key for _, result in chosen]
        assert len(keys) == len(set(keys))
        assert [kind for kind, _ in chosen] == sorted((kind for kind, _ in chosen), key=KINDS.index)
        for kind, result in chosen:
            exact, near = (count(result.above(0.5), result.annotated, tolerance) for tolerance in (0, 2))
            assert {
                "best": exact.right > 0,
                "worst": exact.f1 < 1,
                "missed": near.annotated > near.right,
                "extra": near.predicted > near.right,
            }[kind]
        assert all(len(names(chosen, kind)) <= per_kind for kind in KINDS)


@given(sheet_results(), st.integers(1, 3), st.integers(0, 3), st.randoms(use_true_random=False))
def test_a_resumed_chooser_goes_on_alike(
    results: list[SheetResult], per_kind: int, calls: int, random: Random
) -> None:
    """Through JSON, in whatever order the processes gathered the results."""
    chooser, resumed = PictureChooser(per_kind), PictureChooser(per_kind)
    for _ in range(calls):
        chooser.choose(results, 0.5)
    resumed.load_state_dict(json.loads(json.dumps(chooser.state_dict())))
    for _ in range(3):
        assert resumed.choose(random.sample(results, len(results)), 0.5) == chooser.choose(results, 0.5)


def test_the_same_sheet_does_not_come_every_time() -> None:
    results = [sheet(f"missed {number}", [], [TABLE, FAR][: 1 + number % 2]) for number in range(30)]
    chooser = PictureChooser(per_kind=2, top=10)
    shown = [{result.key for _, result in chooser.choose(results, 0.5)} for _ in range(5)]
    assert all(one.isdisjoint(other) for one, other in pairwise(shown))


def test_all_at_the_top_have_their_turn_before_one_comes_again() -> None:
    results = [sheet(f"right {number}", [TABLE], [TABLE]) for number in range(6)]
    chooser = PictureChooser(per_kind=2, top=6)
    rounds = [names(chooser.choose(results, 0.5), "best") for _ in range(6)]
    assert {name for turn in rounds[:3] for name in turn} == {result.file_name for result in results}
    assert rounds[:3] == rounds[3:]


def test_a_newcomer_does_not_stay() -> None:
    """It is shown at once, and not again until the others of the top had their turn."""
    old = [sheet(f"right {number}", [TABLE], [TABLE]) for number in range(4)]
    chooser = PictureChooser(per_kind=1)
    for _ in range(20):
        chooser.choose(old, 0.5)
    turns = [names(chooser.choose([*old, sheet("new", [TABLE], [TABLE])], 0.5), "best") for _ in range(5)]
    assert [turn == ["new"] for turn in turns] == [True, False, False, False, False]


def test_what_is_low_in_the_ranking_has_no_turn() -> None:
    tables = [TABLE.shift(9 * number, 0) for number in range(9)]
    results = [sheet(f"{number} missed", [], tables[:number]) for number in range(1, 10)]
    chooser = PictureChooser(per_kind=1, top=3)
    missed = [name for _ in range(9) for name in names(chooser.choose(results, 0.5), "missed")]
    assert missed == ["9 missed", "8 missed", "7 missed"] * 3


# --- drawing ---


def data_sheet(rows: int, columns: int) -> Sheet:
    cells = {(r, c): Cell(f"r{r}c{c}", CellKind.TEXT) for r in range(rows) for c in range(columns)}
    return Sheet("Sheet1", cells)


def words(svg: str) -> list[str]:
    return [e.text or "" for e in fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_a_picture_says_what_is_right_and_what_is_wrong() -> None:
    result = sheet("book.xlsx", [TALLER, FAR, parse_a1("F2:G3")], [TABLE, FAR, parse_a1("F20:G29")])
    svg = draw(data_sheet(40, 9), result, 0.5)
    shown = words(svg)
    assert {"B2:D9", "F20:G29 missed", "B20:D29 0.89", "B2:D10 0.90 off by 1", "F2:G3 0.88 extra"} <= set(
        shown
    )
    assert shown[0] == "deco: book.xlsx, sheet Sheet1"
    assert shown[1] == (
        "3 annotated, 3 found (score 0.5 or more): 1 exact, 2 within 2 cells; 1 missed and 1 extra at EoB-2"
    )
    hatched = re.findall(r'height="18" fill="url\(#(hatch-\w+)\)"', svg)
    (missed, missed_count), (wrong, wrong_count) = sorted(
        ((color, hatched.count(color)) for color in set(hatched)), key=lambda pair: -pair[1]
    )
    assert missed != wrong
    assert missed_count == 20
    assert wrong_count == 3 + 4


def test_nothing_is_hatched_where_all_is_right() -> None:
    svg = draw(data_sheet(30, 6), sheet("book.xlsx", [TABLE, FAR], [FAR, TABLE]), 0.5)
    assert 'height="18" fill="url(#' not in svg
    assert "off by" not in svg


def test_boxes_below_the_threshold_are_not_drawn() -> None:
    svg = draw(data_sheet(30, 6), sheet("book.xlsx", [TABLE], []), 0.95)
    assert "B2:D9" not in svg


def test_a_large_sheet_is_drawn_around_what_is_wrong() -> None:
    right = [Box(0, 10 * n, 3, 10 * n + 8) for n in range(300)]
    wrong = Box(0, 4000, 3, 4500)
    svg = draw(data_sheet(4600, 3), sheet("book.xlsx", right, [*right, wrong]), 0.5)
    shown = words(svg)
    assert "A4001:C4500 missed" in shown
    assert {"r4000c0", "r4499c2"} <= set(shown)
    assert "r0c0" not in shown
    assert "not in the picture" in shown[1]
    assert sum(word.isdigit() for word in shown) <= 80
    assert len(svg) < 300_000


def test_names_are_escaped() -> None:
    result = SheetResult("<b>", "<script>alert(1)</script>&.xlsx", "\x1b]0;x\x07", (), (TABLE,))
    shown = words(draw(data_sheet(12, 5), result, 0.5))
    assert shown[0].startswith("<b>: <script>alert(1)</script>&.xlsx, sheet")
    assert shown[0].isprintable()


@given(sheet_results())
def test_every_result_can_be_drawn(results: list[SheetResult]) -> None:
    for result in results:
        fromstring(draw(data_sheet(3, 3), result, 0.5))


# --- from the workbooks ---


@pytest.fixture
def find_workbook(tmp_path: Path) -> Callable[[SheetResult], Path]:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    cells = book.create_sheet("Sheet1")
    for row in range(2, 10):
        for column in range(2, 5):
            cells.cell(row, column, f"cell {row} {column}")
    for name in ("right.xlsx", "missed.xlsx", "extra <1>.xlsx"):
        book.save(tmp_path / name)
    return lambda result: tmp_path / result.file_name


RIGHT = sheet("right.xlsx", [TABLE], [TABLE])
MISSED, EXTRA = sheet("missed.xlsx", [], [TABLE]), sheet("extra <1>.xlsx", [TABLE], [])


def test_pictures_of_workbooks(find_workbook: Callable[[SheetResult], Path]) -> None:
    results = [RIGHT, MISSED, EXTRA]
    pictures = validation_pictures(results, 0.5, find_workbook, PictureChooser(per_kind=1))
    assert [picture.name for picture in pictures] == [
        "best_1_deco_right_Sheet1",
        "worst_1_deco_extra_1_Sheet1",
        "missed_1_deco_missed_Sheet1",
    ]
    assert all("cell 2 2" in words(picture.svg) for picture in pictures)


def test_a_workbook_that_is_gone_is_left_out(
    find_workbook: Callable[[SheetResult], Path], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    (tmp_path / "damaged.xlsx").write_bytes(b"PK\x03\x04 no more")
    results = [
        RIGHT,
        sheet("gone\x1b[31m\n.xlsx", [], [TABLE]),
        sheet("damaged.xlsx", [], [TABLE]),
        SheetResult("deco", "right.xlsx", "other sheet", (), (TABLE,)),
    ]
    with caplog.at_level(logging.WARNING):
        pictures = validation_pictures(results, 0.5, find_workbook, PictureChooser())
    assert [picture.name for picture in pictures] == ["best_1_deco_right_Sheet1"]
    assert len(caplog.messages) == 3
    assert all(message.isprintable() for message in caplog.messages)
    assert any("no such sheet" in message for message in caplog.messages)


def test_no_fault_of_the_finder_ends_a_run(caplog: pytest.LogCaptureFixture) -> None:
    def find(result: SheetResult) -> Path:
        raise KeyError(result.corpus)

    assert validation_pictures([RIGHT], 0.5, find, PictureChooser()) == []
    assert "KeyError" in caplog.text


@given(st.text(max_size=80), st.text(max_size=80))
def test_names_are_names_of_files(file_name: str, sheet_name: str) -> None:
    result = SheetResult("con/..", file_name, sheet_name, (), (TABLE,))
    chosen = [result, SheetResult("a", file_name, "S", (), (TABLE,))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "tablesense.evaluation.validation_pictures.open_workbook", lambda *_, **__: [data_sheet(2, 2)]
        )
        pictures = validation_pictures(chosen, 0.5, lambda _: Path("book.xlsx"), PictureChooser(2))
    assert len(pictures) == len({picture.name for picture in pictures}) == 2
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,120}", picture.name) for picture in pictures)


def test_only_the_sheet_in_question_is_read(
    find_workbook: Callable[[SheetResult], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def spy(path: Path, *, sheet_names: list[str]) -> list[Sheet]:
        asked.append((path.name, sheet_names))
        return open_workbook(path, sheet_names=sheet_names)

    monkeypatch.setattr("tablesense.evaluation.validation_pictures.open_workbook", spy)
    validation_pictures([RIGHT], 0.5, find_workbook, PictureChooser())
    assert asked == [("right.xlsx", ["Sheet1"])]
