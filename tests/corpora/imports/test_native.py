from pathlib import Path

import openpyxl
import pytest

from tablesense.corpora.imports.importing import Imported, import_corpus
from tablesense.corpora.imports.kinds import KINDS
from tablesense.corpora.imports.source import Request
from tablesense.errors import UserError
from tests.corpora.foreign import read_annotated, save_book


def run(folder: Path) -> Imported:
    return import_corpus(KINDS["native"], Request(folder), folder.with_name("out"), split="train")


def test_native_tables_are_the_ranges(tmp_path: Path) -> None:
    sheets = {"S": ["B2:D9", "F2:G5"], "Plain": ["A1:B3"], "H": ["A1:B3"]}
    save_book(tmp_path / "in/x/a.xlsx", sheets, hidden=["H"], native=["S", "H"])
    save_book(tmp_path / "in/b.xlsx", {"Plain": ["A1:B3"]})
    result = run(tmp_path / "in")
    assert read_annotated(tmp_path / "out") == {("a.xlsx", "S"): ({"B2:D9", "F2:G5"}, "x/a.xlsx", "train")}
    assert [(problem.where, problem.kind) for problem in result.tally.skipped] == [
        ("b.xlsx", "no native table")
    ]
    assert result.reading.num_workbooks == 2


def test_a_sheet_with_more_outside_its_native_tables_is_left_out(tmp_path: Path) -> None:
    path = save_book(tmp_path / "in/a.xlsx", {"S": ["B2:D9"], "T": ["B2:D9"]}, native=["S", "T"])
    book = openpyxl.load_workbook(path)
    for number in range(1, 26):  # the table has 24 cells
        book["T"].cell(number, 9, number)
        if number > 1:
            book["S"].cell(number, 9, number)
    book.save(path)
    (problem,) = run(tmp_path / "in").tally.skipped
    assert (problem.kind, problem.where) == ("mostly outside native tables", "a.xlsx, sheet 'T'")
    assert problem.message.startswith("24 of 49")
    assert list(read_annotated(tmp_path / "out")) == [("a.xlsx", "S")]


def test_a_table_without_data_is_none(tmp_path: Path) -> None:
    path = save_book(tmp_path / "in/a.xlsx", {"S": ["A1:B2", "D1:G9"]}, native=["S"])
    book = openpyxl.load_workbook(path)
    book["S"]["A2"] = book["S"]["B2"] = None
    book.save(path)
    (problem,) = run(tmp_path / "in").tally.skipped
    assert problem.kind == "table without data"
    assert read_annotated(tmp_path / "out")["a.xlsx", "S"][0] == {"D1:G9"}


def test_a_folder_without_native_tables_is_an_error(tmp_path: Path) -> None:
    save_book(tmp_path / "in/a.xlsx", {"S": ["A1:B3"]})
    with pytest.raises(UserError, match=r"of 0 read, with 1 workbooks there; the first: a\.xlsx: no visible"):
        run(tmp_path / "in")
    assert not (tmp_path / "out").exists()
