import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tablesense.comparison.config_diff import MISSING, differing, is_bookkeeping
from tablesense.comparison.curves import BLOCKS, sparklines
from tablesense.comparison.local import find_runs, read_run
from tablesense.comparison.record import EPOCH, STEP, RunRecord
from tablesense.comparison.rows import ordered, split_history
from tablesense.comparison.side_by_side import shared_metrics
from tablesense.fit import main as fit_main
from tablesense.runs import main

from .conftest import Make

Capture = pytest.CaptureFixture[str]


def test_real_runs_side_by_side(trained: Path, capsys: Capture) -> None:
    assert main(["compare", "toy", "slow", "wide", "--runs-dir", str(trained)]) == 0
    out = capsys.readouterr().out
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.strip()}
    assert lines["model/lr"] == ["0.05", "0.01", "0.05"]
    assert lines["model/hidden"] == ["4", "4", "16"]
    assert lines["model/total_params"] == ["17", "17", "65"]
    assert not any(is_bookkeeping(key) for key in lines)
    assert "data/batch_size" not in out  # the same in all three
    for metric in ("val/f1", "train/loss", "train/lr", "train/max_grad_norm", "system/cpu_memory_mb"):
        assert metric in out


@pytest.mark.parametrize("columns", [80, 140])
def test_the_comparison_fits_a_terminal(
    trained: Path, columns: int, terminal_of: Callable[[int], None], capsys: Capture
) -> None:
    terminal_of(columns)
    assert main(["compare", "toy", "slow", "wide", "--runs-dir", str(trained)]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= columns


def test_first_best_and_last_of_each_run(make_run: Make, runs_dir: Path, capsys: Capture) -> None:
    make_run(
        "one", [{"epoch": n + 1, "val/f1": v, "val/loss": 1 - v} for n, v in enumerate((0.1, 0.9, 0.55))]
    )
    make_run("two", [{"epoch": n + 1, "val/f1": v, "val/loss": 1 - v} for n, v in enumerate((0.33, 0.23))])
    assert main(["compare", "one", "two", "--runs-dir", str(runs_dir)]) == 0
    rows = [
        line.split()
        for line in capsys.readouterr().out.splitlines()
        if any(block in line for block in BLOCKS)
    ]
    assert rows == [
        ["val/f1", "A", "▁█▅", "0.1000", "0.9000", "2", "0.5500"],
        ["B", "▃▂", "0.3300", "0.3300", "1", "0.2300"],
        ["val/loss", "A", "█▁▄", "0.9000", "0.1000", "2", "0.4500"],
        ["B", "▆▇", "0.6700", "0.6700", "1", "0.7700"],
    ]


def test_the_csv_holds_every_value(trained: Path, tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "values.csv"
    assert main(["compare", "toy", "wide", "--runs-dir", str(trained), "--csv", str(file)]) == 0
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert list(rows[0]) == ["run", "x-axis", "x", "metric", "value"]
    written = {(row["run"], row["x-axis"], int(row["x"]), row["metric"], float(row["value"])) for row in rows}
    records = [read_run(folder) for folder in find_runs(trained) if "slow" not in folder.name]
    measured = {
        (record.name, record.x_axis(metric), int(x), metric, value)
        for record in records
        for metric in record.metrics
        for x, value in record.series(metric)
    }
    assert written == measured
    assert {row["x-axis"] for row in rows} == {EPOCH, STEP}


def test_the_page_is_written(trained: Path, tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "page.html"
    assert main(["compare", "toy", "slow", "--runs-dir", str(trained), "--html", str(page)]) == 0
    assert "<html" in page.read_text()
    assert str(page) in capsys.readouterr().out


def test_runs_are_named_by_path_name_experiment_or_part(
    make_run: Make, runs_dir: Path, capsys: Capture
) -> None:
    rows = [{"epoch": 1, "val/f1": 0.5}]
    toy = make_run("toy 2026-01-01 10:00", rows)
    large = make_run("toy_large 2026-01-01 10:05", rows)
    make_run("toy_large 2026-01-02 11:00 (2)", rows)

    def compared(*names: str) -> int:
        return main(["compare", *names, "--runs-dir", str(runs_dir)])

    assert compared(str(toy), str(large)) == 0
    assert compared(toy.name, large.name) == 0
    assert compared("toy", "10:05") == 0  # the experiment `toy` is meant, though others begin like it
    assert compared("toy", "(2)") == 0
    capsys.readouterr()
    for names, reason in (
        (("toy", "toy_large"), "'toy_large 2026-01-01 10:05', 'toy_large 2026-01-02 11:00 (2)'"),
        (("toy", "nothing"), "no run 'nothing'"),
        (("toy", str(toy)), "named twice"),
        (("toy",), "two runs"),
        (("toy", str(runs_dir)), "is not the folder of a run"),
    ):
        assert compared(*names) == 2
        error = capsys.readouterr().err
        assert reason in error
        assert error.count("\n") == 1


def test_a_resumed_run_counts_what_it_did_last(trained: Path, tmp_path: Path, capsys: Capture) -> None:
    """Set back to epoch 2 and resumed, the run repeats epochs 3 and 4 and their steps in a second log."""
    source = next(trained.glob("toy*"))
    folder = tmp_path / "runs" / source.name
    shutil.copytree(source, folder)
    (folder / "checkpoints" / "checkpoint_epoch_2.pt").replace(folder / "checkpoints" / "last.pt")
    before = read_run(folder)
    # What was measured first is marked, so that it shows if any of it is kept.
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    marked = [{**row, "marked": 1} if row["epoch"] > 2 else row for row in lines]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in marked))
    with torch.random.fork_rng(devices=[]):
        assert fit_main(["--resume", str(folder)]) == 0
    assert len(list(folder.glob("wandb/*run-*/run-*.wandb"))) == 2
    record = read_run(folder)
    assert [row[EPOCH] for row in record.epochs] == [1, 2, 3, 4]
    assert "marked" not in record.metrics
    assert [row[STEP] for row in record.steps] == list(range(16))
    assert record.series("train/max_grad_norm") == before.series("train/max_grad_norm")
    assert record.series("val/f1") == before.series("val/f1")


def test_without_its_epoch_rows_a_run_is_read_from_the_log_of_wandb(trained: Path, tmp_path: Path) -> None:
    source = next(trained.glob("toy*"))
    folder = tmp_path / source.name
    shutil.copytree(source, folder)
    (folder / "metrics.jsonl").unlink()
    assert read_run(folder).epochs == read_run(source).epochs


def test_a_cut_log_of_wandb_gives_its_beginning(trained: Path, tmp_path: Path) -> None:
    source = next(trained.glob("toy*"))
    folder = tmp_path / source.name
    shutil.copytree(source, folder)
    (log,) = folder.glob("wandb/*run-*/run-*.wandb")
    whole = read_run(folder).steps
    content = log.read_bytes()
    counts = []
    for share in (0.2, 0.5, 0.8):
        log.unlink()
        log.write_bytes(content[: int(len(content) * share)])
        counts.append(len(read_run(folder).steps))
        assert read_run(folder).steps == whole[: counts[-1]]
    assert counts == sorted(counts)
    log.write_bytes(content[:7] + b"\x00\x00\x00\x00\x05\x00\x01garba")
    record = read_run(folder)
    assert record.steps == ()
    assert any("cannot be read to its end" in note for note in record.notes)


def test_a_run_without_wandb_has_no_steps(trained: Path) -> None:
    record = read_run(next(trained.glob("wide*")))
    assert record.steps == ()
    assert len(record.epochs) == 6


def test_rows_keep_finite_numbers_and_the_latest_of_each_epoch() -> None:
    rows: list[dict[str, Any]] = [
        {"epoch": 1, "a": 1.0, "flag": True, "text": "x", "_step": 3},
        {"epoch": 2, "a": 2.0, "b": None},
        {"epoch": 3, "a": 3.0},
        {"a": 4.0},
        {"epoch": 2, "a": float("nan"), "b": 5.0},
        {"epoch": 2, "a": 6.0},
    ]
    assert ordered(rows, "epoch") == ({"epoch": 1.0, "a": 1.0}, {"epoch": 2.0, "a": 6.0, "b": 5.0})


def test_history_is_split_by_its_x_axis() -> None:
    epoch = {"epoch": 1, STEP: 7, "val/f1": 0.5, "_step": 8}
    step = {STEP: 6, "train/max_grad_norm": 2.0, "gradients/net.weight": {"bins": [1], "values": [2]}}
    assert split_history([step, epoch]) == (
        ({"epoch": 1.0, "val/f1": 0.5},),
        ({STEP: 6.0, "train/max_grad_norm": 2.0},),
    )


def test_a_metric_is_shared_by_two_runs_of_three(make_run: Make) -> None:
    records = [
        read_run(make_run(name, [{"epoch": 1, **dict.fromkeys(metrics, 0.5)}]))
        for name, metrics in (("a", ["x", "val/f1"]), ("b", ["x"]), ("c", ["val/f1", "z"]))
    ]
    assert shared_metrics(records) == ["val/f1", "x"]


def test_only_parameters_that_differ_are_shown() -> None:
    one: dict[str, Any] = {
        "a": 1,
        "same": None,
        "corpora": [{"path": "x", "n": 1}],
        "experiment/name": "one",
        "on": True,
    }
    two: dict[str, Any] = {
        "a": 2,
        "same": None,
        "corpora": [{"path": "x", "n": 2}],
        "experiment/name": "two",
        "on": 1,
        "c": {},
    }
    assert differing([one, two]) == {
        "a": [1, 2],
        "corpora[0]/n": [1, 2],
        "on": [True, 1],
        "c": [MISSING, {}],
    }


def test_seeds_are_no_bookkeeping() -> None:
    assert not is_bookkeeping("seed_everything")
    assert not is_bookkeeping("data/seed")
    assert not is_bookkeeping("experiment/monitor")
    assert is_bookkeeping("experiment/name")
    assert is_bookkeeping("data/cache_dir")


finite = st.floats(-1e100, 1e100)


@given(st.lists(st.lists(finite, max_size=30), max_size=4), st.integers(1, 20))
def test_sparklines_share_their_scale(curves: list[list[float]], width: int) -> None:
    lines = sparklines([list(enumerate(values)) for values in curves], width)
    assert len(lines) == len(curves)
    assert all(len(line) <= width and set(line) <= {*BLOCKS, " "} for line in lines)
    assert [bool(line) for line in lines] == [bool(values) for values in curves]
    if all(len(values) <= width for values in curves):  # a character a value
        pairs = [
            pair
            for values, line in zip(curves, lines, strict=True)
            for pair in zip(values, line, strict=True)
        ]
        pairs.sort()
        assert [level for _, level in pairs] == sorted(level for _, level in pairs)


def test_the_best_value_is_the_first_of_the_lowest_losses_and_highest_scores() -> None:
    rows = tuple(
        {"epoch": n, "val/loss": loss, "val/f1": f1}
        for n, (loss, f1) in enumerate([(3.0, 0.1), (1.0, 0.4), (1.0, 0.4)], start=1)
    )
    record = RunRecord("x", "x", None, {}, {}, rows)
    assert record.best("val/loss") == (2, 1.0)
    assert record.best("val/f1") == (2, 0.4)
    assert record.best("val/none") is None
    judged = RunRecord(
        "x", "x", None, {"experiment/monitor": "val/f1", "experiment/monitor_mode": "min"}, {}, rows
    )
    assert judged.best("val/f1") == (1, 0.1)
