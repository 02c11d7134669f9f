"""``detect_tables``: the library's one call, from a workbook in any shape to tables."""

import io
import subprocess
import sys
import warnings
from pathlib import Path

import openpyxl
import pytest

import tablesense
from tablesense import detect_tables
from tablesense.detection.detect import detect_files
from tablesense.detection.find import TableFinder
from tablesense.detection.readers import prepare_files
from tablesense.detection.reading import PreparedFile, ReadOptions, prepare_file
from tablesense.errors import UserError
from tablesense.sheets.sheet import SheetError
from tests.detection.blobs import BlobDetector, write_book

NETWORK = BlobDetector()


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return write_book(
        tmp_path / "book.xlsx", {"A": ["B2:D9", "F2:G5"], "B": ["A1:C4"], "H": ["A1:B3"]}, ("H",)
    )


def found(source: object, **options: object) -> list[tuple[str, str]]:
    tables = detect_tables(source, NETWORK, **options)  # type: ignore[arg-type]
    return [(table.sheet, table.range) for table in tables]


VISIBLE = [("A", "B2:D9"), ("A", "F2:G5"), ("B", "A1:C4")]


def test_path_bytes_and_open_workbook_give_the_same(book: Path) -> None:
    for source in (str(book), book, book.read_bytes(), openpyxl.load_workbook(book)):
        assert found(source) == VISIBLE


def test_tables_know_where_they_are(book: Path) -> None:
    table = detect_tables(book, NETWORK)[0]
    assert (table.file, table.header_rows, table.rows, table.columns) == (str(book), 1, 8, 3)
    assert table.score == pytest.approx(0.9)
    assert table.to_dict()["Head 1"] == [f"item {row}" for row in range(2, 9)]
    assert detect_tables(book.read_bytes(), NETWORK)[0].file == ""


def test_hidden_sheets_and_names_are_chosen(book: Path) -> None:
    assert found(book, include_hidden=True) == [*VISIBLE, ("H", "A1:B3")]
    assert found(book, sheet_names=["B", "H"]) == [("B", "A1:C4"), ("H", "A1:B3")]


def test_names_are_those_of_excel(book: Path) -> None:
    assert found(book, sheet_names="b") == [("B", "A1:C4")]
    with pytest.warns(RuntimeWarning, match=r"book\.xlsx: has no sheet called 'AB'$"):
        assert found(book, sheet_names=["AB", "B"]) == [("B", "A1:C4")]
    with pytest.raises(UserError, match="the workbook has no sheet called 'AB'"):
        found(book, sheet_names="AB")


def test_sheet_that_is_not_seen_whole_warns(book: Path) -> None:
    with pytest.warns(RuntimeWarning, match=r"book.xlsx, sheet 'B': too large to look at whole"):
        found(book, sheet_names=["B"], max_grid_cells=4)


def test_empty_sheet_is_no_reason_to_warn(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert found(tmp_path / "empty.xlsx") == []


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.xlsx").write_bytes(b"PK no zip")
    with pytest.raises(SheetError, match=r"bad\.xlsx"):
        detect_tables(tmp_path / "bad.xlsx", NETWORK)
    with pytest.raises(UserError, match="not <class 'int'>"):
        detect_tables(7, NETWORK)  # type: ignore[arg-type]


def test_open_workbook_that_cannot_be_saved_is_refused(book: Path) -> None:
    reading = openpyxl.load_workbook(io.BytesIO(book.read_bytes()), read_only=True)
    with pytest.raises(UserError, match="give its file"):
        detect_tables(reading, NETWORK)
    reading.close()


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, tablesense; print([n for n in ('torch', 'numpy', 'openpyxl') if n in sys.modules])"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_package_offers_what_it_names() -> None:
    for name in tablesense.__all__:
        assert name in dir(tablesense)
        assert getattr(tablesense, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tablesense.nothing  # noqa: B018


def files_in(folder: Path) -> list[str]:
    names = []
    for number in range(5):
        path = write_book(folder / f"{number}.xlsx", {"S": [f"A1:C{number + 4}"]})
        names.append(str(path))
    (folder / "bad.xlsx").write_bytes(b"PK no zip")
    return [*names[:2], str(folder / "bad.xlsx"), *names[2:]]


def test_many_files_come_in_order_and_a_bad_one_is_reported(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    prepared = (prepare_file(file, ReadOptions()) for file in files)
    results = list(detect_files(prepared, lambda: TableFinder(NETWORK)))
    assert [result.file for result in results] == files
    assert [result.failed for result in results] == [False, False, True, False, False, False]
    assert [len(result.tables) for result in results] == [1, 1, 0, 1, 1, 1]
    assert results[2].error is not None
    assert not results[2].error.startswith(files[2])  # the listing names the file


def test_files_that_cannot_be_read_need_no_network() -> None:
    def make_finder() -> TableFinder:
        raise AssertionError

    (result,) = detect_files([PreparedFile("x.xlsx", error="damaged")], make_finder)
    assert result.error == "damaged"


def test_error_nobody_thought_of_is_one_line(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr("tablesense.detection.reading.open_workbook", fail)
    error = prepare_file(str(book), ReadOptions()).error
    assert error is not None
    assert "please report" in error
    assert "\n" not in error


@pytest.mark.slow
def test_processes_read_what_one_process_reads(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    alone = list(prepare_files(files, ReadOptions(), jobs=1))
    together = list(prepare_files(files, ReadOptions(), jobs=2))
    assert [file.file for file in together] == files
    assert [file.error for file in together] == [file.error for file in alone]
    assert [[s.sheet for s in file.sheets] for file in together] == [
        [s.sheet for s in f.sheets] for f in alone
    ]


@pytest.mark.slow
def test_process_that_dies_costs_its_file_only(tmp_path: Path) -> None:
    files = [str(write_book(tmp_path / f"{number}.xlsx", {"S": ["A1:C4"]})) for number in range(3)]
    options = ReadOptions(limits=Deadly())  # type: ignore[arg-type]
    results = list(prepare_files(files, options, jobs=2))
    assert [result.file for result in results] == files
    assert all(result.error is not None and "was ended" in result.error for result in results)


class Deadly:
    """Limits that end the process that unpickles them, as the system does for want of memory."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        import os

        return (os._exit, (1,))
