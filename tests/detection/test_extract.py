"""Tables as files: names are safe and used once, texts cannot run as formulas, inputs stay whole."""

import csv
import datetime as dt
import io
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.detection.extract import Extractor, csv_text_of, guarded
from tablesense.detection.free_names import FreeNames
from tablesense.detection.table import Table
from tablesense.errors import UserError
from tests.detection.test_frames import TYPED, table_of


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_csv_holds_names_and_rows_as_text() -> None:
    assert rows_of(csv_text_of(TYPED)) == [
        ["name", "count", "price", "paid", "day", "gap"],
        ["a", "1", "1.5", "TRUE", "2024-05-01", "3"],
        ["b", "2", "2", "FALSE", "2024-05-02", ""],
    ]


def test_times_are_iso() -> None:
    table = table_of([["t"], [dt.datetime(2024, 1, 2, 3, 4)], [dt.time(5, 6)]], 1)
    assert rows_of(csv_text_of(table))[1:] == [["2024-01-02 03:04:00"], ["05:06:00"]]


FORMULAS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    " =1",
    "\n=1",
    "\ufeff=1",
    "\x00=1",
    "\uff1d1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_would_run_gets_a_quote(text: str) -> None:
    table = table_of([[text], [text]], 1)
    assert all(row[0].startswith("'") for row in rows_of(csv_text_of(table))[1:])
    assert rows_of(csv_text_of(table, guard=False))[1] == [text]


def test_names_of_columns_are_guarded_too() -> None:
    assert rows_of(csv_text_of(table_of([["=x"], [1]], 1)))[0] == ["'=x"]


@pytest.mark.parametrize("text", ["-", "--", "-5", "+3.5 %", "-1,200", "a=b", "", "x@y.z"])
def test_harmless_text_and_numbers_stay(text: str) -> None:
    assert guarded(text) == text


def test_numbers_are_never_quoted() -> None:
    assert rows_of(csv_text_of(table_of([["x"], [-5], [-1.5]], 1)))[1:] == [["-5"], ["-1.5"]]


SKIPPED = " \x00\xa0\ufeff\u200b"
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\t\r\n"


@given(st.text(SKIPPED), st.sampled_from(SIGNS), st.text())
def test_guarded_text_never_begins_like_a_formula(blanks: str, sign: str, rest: str) -> None:
    text = f"{blanks}{sign}{rest}"
    result = guarded(text)
    assert result in (text, f"'{text}")
    if result == text:
        number = text.lstrip("+-")
        assert all(letter.isdecimal() or letter.isspace() or letter in ".,%" for letter in number)
    assert guarded(f"{blanks}{sign}A1{rest}").startswith("'")


@given(st.text())
def test_only_text_that_begins_like_a_formula_is_guarded(text: str) -> None:
    is_formula = text.lstrip(SKIPPED)[:1] in set(SIGNS) - {""}
    assert guarded(text) == text or is_formula


def test_parquet_keeps_types(tmp_path: Path) -> None:
    file = Extractor(tmp_path, "parquet").write(TYPED)
    assert pl.read_parquet(file).equals(TYPED.to_polars())


def test_parquet_without_polars_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(UserError, match="polars"):
        Extractor(tmp_path, "parquet")


def named(file: str, sheet: str) -> Table:
    return Table(file, sheet, TYPED.box, 0.9, 1, TYPED.source)


def test_names_are_safe_inside_the_folder_and_used_once(tmp_path: Path) -> None:
    extractor = Extractor(tmp_path / "new" / "out")
    names = [("a/book.xlsx", "S"), ("b/book.xlsx", "s"), ("book.xlsx", "../../S"), ("", "CON/\x00:*")]
    files = [extractor.write(named(*name)) for name in names]
    assert len({file.name.casefold() for file in files}) == 4
    for file in files:
        assert file.parent == tmp_path / "new" / "out"
        assert file.is_file()
        assert all(letter.isalnum() or letter in " ._()-" for letter in file.name)
    assert files[0].name == "book__S__B4-G6.csv"
    assert files[1].name == "book__s__B4-G6 (2).csv"


def test_many_tables_of_one_name_are_not_counted_up_to_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def is_taken(self: FreeNames, name: str) -> bool:
        asked.append(name)
        return name.casefold() in self._taken

    monkeypatch.setattr(FreeNames, "_is_taken", is_taken)
    extractor = Extractor(tmp_path)
    names = {extractor.write(named("book.xlsx", "sS"[number % 2])).name.casefold() for number in range(30)}
    assert len(names) == 30
    assert len(asked) < 60


def test_long_names_fit_every_file_system(tmp_path: Path) -> None:
    file = Extractor(tmp_path).write(named(f"{'表' * 80}.xlsx", "𠀀" * 31))
    assert file.is_file()
    assert len(file.name.encode()) < 240


def test_input_is_never_written_over(tmp_path: Path) -> None:
    given = tmp_path / "book__S__B4-G6.csv"
    given.write_text("mine")
    file = Extractor(tmp_path, inputs=[str(given)]).write(named("book.xlsx", "S"))
    assert given.read_text() == "mine"
    assert file != given


def test_half_surrogates_do_not_end_the_extraction(tmp_path: Path) -> None:
    file = Extractor(tmp_path).write(table_of([["x"], ["a\ud800b"]], 1))
    assert rows_of(file.read_text())[1] == ["a?b"]
