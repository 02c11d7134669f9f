"""``tablesense detect``: what it prints and writes, and how it ends."""

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from tablesense import command
from tablesense.detect import main, make_parser
from tablesense.detection.command import read_limits
from tablesense.detection.outputs import ListingOutput
from tablesense.detection.table import FileResult
from tablesense.model.detector import TableDetector
from tablesense.model.weights import load_torch
from tests.detection.blobs import TINY
from tests.detection.command_fixtures import blob_weights as blob_weights
from tests.detection.command_fixtures import folder as folder


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_line_a_table_and_a_summary(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 0
    printed = capsys.readouterr()
    assert [line.split()[1:] for line in printed.out.splitlines()[1:]] == [
        ["A", "B2:D9", "0.90", "8", "x", "3", "1"],
        ["A", "F2:G5", "0.85", "4", "x", "2", "1"],
        ["B", "A1:C4", "0.90", "4", "x", "3", "1"],
    ]
    assert printed.err == "3 tables on 2 sheets of 2 files\n"


def test_bad_file_is_reported_and_the_rest_is_done(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.xlsx").write_bytes(b"PK")
    assert main(["*.xlsx", "--output", "jsonl"]) == 1
    printed = capsys.readouterr()
    rows = [json.loads(line) for line in printed.out.splitlines()]
    assert [row["file"] for row in rows] == ["one.xlsx", "one.xlsx", "two.xlsx", "bad.xlsx"]
    assert printed.err.splitlines()[0].startswith("bad.xlsx: ")
    assert printed.err.splitlines()[-1].endswith("1 file failed")


def test_nothing_found_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    openpyxl.Workbook().save(tmp_path / "empty.xlsx")
    assert main([str(tmp_path / "empty.xlsx")]) == 0
    assert capsys.readouterr().out == ""


def test_sheet_hidden_and_threshold_choose(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jsonl = ["--output", "jsonl"]
    main(["one.xlsx", "--hidden", *jsonl])
    assert [row["sheet"] for row in lines(capsys)] == ["A", "A", "H"]
    main([".", "--sheet", "H", "--sheet", "B", *jsonl])
    assert [row["sheet"] for row in lines(capsys)] == ["H", "B"]
    main([".", "--threshold", "0.87", *jsonl])
    assert [row["range"] for row in lines(capsys)] == ["B2:D9", "A1:C4"]


def test_name_that_no_sheet_has_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([".", "--sheet", "a", "--sheet", "Shet", "--output", "jsonl"]) == 0
    printed = capsys.readouterr()
    assert [json.loads(line)["sheet"] for line in printed.out.splitlines()] == ["A", "A"]
    assert "--sheet: no file that could be read has a sheet called 'Shet'\n" in printed.err
    assert main([".", "--sheet", "Shet", "--sheet", "C"]) == 1
    assert "has a sheet called 'Shet' or 'C'" in capsys.readouterr().err


def test_limits_are_passed_to_the_reader(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--max-cells", "20", "--max-mb", "3", "--max-seconds", "9.5"]
    limits = read_limits(make_parser().parse_args(["x", *options]))
    assert (limits.max_cells, limits.max_unpacked_bytes, limits.max_seconds) == (20, 3 * 1024**2, 9.5)
    assert main([".", *options, "--output", "jsonl"]) == 1
    assert "more than 20 filled cells" in capsys.readouterr().err


def test_listing_goes_to_a_file(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([".", "--output", "csv", "--out", str(tmp_path / "list.csv")]) == 0
    assert capsys.readouterr().out == ""
    rows = list(csv.DictReader((tmp_path / "list.csv").read_text().splitlines()))
    assert [row["range"] for row in rows] == ["B2:D9", "F2:G5", "A1:C4"]


def test_tables_are_extracted(folder: Path, tmp_path: Path) -> None:
    assert main([".", "--extract", str(tmp_path / "out")]) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["one__A__B2-D9.csv", "one__A__F2-G5.csv", "two__B__A1-C4.csv"]
    assert (tmp_path / "out" / names[2]).read_text().splitlines()[:2] == [
        "Head 0,Head 1,Head 2",
        "item 1,11,12",
    ]


def test_the_listing_says_where_each_table_went(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more, out = tmp_path / "more", tmp_path / "out"
    more.mkdir()
    (more / "two.xlsx").write_bytes((folder / "two.xlsx").read_bytes())
    assert main(["two.xlsx", str(more), "--extract", str(out), "--output", "jsonl"]) == 0
    where = {str(row["file"]): Path(str(row["extracted"])) for row in lines(capsys)}
    assert where == {
        "two.xlsx": out / "two__B__A1-C4.csv",
        str(more / "two.xlsx"): out / "two__B__A1-C4 (2).csv",
    }
    assert all(file.is_file() for file in where.values())
    assert main(["two.xlsx", "--extract", str(out), "--output", "csv"]) == 0
    (row,) = csv.DictReader(capsys.readouterr().out.splitlines())
    assert row["extracted"] == str(out / "two__B__A1-C4.csv")
    assert main(["two.xlsx", "--output", "jsonl"]) == 0
    assert "extracted" not in lines(capsys)[0]


def test_copies_are_annotated(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["one.xlsx", "--annotate", str(tmp_path / "marked.xlsx"), "--native-tables"]) == 0
    assert len(openpyxl.load_workbook(tmp_path / "marked.xlsx")["A"].tables) == 2
    assert main([".", "--annotate", str(tmp_path / "copies")]) == 0
    assert sorted(path.name for path in (tmp_path / "copies").iterdir()) == ["one.xlsx", "two.xlsx"]
    assert main([".", "--annotate", str(folder)]) == 0  # the copies get other names, the inputs stay
    copies = sorted(folder.glob("*(2).xlsx"))
    assert [path.name for path in copies] == ["one (2).xlsx", "two (2).xlsx"]
    for path in copies:
        path.unlink()


def test_report_gets_results_and_annotations(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[list[FileResult], Path, object]] = []
    monkeypatch.setattr("tablesense.detection.report.write_report", lambda *args: calls.append(args))
    (tmp_path / "annotations.jsonl").write_text(
        '{"file_name": "one.xlsx", "sheet_name": "A", "table_regions": ["B2:D9"]}\n\n'
    )
    page = tmp_path / "page.html"
    assert main([".", "--report", str(page), "--annotations", str(tmp_path / "annotations.jsonl")]) == 0
    ((results, file, annotations),) = calls
    assert [len(result.tables) for result in results] == [2, 1]
    assert file == page
    assert annotations == {("one.xlsx", "A"): ((1, 1, 4, 9),)}


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["gone.xlsx"],
        ["*.ods"],
        ["one.xlsx", "--threshold", "2"],
        ["one.xlsx", "--threshold", "x"],
        ["one.xlsx", "--jobs", "0"],
        ["one.xlsx", "--jobs", "x"],
        ["one.xlsx", "--weights", "someone/tables"],
        ["one.xlsx", "--extract-format", "csv"],
        ["one.xlsx", "--allow-formulas"],
        ["one.xlsx", "--extract", "one.xlsx"],
        ["one.xlsx", "--extract", "one.xlsx/in"],
        ["one.xlsx", "--annotate", "out.xls"],
        ["one.xlsx", "--annotate", "out.csv"],
        ["one.xlsx", "--annotate", "one.xlsx/in"],
        ["one.xlsx", "--max-seconds", "nan"],
        ["one.xlsx", "--output", "xml"],
        ["one.xlsx", "--weights", "../no such run"],
        ["one.xlsx", "--native-tables"],
        ["one.xlsx", "--annotations", "x.jsonl"],
        ["one.xlsx", "--report", "page.pdf"],
        ["one.xlsx", "--report", "page.html", "--annotations", "gone.jsonl"],
        ["one.xlsx", "--out", "no folder/x.csv"],
        ["one.xlsx", "--out", "one.xlsx"],
        ["one.xlsx", "--annotate", "one.xlsx"],
        ["one.xlsx", "--annotate", "../run/configs/config.yaml"],
        [".", "--annotate", "all.xlsx"],
    ],
)
def test_wrong_use_is_one_line_and_code_2(
    folder: Path, args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert main(args) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert "invalid _" not in printed.err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_stopped_run_shows_what_was_found(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original, added = ListingOutput.add, []

    def stop_after_one(self: ListingOutput, result: FileResult) -> None:
        added.append(result)
        if len(added) == 2:
            signal.raise_signal(signal.SIGTERM)
        original(self, result)

    monkeypatch.setattr(ListingOutput, "add", stop_after_one)
    assert main([".", "--output", "jsonl"]) == 130
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 2
    assert printed.err.endswith("Stopped.\n")


def test_listing_is_all_that_a_saved_model_prints(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    TableDetector(TINY).save_pretrained(tmp_path / "saved")
    monkeypatch.setattr("tablesense.model.weights.load_torch", load_torch)
    assert main(["one.xlsx", "--weights", str(tmp_path / "saved"), "--output", "json"]) == 0
    assert json.loads(capfd.readouterr().out).keys() == {"tables", "errors", "notes"}


def test_command_dispatches(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert command.main(["detect", "one.xlsx", "--output", "jsonl"]) == 0
    assert len(lines(capsys)) == 2
    assert command.main(["--help"]) == 0
    usage = capsys.readouterr().out
    assert all(name in usage for name in command.COMMANDS)
    assert command.main(["--version"]) == 0
    for args in ([], ["no such"]):
        assert command.main(args) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "args",
    [["detect", "--help"], ["detect", "gone.xlsx"], ["detect", __file__, "--weights", __file__], ["--help"]],
)
def test_quick_answers_import_nothing_heavy(args: list[str]) -> None:
    code = (
        "import sys; from tablesense.command import main; main(sys.argv[1:]);"
        "heavy = {'torch', 'numpy', 'openpyxl', 'lightning', 'rich', 'pandas'} & set(sys.modules);"
        "sys.exit(', '.join(heavy) if heavy else 0)"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code, *args], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
