"""``tablesense data``: what it prints and writes, and how it ends."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tablesense import command
from tablesense.data_command import main
from tests.corpora.foreign import read_annotated, save_book, save_lines

SHEETS = {"S": ["B2:D9", "F2:G5"], "T": ["A1:C30"]}


def line(**fields: Any) -> dict[str, Any]:
    row = {"file_name": "a.xlsx", "sheet_name": "S", "table_regions": ["B2:D9", "F2:G5"], "split": "train"}
    return row | fields


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder ``in`` with a workbook and its annotations, and the working directory around it."""
    monkeypatch.chdir(tmp_path)
    save_book(tmp_path / "in/workbooks/a.xlsx", SHEETS)
    save_lines(tmp_path / "in/annotations.jsonl", line())
    return tmp_path / "in"


def error_line(capsys: pytest.CaptureFixture[str]) -> str:
    printed = capsys.readouterr()
    assert printed.out == ""
    (text,) = printed.err.splitlines()
    assert text.startswith("error: ")
    return text


def test_an_import_tells_what_it_did(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = [line(file_name=f"none{number}.xlsx") for number in range(5)]
    save_lines(source / "annotations.jsonl", line(), *missing, line(sheet_name="U"))
    assert command.main(["data", "import", "jsonl", "in", "out"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    shown = [" ".join(text.split()) for text in printed.out.splitlines()]
    assert shown == [
        "read 7 annotated sheets; 1 workbooks there",
        "converted 1 sheets, 2 tables, 1 workbooks, 1 groups",
        "train 1 sheets 2 tables 1 groups",
        "left out: sheets: 6",
        "5 x missing workbook",
        *[f"annotations.jsonl, line {n + 2}: there is no workbook 'none{n}.xlsx'" for n in range(3)],
        "… and 2 more",
        "1 x missing sheet",
        "annotations.jsonl, line 7, sheet 'U': the workbook 'a.xlsx' has no such sheet",
        "Wrote out",
    ]
    assert list(read_annotated(Path("out"))) == [("a.xlsx", "S")]


@pytest.mark.parametrize(("rows", "code"), [((), 0), ((line(sheet_name="U"),), 1)])
def test_strict_tells_by_the_exit_code_and_writes_all_the_same(
    source: Path, rows: tuple[object, ...], code: int
) -> None:
    save_lines(source / "annotations.jsonl", line(), *rows)
    assert main(["import", "jsonl", "in", "out", "--strict"]) == code
    assert main(["import", "jsonl", "in", "other"]) == 0
    assert read_annotated(Path("out")) == read_annotated(Path("other"))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "required: COMMAND"),
        (["import", "excel", "in", "out"], "invalid choice: 'excel'"),
        (["import", "jsonl", "in"], "required: DEST"),
        (["import", "jsonl", "none", "out"], "none: is no folder"),
        (["import", "jsonl", "in", "in/out"], "lies in in"),
        (["import", "jsonl", "in", "."], "is not empty"),
        (["import", "jsonl", "in", "out", "--annotations", "none.jsonl"], "none.jsonl: cannot be read"),
        (["import", "deco", "in", "out", "--annotations", "in/annotations.jsonl"], "from the workbooks"),
        (["import", "deco", "in", "out"], "no annotated sheet can be used"),
        (["import", "jsonl", "in", "out", "--split", "all"], "invalid choice: 'all'"),
        (["check"], "required: DIR"),
        (["check", "none"], "none/annotations.jsonl: cannot be read"),
        (["check", "in", "--pictures", "in"], "neither a page"),
        (["check", "in", "--pictures", "none/p.html"], "cannot be a page there"),
        (["check", "in", "--count", "0"], "must be 1 or more"),
    ],
)
def test_wrong_use_is_one_line(
    source: Path, capsys: pytest.CaptureFixture[str], args: list[str], message: str
) -> None:
    assert main(args) == 2
    assert message in error_line(capsys)
    assert [path.name for path in source.parent.iterdir()] == ["in"]


