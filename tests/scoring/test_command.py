"""``tablesense evaluate``: the detector as users get it, measured, printed and written."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tablesense import command
from tablesense.boxes import Box, to_a1
from tablesense.detection.detect import detect_tables
from tablesense.detection.strips import MAX_GRID_CELLS
from tablesense.detection.table import FileResult
from tablesense.evaluate import main
from tablesense.evaluation.evaluation import evaluate
from tablesense.evaluation.gold import read_gold
from tablesense.evaluation.scores import SheetResult
from tablesense.scoring.look import files_of, look, make_finder
from tablesense.scoring.text import best_line
from tablesense.scoring.worst import worst
from tests.detection.blobs import BlobDetector, write_book
from tests.model.test_weights import write_run
from tests.page_text import embedded


def annotate(corpus: Path, *rows: tuple[str, str, list[str], str]) -> None:
    names = ("file_name", "sheet_name", "table_regions", "split")
    lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
    (corpus / "annotations.jsonl").write_text("\n".join(lines) + "\n")


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> BlobDetector:
    """Any weights that are there are a network that needs no training."""
    network = BlobDetector()
    monkeypatch.setenv("TABLESENSE_WEIGHTS", str(write_run(tmp_path / "run", network)))
    monkeypatch.setattr("tablesense.model.weights.load_torch", lambda *_: network)
    return network


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Two corpora: of five tables three are blobs, one is off by a row, one is on a hidden sheet."""
    folder = tmp_path / "data"
    for name in ("one", "two"):
        (folder / name / "workbooks").mkdir(parents=True)
    books = folder / "one" / "workbooks"
    write_book(books / "a.xlsx", {"A": ["B2:D9", "F2:G5"], "H": ["A1:B3"], "unannotated": ["A1:B9"]}, ("H",))
    write_book(folder / "two" / "workbooks" / "b.xlsx", {"B": ["A1:C4"], "C": ["A1:C4"]})
    annotate(folder / "one", ("a.xlsx", "A", ["B2:D9", "F2:G5"], "train"), ("a.xlsx", "H", ["A1:B3"], "val"))
    annotate(folder / "two", ("b.xlsx", "B", ["A1:C4"], "train"), ("b.xlsx", "C", ["A2:C4"], "val"))
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    yield folder
    for path, content in before.items():
        assert path.read_bytes() == content


def results(file: str = "results.json") -> dict[str, Any]:
    read: dict[str, Any] = json.loads(Path(file).read_text())
    return read


def rows(file: str = "found.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(file).read_text().splitlines()]


def test_the_model_that_ships_is_told_to_know_its_corpora(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["--data", str(data)]) == 0
    assert "has learnt from" not in capsys.readouterr().err
    monkeypatch.delenv("TABLESENSE_WEIGHTS")
    assert main(["--data", str(data)]) == 0
    assert "how well it learnt them, not how good it is" in capsys.readouterr().err


def test_another_threshold_is_named_only_where_it_is_better() -> None:
    found = SheetResult(
        "c", "a.xlsx", "S", ((Box(0, 0, 2, 2), 0.9), (Box(5, 5, 7, 7), 0.6)), (Box(0, 0, 2, 2),)
    )
    assert best_line(evaluate([found], 0.8)) is None
    assert "0.65, would give macro F1 1.000" in str(best_line(evaluate([found], 0.5)))


def test_figures_predictions_and_page(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--out", "results.json", "--predictions", "found.jsonl", "--report", "worst.html"]
    assert main(["--data", str(data), *options]) == 0
    found = {name: one["measures"]["eob0_f1"]["value"] for name, one in results()["corpora"].items()}
    assert found == {"one": 1.0, "two": 0.5}
    macro = results()["macro"]
    assert (macro["sheets"], macro["annotated"], macro["predicted"]) == (4, 5, 5)
    assert macro["measures"]["eob0_f1"]["value"] == 0.75
    assert macro["measures"]["eob2_f1"]["value"] == 1.0
    assert results()["errors"]["two"]["sides"]["top"] == {"-1": 1}
    assert results()["failed"] == []
    assert results()["command"].startswith("python -m tablesense.evaluate --data ")
    assert [(row["sheet_name"], row["tables"]) for row in rows()] == [
        ("A", ["B2:D9", "F2:G5"]),
        ("H", ["A1:B3"]),
        ("B", ["A1:C4"]),
        ("C", ["A1:C4"]),
    ]
    page = embedded(Path("worst.html").read_text())
    assert [(sheet["name"], len(sheet["tables"])) for sheet in page["sheets"]] == [("C", 1)]
    assert page["sheets"][0]["annotated"] == [[0, 1, 3, 4]]
    printed = capsys.readouterr()
    assert [line.split()[0] for line in printed.out.splitlines()[2:5]] == ["one", "two", "macro"]
    assert "Wrote worst.html: the 1 worst sheets" in printed.err


def test_boxes_are_those_that_users_get(data: Path, network: BlobDetector) -> None:
    """Whatever is looked at together, and although average precision sees lower scores."""
    gold = read_gold([data]).sheets
    for at_once in (1, 16):
        finder = make_finder(network, 0.87, MAX_GRID_CELLS)
        found = {key: one for part in look(files_of(gold), finder, at_once) for key, one in part.items()}
        for sheet in gold:
            name = sheet.annotation.sheet_name
            users = detect_tables(sheet.workbook, network, 0.87, sheet_names=[name])
            ours = sorted((to_a1(box), score) for box, score in found[sheet.key].boxes if score >= 0.87)
            assert ours == sorted((table.range, table.score) for table in users)
    assert len(found["one", "a.xlsx", "A"].boxes) == 2


def test_predictions_give_the_same_figures_without_a_network(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["--data", str(data / "one"), "--data", str(data / "two")]
    assert main([*options, "--predictions", "found.jsonl", "--out", "results.json"]) == 0
    monkeypatch.delenv("TABLESENSE_WEIGHTS")
    monkeypatch.setattr("tablesense.model.weights.load_torch", None)
    assert main([*options, "--from-predictions", "found.jsonl", "--out", "again.json"]) == 0
    first, again = results(), results("again.json")
    assert first.pop("command") != again.pop("command")
    assert first == again


def test_split_threshold_and_seed_choose(data: Path) -> None:
    def figures(*options: str) -> dict[str, Any]:
        main(["--data", str(data), "--out", "results.json", *options])
        macro: dict[str, Any] = results()["macro"]
        return macro

    assert figures("--split", "val")["annotated"] == 2
    assert figures("--threshold", "0.87")["predicted"] == 4
    main(["--data", str(data), "--out", "results.json", "--seed", "3", "--samples", "7"])
    assert results()["intervals"] == {"level": 0.95, "samples": 7, "seed": 3}


def test_what_cannot_be_read_is_named_and_missed(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    books = data / "three" / "workbooks"
    books.mkdir(parents=True)
    (books / "bad.xlsx").write_bytes(b"PK\3\4")
    write_book(books / "c.xlsx", {"S": ["A1:C4"]})
    annotate(
        data / "three",
        ("bad.xlsx", "S", ["A1:B2"], "val"),
        ("gone.xlsx", "S", ["A1:B2", "D1:E2"], "val"),
        ("c.xlsx", "no such", ["A1:B2"], "val"),
        ("c.xlsx", "S", ["A1:C4"], "val"),
        ("../c.xlsx", "S", ["A1:C4"], "val"),
    )
    options = ["--data", str(data / "three")]
    written = ["--out", "results.json", "--predictions", "found.jsonl", "--report", "worst.html"]
    assert main([*options, *written]) == 1
    recall = results()["corpora"]["three"]["measures"]["eob0_recall"]["value"]
    assert recall == pytest.approx(1 / 5)
    assert {(one["file_name"], one["sheet_name"]) for one in results()["failed"]} == {
        ("bad.xlsx", "S"),
        ("gone.xlsx", "S"),
        ("c.xlsx", "no such"),
    }
    err = capsys.readouterr().err
    assert "three/c.xlsx, sheet no such: the workbook has no such sheet" in err
    assert "leads out of the corpus folder" in err
    assert "3 of 4 sheets failed; their tables count as missed" in err
    assert [bool(file["error"]) for file in embedded(Path("worst.html").read_text())["files"]].count(
        True
    ) == 2
    first = results()
    assert main([*options, "--from-predictions", "found.jsonl", "--out", "again.json"]) == 1
    assert results("again.json")["failed"] == first["failed"]


def test_a_bad_line_of_annotations_is_no_success(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = data / "more"
    (more / "workbooks").mkdir(parents=True)
    write_book(more / "workbooks" / "c.xlsx", {"S": ["A1:C4"]})
    annotate(more, ("c.xlsx", "S", ["A1:C4"], "val"), ("c.xlsx", "S", ["nonsense"], "val"))
    assert main(["--data", str(more)]) == 1
    assert "line 2: 'nonsense' is not a cell range" in capsys.readouterr().err


def test_no_page_where_all_is_right(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(data / "one"), "--report", "worst.html"]) == 0
    assert not Path("worst.html").exists()
    assert "no page, every table was found exactly" in capsys.readouterr().err


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["--data", "gone"],
        ["--data", "data", "--split", "test"],
        ["--data", "data", "--threshold", "2"],
        ["--data", "data", "--samples", "0"],
        ["--data", "data", "--weights", "no such run"],
        ["--data", "data", "--from-predictions", "gone.jsonl"],
        ["--data", "data", "--from-predictions", "x.jsonl", "--weights", "run"],
        ["--data", "data", "--out", "results.txt"],
        ["--data", "data", "--out", "no folder/results.json"],
        ["--data", "data", "--report", "page.pdf"],
        ["--data", "data", "--predictions", "data/one/annotations.jsonl"],
        ["--data", "data", "--from-predictions", "x.jsonl", "--predictions", "x.jsonl"],
        ["--data", "data", "--seed", "x"],
        ["--data", "data", "--seed", "-1"],
    ],
)
def test_wrong_use_is_one_line_and_code_2(
    data: Path, args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(args) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert {path.name for path in data.parent.iterdir()} == {"data", "run"}


def test_stopped_run_writes_nothing(
    data: Path, network: BlobDetector, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(network, "forward", stop)
    assert main(["--data", str(data), "--out", "results.json", "--predictions", "found.jsonl"]) == 130
    assert capsys.readouterr().err == "Stopped; nothing was written.\n"
    assert {path.name for path in data.parent.iterdir()} == {"data", "run"}


def test_it_is_a_command(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["evaluate", "--data", str(data)]) == 0
    assert "macro" in capsys.readouterr().out
    assert command.main(["evaluate", "--help"]) == 0


def test_worst_first_and_right_ones_not_at_all() -> None:
    def sheet(name: str, found: list[str], there: list[str]) -> SheetResult:
        from tablesense.boxes import parse_a1

        return SheetResult(
            "c", name, "S", tuple((parse_a1(text), 0.9) for text in found), tuple(map(parse_a1, there))
        )

    results = [
        sheet("right", ["A1:B9"], ["A1:B9"]),
        sheet("empty", [], []),
        sheet("half", ["A1:B9"], ["A1:B9", "D1:E9"]),
        sheet("missed", [], ["A1:B9"]),
        sheet("off", ["A1:B8"], ["A1:B9"]),
        sheet("far off", ["A1:B2"], ["A1:B9"]),
        sheet("two missed", [], ["A1:B9", "D1:E9", "G1:H9"]),
    ]
    names = [result.file_name for result in worst(results, 0.5, 9)]
    assert names == ["two missed", "far off", "off", "missed", "half"]
    assert len(worst(results, 0.5, 2)) == 2


def test_page_keeps_files_of_two_corpora_apart(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        folder = data / f"{name}_more" / "workbooks"
        folder.mkdir(parents=True)
        write_book(folder / "same.xlsx", {"S": ["A1:C4"], "T": ["A1:C4"]})
        annotate(
            folder.parent, *(("same.xlsx", sheet, [f"A1:C{5 + len(name)}"], "val") for sheet in ("S", "T"))
        )
    pages: list[list[FileResult]] = []
    monkeypatch.setattr("tablesense.scoring.worst.write_report", lambda files, *_: pages.append(files))
    options = ["--data", str(data / "one_more"), "--data", str(data / "two_more"), "--report", "worst.html"]
    assert main(options) == 0
    (files,) = pages
    assert sorted((file.file, len(file.sheets)) for file in files) == [
        ("one_more/same.xlsx", 2),
        ("two_more/same.xlsx", 2),
    ]
