"""What a process of its own is asked and answers, and what is kept of both in memory."""

import time
from pathlib import Path
from typing import NoReturn

import pytest

from tablesense.sheets import child
from tablesense.sheets.child import read_in_child
from tablesense.sheets.packed import PackedCells
from tablesense.sheets.request import Budget, ReadLimits, ReadRequest
from tablesense.sheets.sheet import SheetError
from tablesense.sheets.source import Source
from tablesense.sheets.workbook import open_workbook
from tablesense.sheets.xls import read_xls
from tablesense.sheets.xlsb import read_xlsb

from .books import rich_xls, rich_xlsb, rich_xlsx, xlsx_bytes

REQUEST = ReadRequest(include_hidden=True)


def budget(seconds: float | None = None) -> Budget:
    return Budget(REQUEST.limits, seconds)


@pytest.mark.parametrize("kind", ["xls", "xlsb"])
def test_the_answer_is_what_the_reader_gives_in_arrays(kind: str) -> None:
    book, read = {"xls": (rich_xls(), read_xls), "xlsb": (rich_xlsb(), read_xlsb)}[kind]
    sheets = read_in_child(kind, Source(book), REQUEST, budget())
    assert all(isinstance(sheet.cells, PackedCells) and sheet.cells.packed is not None for sheet in sheets)
    assert sheets == read(book, REQUEST, budget())


def test_formulas_come_along(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(rich_xlsx())
    sheets = read_in_child("xlsx", Source(path), REQUEST, budget())
    assert sheets == open_workbook(path, include_hidden=True)
    assert "=B2*2" in {cell.formula for cell in sheets[0].cells.values()}


def test_an_answer_that_is_too_long_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    book = xlsx_bytes([["x" * 10_000]])
    assert read_in_child("xlsx", Source(book), REQUEST, budget())
    monkeypatch.setattr(child, "MAX_ANSWER", 10_000)
    with pytest.raises(SheetError, match=r"takes more than .* bytes; name the sheets to read"):
        read_in_child("xlsx", Source(book), REQUEST, budget())


def test_it_gets_the_time_that_is_left_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SheetError, match="longer than 60 seconds"):
        read_in_child("values", Source(xlsx_bytes()), REQUEST, budget(-1.0))

    def fail_late(source: object, request: object, budget: Budget) -> NoReturn:
        budget._end = time.monotonic() - 1
        raise KeyError("a style that nobody has seen")

    assert open_workbook(xlsx_bytes(), limits=ReadLimits(max_seconds=60))
    monkeypatch.setattr("tablesense.sheets.fallback.read_xlsx", fail_late)
    with pytest.raises(SheetError):
        open_workbook(xlsx_bytes(), limits=ReadLimits(max_seconds=60))


def test_a_library_that_complains_at_length_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipe of its errors would be full, and nobody reads from it before the end."""
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    monkeypatch.setenv("PYTHONVERBOSE", "2")
    assert read_in_child("values", Source(xlsx_bytes()), REQUEST, budget())