def test_names_from_strangers_cannot_steer_the_terminal(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_lines(source / "annotations.jsonl", line(), line(file_name="\x1b[2Jx.xlsx", sheet_name="[red]\n"))
    assert main(["import", "jsonl", "in", "out"]) == 0
    assert main(["check", "in"]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_a_clean_corpus_ends_with_0(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "in"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^in: 1 workbooks$", printed, re.MULTILINE)
    assert re.search(r"^  train +1 sheets +2 tables +1 groups$", printed, re.MULTILINE)
    assert re.search(r"rows a table +median 6, 90 % up to 8, largest 8", printed)
    assert printed.splitlines()[-1] == "nothing is wrong"


def test_one_wrong_corpus_of_two_ends_with_1(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_book(Path("bad/workbooks/a.xlsx"), SHEETS)
    save_lines(Path("bad/annotations.jsonl"), line(table_regions=["B2:D9", "C3:E5"]))
    assert main(["check", "bad", "in"]) == 1
    printed = capsys.readouterr().out
    assert "wrong: 1\n       1 x overlapping ranges\n" in printed
    assert "B2:D9 and C3:E5 overlap" in printed


def many_sheets(folder: Path) -> None:
    names = [f"S{number}" for number in range(8)]
    save_book(
        folder / "workbooks/b.xlsx", {name: ["A1:C3", "C2:E9"] for name in names}, word="</svg><script>"
    )
    rows = (
        line(file_name="b.xlsx", sheet_name=name, table_regions=["A1:C3", "C2:E9"], group="<img src=x>")
        for name in names
    )
    save_lines(folder / "annotations.jsonl", *rows)


def test_corrections_are_checked_in_place_of_what_they_replace(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_lines(Path("better.jsonl"), line(table_regions=["H1:J3"]))
    assert main(["check", "in", "--corrections", "better.jsonl"]) == 1
    assert "H1:J3 lies outside the filled cells" in " ".join(capsys.readouterr().out.split())
    assert main(["check", "in", "in", "--corrections", "better.jsonl"]) == 2
    assert "--corrections: belong to one corpus, 2 are given; check them one by one" in error_line(capsys)


def test_a_page_of_pictures_shows_ranges_and_lets_nothing_run(source: Path) -> None:
    many_sheets(source)
    assert main(["check", "in", "--pictures", "page.html", "--count", "3"]) == 1
    page = Path("page.html").read_text("utf-8")
    assert page.count("<svg xmlns") == 3
    assert page.count(">A1:C3<") == page.count(">C2:E9<") == 3
    assert "<script" not in page
    assert "<img" not in page
    assert "default-src 'none'" in page


def test_a_seed_draws_the_same_sheets_and_another_seed_others(source: Path) -> None:
    many_sheets(source)
    drawn = []
    for number, seed in enumerate((1, 1, 2)):
        folder = Path(f"pictures{number}")
        main(["check", "in", "--pictures", str(folder), "--count", "2", "--seed", str(seed)])
        files = sorted(folder.iterdir())
        assert [file.suffix for file in files] == [".svg"] * 2
        drawn.append([file.read_text("utf-8") for file in files])
    assert drawn[0] == drawn[1] != drawn[2]


def test_importing_and_checking_need_no_torch(source: Path) -> None:
    code = (
        "import sys; from tablesense.data_command import main; "
        "assert main(['import', 'jsonl', 'in', 'out']) == 0; "
        "assert main(['check', 'out', '--pictures', 'p.html']) == 0; "
        "assert not {'torch', 'lightning', 'wandb'} & sys.modules.keys()"
    )
    run = [sys.executable, "-c", code]
    subprocess.run(run, check=True, cwd=source.parent, capture_output=True)  # noqa: S603


def test_help_names_the_kinds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "--help"]) == 0
    printed = capsys.readouterr().out
    for kind in ("tablesense-ranges", "tablesense-hf", "tablesense2", "deco", "native", "jsonl"):
        assert f"\n  {kind} " in printed


def test_the_result_of_an_import_checks_clean(source: Path) -> None:
    assert main(["import", "jsonl", "in", "out"]) == 0
    assert main(["check", "out"]) == 0
    row = json.loads(Path("out/annotations.jsonl").read_text("utf-8"))
    assert row["file_name"] == "a.xlsx"
