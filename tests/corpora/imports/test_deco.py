from pathlib import Path

import openpyxl
import pytest

from tablesense.corpora.imports.deco import RANGES, STATUS
from tablesense.corpora.imports.importing import Imported, import_corpus
from tablesense.corpora.imports.kinds import KINDS
from tablesense.corpora.imports.source import Request
from tablesense.errors import UserError
from tests.corpora.foreign import SHARED, read_annotated, save_book
from tests.sheets.books import edited

ANNOTATIONS = [
    ("S", "Table", "$B$2:$D$9"),
    ("S", "Header", "$B$2:$D$2"),
    ("S", "Data", "$B$3:$D$9"),
    ("S", "Notes", "$F$1:$F$1"),
    ("S", "Table", "$F$2:$G$5"),
]
DONE: dict[str, tuple[object, object]] = {"Workbook": ("true", None), "S": (None, None)}
FINE = ({"B2:D9", "F2:G5"}, "a.xlsx", None)


def deco_book(
    path: Path,
    flags: dict[str, tuple[object, object]],
    annotations: list[tuple[str, str, str]] = ANNOTATIONS,
    header: tuple[str, ...] = ("Sheet.Name", "Sheet.Index", "Annotation.Label", "X", "Annotation.Range"),
) -> None:
    save_book(path, {"S": ["B2:D9", "F2:G5"], "T": ["A1:B4"]})
    book = openpyxl.load_workbook(path)
    ranges, status = book.create_sheet(RANGES), book.create_sheet(STATUS)
    ranges.append(header)
    for sheet, label, text in annotations:
        ranges.append((sheet, "1", label, f"{sheet}_{label}", text))
    status.append(("Name", "Completed", "NotApplicable"))
    for name, (completed, not_applicable) in flags.items():
        status.append((name, completed, not_applicable))
    for sheet in (ranges, status):
        sheet.sheet_state = "veryHidden"
    book.save(path)


def run(folder: Path) -> Imported:
    return import_corpus(KINDS["deco"], Request(folder), folder.with_name("out"))


@pytest.mark.parametrize(
    "flags",
    [
        DONE,
        {"Workbook": (True, False), "S": (True, "false")},
        {"Workbook": ("false", "false"), "S": ("true", "false")},
        {"Workbook": ("TRUE", None)},
    ],
)
def test_tables_are_read_where_the_annotators_were_done(
    tmp_path: Path, flags: dict[str, tuple[object, object]]
) -> None:
    deco_book(tmp_path / "in/a.xlsx", flags)
    assert run(tmp_path / "in").tally.skipped == []
    assert read_annotated(tmp_path / "out") == {("a.xlsx", "S"): FINE}


@pytest.mark.parametrize(
    ("flags", "annotations", "reason"),
    [
        ({"Workbook": ("true", None), "S": ("true", "true")}, ANNOTATIONS, "not applicable"),
        ({"Workbook": ("true", True), "S": ("true", None)}, ANNOTATIONS, "not applicable"),
        ({"Workbook": (None, None), "S": (None, None)}, ANNOTATIONS, "not completed"),
        ({"Workbook": ("false", None), "T": ("true", None)}, ANNOTATIONS, "not completed"),
        (DONE, [("S", "Notes", "$F$1:$F$1")], "without a table"),
    ],
)
def test_flags_are_honoured(
    tmp_path: Path,
    flags: dict[str, tuple[object, object]],
    annotations: list[tuple[str, str, str]],
    reason: str,
) -> None:
    deco_book(tmp_path / "in/a.xlsx", flags, annotations)
    with pytest.raises(UserError, match=f"a.xlsx, sheet 'S': marked as {reason}"):
        run(tmp_path / "in")


def test_workbooks_without_annotations_are_counted(tmp_path: Path) -> None:
    deco_book(tmp_path / "in/a.xlsx", DONE)
    save_book(tmp_path / "in/b.xlsx", {"S": ["A1:B3"]})
    deco_book(tmp_path / "in/c.xlsx", DONE, header=("Sheet.Name", "i", "Label", "X", "Annotation.Range"))
    (tmp_path / "in/d.xlsx").write_bytes(b"no workbook\0")
    skipped = [(problem.where, problem.kind) for problem in run(tmp_path / "in").tally.workbooks]
    assert skipped == [
        ("b.xlsx", "no annotation sheets"),
        ("c.xlsx", "annotation"),
        ("d.xlsx", "unreadable workbook"),
    ]


def test_a_sheet_name_that_excel_took_for_a_number(tmp_path: Path) -> None:
    path = tmp_path / "in/a.xlsx"
    deco_book(path, {"Workbook": ("true", None)}, [])
    book = openpyxl.load_workbook(path)
    book["S"].title = "2001"
    book[RANGES].append((2001.0, "1", "Table", "x", "$B$2:$D$9"))
    book.save(path)
    run(tmp_path / "in")
    assert list(read_annotated(tmp_path / "out")) == [("a.xlsx", "2001")]


def test_a_workbook_that_openpyxl_cannot_load_is_read(tmp_path: Path) -> None:
    path = tmp_path / "in/a.xlsx"
    deco_book(path, DONE)
    broken = edited(
        path.read_bytes(), styles__xml=lambda text: text.replace(b'family val="2"', b'family val="99"')
    )
    path.write_bytes(broken)
    with pytest.raises(Exception, match=r"(?i)max|family|stylesheet"):
        openpyxl.load_workbook(path)
    run(tmp_path / "in")
    assert read_annotated(tmp_path / "out") == {("a.xlsx", "S"): FINE}


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data is not here")
def test_the_ranges_of_the_shared_workbooks_are_read(tmp_path: Path) -> None:
    assert import_corpus(KINDS["deco"], Request(SHARED / "deco"), tmp_path / "out").tally.skipped == []
    gold = {key: tables for key, (tables, _, _) in read_annotated(SHARED / "deco").items()}
    assert len(gold) == 24
    assert {key: tables for key, (tables, _, _) in read_annotated(tmp_path / "out").items()} == gold
