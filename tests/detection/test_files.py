"""Files, folders and patterns become the list of files that are meant."""

import os
from pathlib import Path

import pytest

from tablesense.detection.files import find_files
from tablesense.errors import UserError


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "b.xlsx",
        "a.XLS",
        "~$b.xlsx",
        ".~lock.b.ods#",
        ".hidden.csv",
        "notes.txt",
        "in/c.csv",
        "in/.git/d.csv",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_folder_is_walked_for_workbooks_without_lock_and_hidden_files(tree: Path) -> None:
    assert find_files(["."]) == ["a.XLS", "b.xlsx", os.path.join("in", "c.csv")]


def test_file_that_is_named_is_taken_whatever_it_is_called(tree: Path) -> None:
    assert find_files(["notes.txt", "in"]) == ["notes.txt", os.path.join("in", "c.csv")]


def test_pattern_is_expanded_and_passes_over_lock_files(tree: Path) -> None:
    assert find_files(["*.xlsx"]) == ["b.xlsx"]
    assert find_files(["**/*.csv"]) == [os.path.join("in", "c.csv")]
    assert find_files(["i*"]) == [os.path.join("in", "c.csv")]


def test_file_whose_name_looks_like_a_pattern_is_itself(tree: Path) -> None:
    (tree / "a[1].xlsx").touch()
    assert find_files(["a[1].xlsx"]) == ["a[1].xlsx"]


def test_file_named_twice_is_looked_at_once(tree: Path) -> None:
    assert find_files(["b.xlsx", "./b.xlsx", str(tree / "b.xlsx")]) == ["b.xlsx"]


def test_missing_file_stays_among_others(tree: Path) -> None:
    assert find_files(["b.xlsx", "gone.xlsx"]) == ["b.xlsx", "gone.xlsx"]


def test_folder_that_cannot_be_read_stands_for_its_files(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "in":
            raise PermissionError(13, "Permission denied", path)
        return original(path)

    monkeypatch.setattr("os.scandir", scandir)
    assert find_files(["."]) == ["a.XLS", "b.xlsx", "in"]
    assert find_files(["in"]) == ["in"]


@pytest.mark.parametrize("name", ["gone.xlsx", "*.ods", "empty", "~$*"])
def test_nothing_to_look_at_is_an_error(tree: Path, name: str) -> None:
    (tree / "empty").mkdir()
    with pytest.raises(UserError, match=r"no such file|no file matches|no workbook"):
        find_files([name])
