"""The three kinds with a JSON object a line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tablesense.corpora.imports.importing import Imported, import_corpus
from tablesense.corpora.imports.kinds import KINDS
from tablesense.corpora.imports.source import Request
from tablesense.errors import UserError
from tests.corpora.foreign import read_annotated, save_book, save_lines

HF: dict[str, Any] = {
    "original_file": "1_Deal List.xls",
    "original_path": r"VEnron2\VEnron2\493",
    "clean_file": "clean/0001.xlsx",
    "sheet_name": "S",
    "split": "testing_set",
    "table_regions": ["A1:C4"],
}
TS2: dict[str, Any] = {
    "file_name": "1_Deal List.xls",
    "file_path": "training_data/tablesense/files",
    "sheet_name": "S",
    "split_code": "training_set",
    "table_regions": ["A1:C4"],
}
OWN: dict[str, Any] = {"file_name": "a.xlsx", "sheet_name": "S", "table_regions": ["A1:C4"]}
SHEETS = {"S": ["A1:C4"]}


def run(kind: str, folder: Path, annotations: Path | None = None) -> Imported:
    return import_corpus(KINDS[kind], Request(folder, annotations), folder.with_name("out"))


@pytest.mark.parametrize("place", ["clean/0001.xlsx", "data/clean/0001.xlsx", "0001.xlsx", "x/0001.XLSX"])
def test_hugging_face_layout(tmp_path: Path, place: str) -> None:
    folder = tmp_path / "in"
    save_book(folder / place, SHEETS)
    save_lines(folder / "annotations.jsonl", HF)
    run("tablesense-hf", folder)
    name = Path(place).name
    assert read_annotated(tmp_path / "out") == {(name, "S"): ({"A1:C4"}, "VEnron2/493", "test")}


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("VFUSE/VFUSE/1/a.xls", "VFUSE/1"),
        (r"C:\\VFUSE\\1\\", "C:/VFUSE/1"),
        (None, "1_Deal List.xls"),
        ("", "1_Deal List.xls"),
    ],
)
def test_the_group_is_the_folder_of_versions(tmp_path: Path, path: str | None, group: str) -> None:
    save_book(tmp_path / "in/clean/0001.xlsx", SHEETS)
    original = {"original_path": path} if path != "" else {}
    row = {key: value for key, value in HF.items() if key != "original_path"} | original
    save_lines(tmp_path / "in/annotations.jsonl", row)
    assert [sheet.group for sheet in run("tablesense-hf", tmp_path / "in").annotations] == [group]


@pytest.mark.parametrize(
    ("book", "annotations"),
    [
        (
            "training_data/tablesense/files/1_Deal List.xls",
            "training_data/tablesense/annotations/annotations.jsonl",
        ),
        ("files/1_Deal List.xls", "annotations/annotations.jsonl"),
        ("1_Deal List.xls", "annotations.jsonl"),
    ],
)
def test_tablesense2_from_its_root_or_below(tmp_path: Path, book: str, annotations: str) -> None:
    folder = tmp_path / "in"
    save_book(folder / book, SHEETS)
    save_lines(folder / annotations, TS2)
    run("tablesense2", folder)
    expected = {("1_Deal List.xls", "S"): ({"A1:C4"}, "1_Deal List.xls", "train")}
    assert read_annotated(tmp_path / "out") == expected


def test_tablesense2_takes_the_file_whose_folders_agree_best(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    save_book(folder / "x/tablesense/files/1_Deal List.xls", {"S": ["A1:C4", "F1:G4"]})
    save_book(folder / "x/deco/files/1_Deal List.xls", SHEETS)
    save_lines(folder / "annotations.jsonl", TS2)
    run("tablesense2", folder)
    copy = (tmp_path / "out/workbooks/1_Deal List.xls").read_bytes()
    assert copy == (folder / "x/tablesense/files/1_Deal List.xls").read_bytes()


def test_two_files_that_agree_alike_are_ambiguous(tmp_path: Path) -> None:
    for place in ("x/a.xlsx", "y/a.xlsx", "b.xlsx"):
        save_book(tmp_path / "in" / place, SHEETS)
    save_lines(tmp_path / "in/annotations.jsonl", OWN, OWN | {"file_name": "b.xlsx"})
    (problem,) = run("jsonl", tmp_path / "in").tally.skipped
    assert problem.kind == "ambiguous workbook"
    assert "x/a.xlsx, y/a.xlsx" in problem.message


def test_our_own_lines_keep_group_and_split_and_may_lie_elsewhere(tmp_path: Path) -> None:
    save_book(tmp_path / "in/deep/a.xlsx", SHEETS | {"T": ["B2:C4"]})
    rows = (OWN | {"group": "g", "split": "dev"}, OWN | {"sheet_name": "T", "table_regions": []})
    annotations = save_lines(tmp_path / "elsewhere.jsonl", *rows)
    run("jsonl", tmp_path / "in", annotations)
    assert read_annotated(tmp_path / "out") == {
        ("a.xlsx", "S"): ({"A1:C4"}, "g", "val"),
        ("a.xlsx", "T"): (set(), "a.xlsx", None),
    }


def test_an_imported_corpus_imports_as_itself(tmp_path: Path) -> None:
    save_book(tmp_path / "in/workbooks/a.xlsx", SHEETS)
    save_lines(tmp_path / "in/annotations.jsonl", OWN | {"group": "g", "split": "val"})
    run("jsonl", tmp_path / "in")
    import_corpus(KINDS["jsonl"], Request(tmp_path / "out"), tmp_path / "again")
    for name in ("annotations.jsonl", "workbooks/a.xlsx"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


@pytest.mark.parametrize("kind", ["tablesense-hf", "tablesense2", "jsonl"])
@pytest.mark.parametrize(
    "name",
    [
        "../secret.xlsx",
        "/etc/secret.xlsx",
        r"..\secret.xlsx",
        r"\\host\secret.xlsx",
        "C:/secret.xlsx",
        "a/../../secret.xlsx",
    ],
)
def test_a_name_that_leads_out_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    row = {"tablesense-hf": HF, "tablesense2": TS2, "jsonl": OWN}[kind]
    field = "clean_file" if kind == "tablesense-hf" else "file_name"
    save_book(tmp_path / "secret.xlsx", SHEETS)
    save_book(tmp_path / "in" / "fine.xlsx", SHEETS)
    bad = row | {field: name} | ({"file_path": None} if kind == "tablesense2" else {})
    save_lines(tmp_path / "in/annotations.jsonl", bad, row | {field: "fine.xlsx"})
    (problem,) = run(kind, tmp_path / "in").tally.skipped
    assert (problem.kind, problem.where) == ("name leads out", "annotations.jsonl, line 1")
    assert [path.name for path in (tmp_path / "out/workbooks").iterdir()] == ["fine.xlsx"]


def test_a_folder_of_tablesense2_cannot_lead_out(tmp_path: Path) -> None:
    save_book(tmp_path / "secret.xlsx", SHEETS)
    save_book(tmp_path / "in/fine.xlsx", SHEETS)
    fine = TS2 | {"file_name": "fine.xlsx"}
    out = TS2 | {"file_name": "secret.xlsx", "file_path": ".."}
    save_lines(tmp_path / "in/annotations.jsonl", out, fine)
    assert [problem.kind for problem in run("tablesense2", tmp_path / "in").tally.skipped] == [
        "name leads out"
    ]


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    save_book(tmp_path / "secret.xlsx", SHEETS)
    save_book(tmp_path / "in/fine.xlsx", SHEETS)
    (tmp_path / "in/a.xlsx").symlink_to(tmp_path / "secret.xlsx")
    save_lines(tmp_path / "in/annotations.jsonl", OWN, OWN | {"file_name": "fine.xlsx"})
    assert [problem.kind for problem in run("jsonl", tmp_path / "in").tally.skipped] == ["name leads out"]


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        ("{", "annotation"),
        ("[]", "annotation"),
        ("[" * 100_000, "annotation"),
        (OWN | {"file_name": None}, "annotation"),
        (OWN | {"sheet_name": 7}, "annotation"),
        (OWN | {"table_regions": "A1:B2"}, "annotation"),
        (OWN | {"table_regions": [1]}, "annotation"),
        (OWN | {"split": 1}, "annotation"),
        (OWN | {"sheet_name": "U", "split": "holdout"}, "unknown split"),
        (OWN | {"sheet_name": "T"}, "missing sheet"),
        (OWN | {"file_name": "none.xlsx"}, "missing workbook"),
        (OWN | {"file_name": "x" * 400 + ".xlsx"}, "missing workbook"),
        (OWN | {"file_name": "a\0.xlsx"}, "missing workbook"),
        (OWN | {"file_name": "\ud800.xlsx"}, "missing workbook"),
        (OWN | {"file_name": "broken.xlsx"}, "unreadable workbook"),
        (OWN | {"group": "\ud800", "sheet_name": "U"}, "unusable name"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_rest_goes_on(tmp_path: Path, bad: object, kind: str) -> None:
    save_book(tmp_path / "in/a.xlsx", SHEETS | {"U": ["A1:C4"]})
    (tmp_path / "in/broken.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    save_lines(tmp_path / "in/annotations.jsonl", bad, OWN)
    (problem,) = run("jsonl", tmp_path / "in").tally.skipped
    assert problem.kind == kind
    assert problem.where.startswith("annotations.jsonl, line 1")
    assert list(read_annotated(tmp_path / "out")) == [("a.xlsx", "S")]
    (skipped,) = (tmp_path / "out/skipped.jsonl").read_text("utf-8").splitlines()
    assert json.loads(skipped)["reason"] == kind


def test_annotations_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    save_book(tmp_path / "in/a.xlsx", SHEETS)
    (tmp_path / "in/annotations.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not UTF-8 text"):
        run("jsonl", tmp_path / "in")
