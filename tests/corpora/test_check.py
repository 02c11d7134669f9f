from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font

from tablesense.corpora.check import Checked, check_corpus
from tablesense.corpora.corpus import read_corpus
from tablesense.corpora.corrections import corrected
from tablesense.corpora.statistics import statistics
from tests.corpora.foreign import save_book, save_lines

SHEETS = {"S": ["B2:D9", "F2:G5"], "T": ["A1:C30"]}


def line(**fields: Any) -> dict[str, Any]:
    row = {
        "file_name": "a.xlsx",
        "sheet_name": "S",
        "table_regions": ["B2:D9"],
        "group": "g",
        "split": "train",
    }
    return row | fields


def checked(folder: Path, *rows: object) -> Checked:
    save_book(folder / "workbooks/a.xlsx", SHEETS)
    save_lines(folder / "annotations.jsonl", *rows)
    return check_corpus(read_corpus(folder))


def test_a_clean_corpus(tmp_path: Path) -> None:
    save_book(tmp_path / "workbooks/b.xlsx", SHEETS, word="other")
    result = checked(
        tmp_path,
        line(),
        line(sheet_name="T", table_regions=["A1:C30"]),
        line(file_name="b.xlsx", split="val", group="h"),
    )
    assert (result.problems, result.notes) == ([], [])
    assert [fact.filled for fact in result.facts.values()] == [32, 90, 32]


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (["{"], "annotation"),
        ([line(table_regions=["B2-D9"])], "annotation"),
        ([line(file_name="../a.xlsx")], "annotation"),
        ([line(file_name="none.xlsx")], "missing workbook"),
        ([line(file_name="x" * 400)], "missing workbook"),
        ([line(file_name="broken.xlsx")], "unreadable workbook"),
        ([line(sheet_name="s")], "missing sheet"),
        ([line(table_regions=["H1:J3"])], "range outside"),
        ([line(table_regions=["E1:E9"])], "empty range"),
        ([line(table_regions=["B2:D9", "B2:D9"])], "repeated range"),
        ([line(table_regions=["B2:D9", "D5:G9"])], "overlapping ranges"),
        ([line(), line(table_regions=["F2:G5"])], "repeated sheet"),
        ([line(split="holdout")], "unknown split"),
        ([line(), line(sheet_name="T", table_regions=[], split="val")], "group across splits"),
        ([line(), line(sheet_name="T", table_regions=[], split=None)], "group across splits"),
        ([line(), line(sheet_name="T", table_regions=[], split="val", group="h")], "workbook across splits"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, rows: list[object], kind: str) -> None:
    (tmp_path / "workbooks").mkdir()
    (tmp_path / "workbooks/broken.xlsx").write_bytes(b"PK\x03\x04")
    result = checked(tmp_path, *rows)
    assert {problem.kind for problem in result.problems} == {kind}
    assert len(result.problems) == 1


def test_equal_workbooks_in_two_splits(tmp_path: Path) -> None:
    save_book(tmp_path / "workbooks/b.xlsx", SHEETS, word="other")
    rows = (line(), line(file_name="b.xlsx", group="h", split="test"))
    assert checked(tmp_path, *rows).problems == []
    (tmp_path / "workbooks/b.xlsx").write_bytes((tmp_path / "workbooks/a.xlsx").read_bytes())
    (problem,) = check_corpus(read_corpus(tmp_path)).problems
    assert (problem.kind, problem.where) == ("workbook across splits", "a.xlsx, b.xlsx")
    assert problem.message == "equal workbooks in test, train"
    save_lines(tmp_path / "annotations.jsonl", line(), line(file_name="b.xlsx", group="h"))
    assert check_corpus(read_corpus(tmp_path)).problems == []


@pytest.mark.parametrize("text", ["B2:D10", "A2:D9", "B1:D9", "B2:E9"])
def test_blank_edges_and_unused_workbooks_are_only_noted(tmp_path: Path, text: str) -> None:
    save_book(tmp_path / "workbooks/deep/b.xlsx", SHEETS)
    result = checked(tmp_path, line(table_regions=[text]))
    assert result.problems == []
    assert [problem.kind for problem in result.notes] == ["blank edge", "missing split", "unused workbook"]


@pytest.mark.parametrize(
    ("split", "missing"),
    [("train", ["val"]), ("val", ["train"]), ("test", ["train", "val"]), (None, ["train", "val"])],
)
def test_a_split_that_no_sheet_has_is_noted(tmp_path: Path, split: str | None, missing: list[str]) -> None:
    notes = checked(tmp_path, line(split=split)).notes
    assert [(note.kind, note.where) for note in notes] == [("missing split", name) for name in missing]


def test_the_workbook_of_a_sheet_that_is_left_out_is_not_unused(tmp_path: Path) -> None:
    save_book(tmp_path / "workbooks/a.xlsx", SHEETS)
    save_book(tmp_path / "workbooks/b.xlsx", SHEETS, word="other")
    rows = (line(), line(file_name="b.xlsx", split="val", group="h"))
    save_lines(tmp_path / "annotations.jsonl", *rows)
    save_lines(tmp_path / "better.jsonl", rows[1] | {"table_regions": None})
    corpus = corrected(read_corpus(tmp_path), tmp_path / "better.jsonl")
    assert [sheet.file_name for sheet in corpus.left_out] == ["b.xlsx"]
    assert [(note.kind, note.where) for note in check_corpus(corpus).notes] == [("missing split", "val")]


def test_statistics(tmp_path: Path) -> None:
    path = save_book(tmp_path / "workbooks/b.xlsx", {"U": ["A1:B2"], "V": ["A1:B2"]})
    book = openpyxl.load_workbook(path)
    book["U"]["A1"].font = Font(bold=True)
    book["V"]["A2"].number_format = "yyyy-mm-dd"
    book.save(path)
    result = checked(
        tmp_path,
        line(table_regions=["B2:D9", "F2:G5"]),
        line(sheet_name="T", table_regions=["A1:C30"]),
        line(file_name="b.xlsx", sheet_name="U", table_regions=[], split="val", group="h"),
        line(file_name="b.xlsx", sheet_name="V", table_regions=[], split="val", group="i"),
    )
    numbers = statistics(result)
    assert numbers.workbooks == 2
    assert [tuple(split) for split in numbers.splits] == [("train", 2, 3, 1), ("val", 2, 0, 2)]
    assert numbers.sheets_by_tables == {"0": 2, "1": 1, "2": 1, "3 to 5": 0, "6 or more": 0}
    assert numbers.table_rows is not None
    assert numbers.table_columns is not None
    assert (numbers.table_rows.median, numbers.table_rows.largest) == (8, 30)
    assert (numbers.table_columns.median, numbers.table_columns.largest) == (3, 3)
    assert numbers.formatted_share == 0.25  # a number format is none: dates have one without it


def test_statistics_of_nothing(tmp_path: Path) -> None:
    numbers = statistics(checked(tmp_path))
    assert (numbers.splits, numbers.table_rows, numbers.formatted_share) == ([], None, None)
