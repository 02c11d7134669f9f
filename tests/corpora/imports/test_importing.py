"""What all kinds have in common: ranges held against cells, groups, a folder that is whole or not there."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tablesense.corpora.corpus import read_corpus
from tablesense.corpora.imports.importing import Imported, import_corpus
from tablesense.corpora.imports.kinds import KINDS
from tablesense.corpora.imports.source import Request
from tablesense.errors import UserError
from tests.corpora.foreign import fingerprints, read_annotated, save_book, save_lines


def line(name: str = "a.xlsx", *ranges: str, **fields: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"file_name": name, "file_path": "", "sheet_name": "S"}
    return row | {"table_regions": list(ranges or ("B2:D9",))} | fields


def source(folder: Path, *rows: object, books: tuple[str, ...] = ("a.xlsx",)) -> Path:
    for number, book in enumerate(books):
        save_book(folder / book, {"S": ["B2:D9", "F2:G5"]}, word=f"word{number}")
    save_lines(folder / "annotations.jsonl", *rows)
    return folder


def run(folder: Path, dest: Path | None = None, kind: str = "tablesense2", **options: Any) -> Imported:
    return import_corpus(KINDS[kind], Request(folder), dest or folder.with_name("out"), **options)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *(
            ("B2-D9", "invalid range"),
            ("A0:B2", "invalid range"),
            ("A1:XFE3", "invalid range"),
            ("", "invalid range"),
        ),
        *(("H2:J9", "range outside"), ("B10:D12", "range outside"), ("E1:E9", "empty range")),
        *(("F6:G9", "empty range"), ("$D$9:B2", "repeated range")),
    ],
)
def test_a_range_that_cannot_be_used_is_left_out(tmp_path: Path, text: str, kind: str) -> None:
    result = run(source(tmp_path / "in", line("a.xlsx", "B2:D9", text, "F2:G5")))
    assert [problem.kind for problem in result.tally.skipped] == [kind]
    assert read_annotated(tmp_path / "out")["a.xlsx", "S"][0] == {"B2:D9", "F2:G5"}


def test_a_sheet_that_loses_all_its_ranges_is_left_out_and_one_without_any_stays(tmp_path: Path) -> None:
    rows = (line("a.xlsx", "H2:J9"), line("b.xlsx", table_regions=[]))
    result = run(source(tmp_path / "in", *rows, books=("a.xlsx", "b.xlsx")))
    assert [problem.kind for problem in result.tally.sheets] == ["no usable range"]
    assert read_annotated(tmp_path / "out") == {("b.xlsx", "S"): (set(), "b.xlsx", None)}


def test_overlaps_and_ranges_beyond_the_cells_are_noted_and_kept(tmp_path: Path) -> None:
    result = run(source(tmp_path / "in", line("a.xlsx", "B2:D9", "D4:G12")))
    assert result.tally.skipped == []
    assert [problem.kind for problem in result.tally.notes] == ["range reaches beyond", "overlapping ranges"]
    assert read_annotated(tmp_path / "out")["a.xlsx", "S"][0] == {"B2:D9", "D4:G12"}


@pytest.mark.parametrize("stated", ["s", " S ", "S"])
def test_sheet_names_differ_in_case_and_blanks(tmp_path: Path, stated: str) -> None:
    run(source(tmp_path / "in", line(sheet_name=stated)))
    assert list(read_annotated(tmp_path / "out")) == [("a.xlsx", "S")]


def test_a_hidden_sheet_can_be_annotated(tmp_path: Path) -> None:
    source(tmp_path / "in", line(sheet_name="h"))
    save_book(tmp_path / "in/a.xlsx", {"S": ["A1:B3"], "H": ["B2:D9"]}, hidden=["H"])
    run(tmp_path / "in")
    assert list(read_annotated(tmp_path / "out")) == [("a.xlsx", "H")]


def test_a_sheet_said_twice_is_taken_once_and_a_contradiction_not_at_all(tmp_path: Path) -> None:
    rows = (
        *(line("a.xlsx", "B2:D9", "F2:G5"), line("a.xlsx", "F2:G5", "B2:D9")),
        *(line("b.xlsx", "B2:D9"), line("b.xlsx", "B2:D8")),
        *(line("c.xlsx", split_code="train"), line("c.xlsx", split_code="test")),
    )
    result = run(source(tmp_path / "in", *rows, books=("a.xlsx", "b.xlsx", "c.xlsx")))
    kinds = [problem.kind for problem in result.tally.sheets]
    assert kinds == ["repeated sheet", *["contradiction"] * 4]
    assert list(read_annotated(tmp_path / "out")) == [("a.xlsx", "S")]


def test_two_workbooks_of_one_name_get_two(tmp_path: Path) -> None:
    books = ("x/a.xlsx", "y/A.xlsx", "z/a (2).xlsx", "a.xls")
    rows = [line(book, f"B2:D{9 - number}") for number, book in enumerate(books)]
    run(source(tmp_path / "in", *rows, books=books))
    found = {name: ranges for (name, _), (ranges, _, _) in read_annotated(tmp_path / "out").items()}
    assert len({name.casefold() for name in found}) == 4
    for number, book in enumerate(books):
        (name,) = (name for name, ranges in found.items() if ranges == {f"B2:D{9 - number}"})
        copy = tmp_path / "out/workbooks" / name
        assert copy.read_bytes() == (tmp_path / "in" / book).read_bytes()
        assert copy.suffix == Path(book).suffix


def test_the_source_is_never_touched_and_the_result_is_a_corpus(tmp_path: Path) -> None:
    folder = source(tmp_path / "in", line(), "{", books=("a.xlsx", "b.xlsx"))
    before = fingerprints(folder)
    run(folder, tmp_path / "new/deep/out")
    assert fingerprints(folder) == before
    assert [path.name for path in (tmp_path / "new/deep").iterdir()] == ["out"]
    corpus = read_corpus(tmp_path / "new/deep/out")
    assert corpus.problems == []
    assert [corpus.workbook(sheet).is_file() for sheet in corpus.annotations] == [True]


def test_copies_and_links(tmp_path: Path) -> None:
    folder = source(tmp_path / "in", line())
    run(folder)
    run(folder, tmp_path / "linked", link=True)
    book = folder / "a.xlsx"
    assert (tmp_path / "linked/workbooks/a.xlsx").samefile(book)
    assert not (tmp_path / "out/workbooks/a.xlsx").samefile(book)


def test_a_link_that_cannot_be_made_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", fail)
    with pytest.raises(UserError, match=r"a\.xlsx: cannot be linked \(Invalid .*leave out --link"):
        run(source(tmp_path / "in", line()), link=True)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_fails_halfway_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    folder = source(tmp_path / "in", line(), line("b.xlsx"), books=("a.xlsx", "b.xlsx"))
    (tmp_path / "out").mkdir()
    copy = shutil.copyfile

    def fail_later(one: Path, other: Path) -> None:
        if other.name == "b.xlsx":
            raise error
        copy(one, other)

    monkeypatch.setattr(shutil, "copyfile", fail_later)
    with pytest.raises(UserError if isinstance(error, OSError) else KeyboardInterrupt):
        run(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("make", ["file in it", "file", "link", "in the source"])
def test_a_destination_that_holds_something_is_refused(tmp_path: Path, make: str) -> None:
    folder = source(tmp_path / "in", line())
    dest = folder / "out" if make == "in the source" else tmp_path / "out"
    if make == "file in it":
        save_lines(dest / "annotations.jsonl", "mine")
    elif make == "file":
        dest.write_text("mine")
    elif make == "link":
        (tmp_path / "elsewhere").mkdir()
        dest.symlink_to(tmp_path / "elsewhere")
    before = fingerprints(tmp_path)
    with pytest.raises(UserError, match=f"{dest}: (is not empty|is no folder|lies in)"):
        run(folder, dest)
    assert fingerprints(tmp_path) == before


def test_an_empty_destination_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    run(source(tmp_path / "in", line()))
    assert list(read_annotated(tmp_path / "out")) == [("a.xlsx", "S")]


def test_a_source_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none: is no folder"):
        run(tmp_path / "none")


def test_splits_have_our_names_and_the_option_fills_what_is_missing(tmp_path: Path) -> None:
    books = ("a.xlsx", "b.xlsx", "c.xlsx")
    rows = [
        line(book, split_code=split) for book, split in zip(books, ("testing_set", "dev", None), strict=True)
    ]
    run(source(tmp_path / "in", *rows, books=books), split="train")
    splits = {name: split for (name, _), (_, _, split) in read_annotated(tmp_path / "out").items()}
    assert splits == {"a.xlsx": "test", "b.xlsx": "val", "c.xlsx": "train"}


def grouped(folder: Path, kind: str) -> Imported:
    """Two workbooks that are equal, two with equal headers, and one that has nothing to do with them."""
    books = ("a.xlsx", "b.xlsx", "c.xlsx", "d.xlsx", "e.xlsx")
    splits = {"a.xlsx": "train", "b.xlsx": "test"}
    rows = [line(book, split_code=splits.get(book)) for book in books]
    source(folder, *rows, books=books)
    shutil.copyfile(folder / "a.xlsx", folder / "b.xlsx")
    save_book(folder / "d.xlsx", {"S": ["B2:D7"], "More": ["A1:B2"]}, word="word2")
    return run(folder, kind=kind)


def test_equal_workbooks_and_equal_headers_are_one_group(tmp_path: Path) -> None:
    result = grouped(tmp_path / "in", "tablesense2")
    groups = [group for _, group, _ in read_annotated(tmp_path / "out").values()]
    assert groups == ["a.xlsx", "a.xlsx", "c.xlsx", "c.xlsx", "e.xlsx"]
    crossing = [problem for problem in result.tally.notes if problem.kind == "group across splits"]
    assert [problem.where for problem in crossing] == ["group 'a.xlsx'"]


def test_groups_that_a_person_gave_stay(tmp_path: Path) -> None:
    grouped(tmp_path / "in", "jsonl")
    groups = [group for _, group, _ in read_annotated(tmp_path / "out").values()]
    assert groups == ["a.xlsx", "b.xlsx", "c.xlsx", "d.xlsx", "e.xlsx"]


def test_what_was_left_out_is_written_down(tmp_path: Path) -> None:
    result = run(source(tmp_path / "in", line(), line("none.xlsx"), line("a.xlsx", "H1:I2", sheet_name="T")))
    lines = (tmp_path / "out/skipped.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(text) for text in lines]
    assert [row["reason"] for row in rows] == ["missing workbook", "missing sheet"]
    assert [row["where"] for row in rows] == [problem.where for problem in result.tally.skipped]
    run(source(tmp_path / "clean", line()), tmp_path / "clean-out")
    assert not (tmp_path / "clean-out/skipped.jsonl").exists()
