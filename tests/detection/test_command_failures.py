"""``tablesense detect`` where something fails: it is told, at once where possible, and costs nothing else."""

import json
import os
from pathlib import Path

import pytest

from tablesense.detect import main
from tablesense.detection.command import with_options
from tests.detection.command_fixtures import blob_weights as blob_weights
from tests.detection.command_fixtures import folder as folder


def test_limits_are_told_by_their_options(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder.parent / "big.csv").write_text("a,b\n" * 300_000)
    for option, value, raised in (
        ("--max-cells", "3", "raise --max-cells"),
        ("--max-mb", "1", "raise --max-mb if"),
        ("--max-seconds", "0.00001", "raise --max-seconds if"),
    ):
        assert main(["../big.csv", option, value, "--output", "json"]) == 1
        printed = capsys.readouterr()
        for text in (printed.out, printed.err):
            assert raised in text
            assert "ReadLimits" not in text
    assert with_options("raise max_memory_bytes in ReadLimits") == (
        "raise max_memory_bytes in ReadLimits, from Python"
    )


def test_folder_that_cannot_be_read_is_a_failure(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock("locked", folder, monkeypatch)
    assert main([".", "--output", "jsonl"]) == 1
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 4
    assert "locked: the folder cannot be read" in printed.err
    assert main(["locked"]) == 1
    assert "locked: the folder cannot be read" in capsys.readouterr().err
    (folder / "locked").rmdir()


def lock(name: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a folder that nobody may list; a mode would not stop root."""
    (place / name).mkdir()
    original = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return original(path)

    monkeypatch.setattr("os.scandir", scandir)


@pytest.mark.parametrize("option", ["--out=list.json", "--extract=in", "--annotate=in", "--report=page.html"])
def test_place_that_cannot_be_written_is_told_before_any_work(
    folder: Path, option: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tablesense.terminal.output.TemporaryFile", refuse)
    assert main(["one.xlsx", option]) == 2
    assert capsys.readouterr() == (
        "",
        f"error: {option.split('=')[0]}: cannot write in .: Permission denied\n",
    )


@pytest.mark.parametrize("option", ["--out=list.json", "--extract=in", "--annotate=in", "--report=page.html"])
def test_disk_that_refuses_late_costs_no_listing(
    folder: Path, option: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    monkeypatch.chdir(folder.parent)
    assert main(["books", "--output", "json", option]) == 1
    printed = capsys.readouterr()
    assert len(json.loads(printed.out)["tables"]) == 3
    assert "No space left on device" in printed.err
    assert option.split("=")[1] in printed.err
    assert ".partial" not in printed.err
    assert printed.err.endswith("3 tables on 2 sheets of 2 files\n") != option.startswith("--out")


def test_annotations_that_fit_no_sheet_are_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        f'{{"file_name": "{name}", "sheet_name": "{sheet}", "table_regions": []}}'
        for name, sheet in (("one.xlsx", "A"), ("one.xlsx", "Z"), ("else.xlsx", "A"))
    ]
    (tmp_path / "true.jsonl").write_text("\n".join(lines))
    page, true = str(tmp_path / "page.html"), str(tmp_path / "true.jsonl")
    assert main([str(folder), "--report", page, "--annotations", true]) == 0
    assert (
        "2 of 3 annotated sheets fit no sheet that was looked at, the first is one.xlsx, sheet Z"
        in capsys.readouterr().err
    )
