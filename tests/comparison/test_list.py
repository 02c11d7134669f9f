import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tablesense.runs import main

from .conftest import Make

Capture = pytest.CaptureFixture[str]


def listed(capsys: Capture, *args: object) -> list[dict[str, str]]:
    """The table as its CSV gives it."""
    assert main([*map(str, args), "--csv", "-"]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_real_runs_are_listed_with_what_they_reached(trained: Path, capsys: Capture) -> None:
    rows = listed(capsys, "--runs-dir", trained)
    assert [row["run"].split()[0] for row in rows] == ["toy", "slow", "wide"]
    assert [(row["epochs"], row["max_epochs"], row["parameters"]) for row in rows] == [
        ("4", "4", "17"),
        ("4", "4", "17"),
        ("6", "6", "65"),
    ]
    assert [row["changed"] for row in rows] == [
        "",
        "model/lr=0.01",
        "seed_everything=7; trainer/max_epochs=6; model/hidden=16",
    ]
    for row in rows:
        lines = (trained / row["run"] / "metrics.jsonl").read_text().splitlines()
        scores = [json.loads(line)["val/f1"] for line in lines]
        assert float(row["val/f1"]) == max(scores)
        assert int(row["val/f1 epoch"]) == 1 + scores.index(max(scores))
        assert float(row["seconds"]) > 0


@pytest.mark.parametrize("columns", [60, 80, 120, 140])
def test_every_value_is_whole_in_a_terminal(
    trained: Path, columns: int, terminal_of: Callable[[int], None], capsys: Capture
) -> None:
    terminal_of(columns)
    assert main(["list", "--runs-dir", str(trained)]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= columns
    for text in ("toy", "wide", "6/6", "F1", "hidden=16", "lr=0.01", "max_epochs=6"):
        assert text in out
    assert "EoB" not in out  # the toy does not measure it
    assert "…" not in out


def test_f1_and_eob2_have_columns_and_eob0_which_is_f1_has_none(
    make_run: Make, runs_dir: Path, terminal_of: Callable[[int], None], capsys: Capture
) -> None:
    make_run("a", [{"epoch": 1, "val/f1": 0.25, "val/eob0_f1": 0.25, "val/eob2_f1": 0.75}])
    terminal_of(60)
    assert main(["--runs-dir", str(runs_dir)]) == 0
    header, row = capsys.readouterr().out.split("\n")[1::2][:2]
    assert "F1 EoB-2 F1" in " ".join(header.split())
    assert "EoB-0" not in header
    assert "0.2500 0.7500" in " ".join(row.split())
    assert listed(capsys, "--runs-dir", runs_dir, "--sort", "eob-2 f1")[0]["val/eob2_f1"] == "0.75"


def test_the_baseline_can_be_chosen(trained: Path, capsys: Capture) -> None:
    rows = listed(capsys, "--runs-dir", trained, "--baseline", "slow")
    assert [row["changed"] for row in rows][:2] == ["model/lr=0.05", ""]


def test_sorting_puts_the_best_run_first(make_run: Make, runs_dir: Path, capsys: Capture) -> None:
    make_run("a 2026-01-03 10:00", [{"epoch": 1, "val/f1": 0.2, "val/loss": 0.1}])
    make_run("b 2026-01-01 10:00", [{"epoch": 1, "val/f1": 0.9, "val/loss": 0.5}])
    make_run("c 2026-01-02 10:00", [{"epoch": 1, "train/loss": 0.3}])

    def order(*args: str) -> str:
        return "".join(row["run"][0] for row in listed(capsys, "--runs-dir", runs_dir, *args))

    assert order() == "bca"  # the oldest first
    assert order("--sort", "name") == "abc"
    assert order("--sort", "val/f1") == order("--sort", "F1") == "bac"  # a run without it comes last
    assert order("--sort", "val/loss") == "abc"
    assert main(["--runs-dir", str(runs_dir), "--sort", "val/acuracy"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "val/f1" in error


def test_a_metric_that_a_run_is_judged_by_has_a_column(
    make_run: Make, runs_dir: Path, capsys: Capture
) -> None:
    folder = make_run("emotions", [{"epoch": 1, "val/hamming": 0.5}, {"epoch": 2, "val/hamming": 0.3}])
    config = "experiment: {name: x, monitor: val/hamming, monitor_mode: min}\n"
    (folder / "configs" / "config.yaml").write_text(config)
    (row,) = listed(capsys, "--runs-dir", runs_dir)
    assert float(row["val/hamming"]) == 0.3
    assert row["val/hamming epoch"] == "2"
    assert "val/f1" not in row


def test_what_is_no_run_is_passed_over(make_run: Make, runs_dir: Path, capsys: Capture) -> None:
    make_run("toy", [{"epoch": 1, "val/f1": 0.2}])
    make_run(".abcdef.unborn")
    (runs_dir / "notes").mkdir()
    (runs_dir / "notes" / "read.me").write_text("x")
    (runs_dir / ".gitkeep").touch()
    assert [row["run"] for row in listed(capsys, "--runs-dir", runs_dir)] == ["toy"]


@pytest.mark.parametrize("place", ["empty", "missing"])
def test_no_runs_says_how_to_train(tmp_path: Path, place: str, capsys: Capture) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["--runs-dir", str(tmp_path / place)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: no runs in ")
    assert "python -m tablesense.fit" in error


@pytest.mark.parametrize(
    ("file", "content", "note"),
    [
        ("metrics.jsonl", b'{"epoch": 1, "val/f1": 0.5}\n{"epoch": 2, "val/', "1 damaged line"),
        ("metrics.jsonl", b"\xff\xfe\x00garbage", "metrics.jsonl cannot be read"),
        ("metrics.jsonl", b'[1]\n{"epoch": 1, "val/f1": 0.5}\nnonsense\n', "2 damaged lines"),
        ("configs/config.yaml", b"model: [unclosed", "config.yaml cannot be read"),
        ("configs/config.yaml", b"- a list\n", "config.yaml cannot be read"),
        ("configs/config.yaml", None, "config.yaml is missing"),
        ("run.json", b'{"started": ', "run.json cannot be read"),
        ("run.json", b"[]", "run.json cannot be read"),
        ("run.json", b'{"started": 7, "facts": "no"}', None),
    ],
)
def test_a_damaged_run_is_listed_with_what_can_be_read(
    make_run: Make, runs_dir: Path, capsys: Capture, file: str, content: bytes | None, note: str | None
) -> None:
    make_run("whole 2026-01-01 10:00", [{"epoch": 1, "val/f1": 0.4}])
    folder = make_run("hurt 2026-01-02 10:00", [{"epoch": 1, "val/f1": 0.5}])
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    whole, hurt = listed(capsys, "--runs-dir", runs_dir)
    assert whole["notes"] == ""
    assert (note or "") in hurt["notes"]
    assert bool(hurt["notes"]) == (note is not None)
    assert hurt["val/f1"] == ("0.5" if b"garbage" not in (content or b"") else "")
    assert hurt["changed"] == ""
    assert main(["--runs-dir", str(runs_dir)]) == 0
    assert (note or "") in capsys.readouterr().out.replace("\n", " ")


def test_a_run_killed_before_its_first_epoch_is_listed(
    trained: Path, runs_dir: Path, capsys: Capture
) -> None:
    source = next(trained.glob("wide*"))
    shutil.copytree(source, runs_dir / source.name)
    (runs_dir / source.name / "metrics.jsonl").unlink()
    (row,) = listed(capsys, "--runs-dir", runs_dir)
    assert (row["epochs"], row["parameters"], row["notes"]) == ("0", "65", "")


HOSTILE = "[bold]x[reset] \x1b[31mred\x07 <script>alert(1)<\\script> \u202egnp"


def test_hostile_names_are_shown_as_text(make_run: Make, runs_dir: Path, capsys: Capture) -> None:
    make_run(HOSTILE, [{"epoch": 1, "val/f1": 0.5, "[red]evil\x1b[0m": 1}], **{"[blink]\x1b[5m": "[link=x]"})
    make_run("tame", [{"epoch": 1, "val/f1": 0.5, "[red]evil\x1b[0m": 2}])
    assert main(["--runs-dir", str(runs_dir)]) == 0
    assert main(["compare", "[bold]", "tame", "--runs-dir", str(runs_dir)]) == 0
    assert main(["--runs-dir", str(runs_dir), "--sort", "no\x1b[31m"]) == 2
    assert main(["compare", "no\x1b[31m", "tame", "--runs-dir", str(runs_dir)]) == 2
    captured = capsys.readouterr()
    for text in (captured.out, captured.err):
        assert not {"\x1b", "\x07", "\u202e"} & set(text)
    for shown in ("[bold]x[reset]", "[red]evil", "[blink]", "[link=x]", "<script>"):
        assert shown in captured.out


def test_a_csv_is_no_formula(make_run: Make, runs_dir: Path, capsys: Capture) -> None:
    make_run("=HYPERLINK(1)", [{"epoch": 1, "val/f1": 0.5}])
    (row,) = listed(capsys, "--runs-dir", runs_dir)
    assert row["run"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize(
    ("target", "reason"), [("x.txt", "end in .csv"), ("no/x.csv", "no folder"), ("folder.csv", "is a folder")]
)
def test_a_csv_goes_only_where_it_can_be_meant(
    make_run: Make, runs_dir: Path, tmp_path: Path, target: str, reason: str, capsys: Capture
) -> None:
    make_run("toy", [{"epoch": 1, "val/f1": 0.5}])
    (tmp_path / "folder.csv").mkdir()
    assert main(["--runs-dir", str(runs_dir), "--csv", str(tmp_path / target)]) == 2
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1


def test_an_earlier_csv_is_replaced(make_run: Make, runs_dir: Path, tmp_path: Path, capsys: Capture) -> None:
    make_run("toy", [{"epoch": 1, "val/f1": 0.5}])
    file = tmp_path / "list.csv"
    file.write_text("old")
    assert main(["--runs-dir", str(runs_dir), "--csv", str(file)]) == 0
    assert file.read_text().startswith("run,source,started")
    assert str(file) in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []
