"""The search itself, over a training that is only played: what is tried, stopped, recorded, gone on with."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tablesense.search.search import Options, search
from tablesense.search.sweep_file import read_sweep
from tablesense.sweep import main
from tablesense.trainings.processes import find, identity, only_one

from .conftest import Sweep, Write

optuna = pytest.importorskip("optuna")

EARLY = {"type": "hyperband", "min_iter": 1, "eta": 2}


def trials(runs_dir: Path, name: str = "s") -> list[Any]:
    """The trials in the file of the study."""
    file = str(runs_dir / f"{name}.search" / "study.journal")
    lock = optuna.storages.journal.JournalFileOpenLock(file)
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(file, lock))
    found: list[Any] = optuna.load_study(study_name=name, storage=storage).trials
    return found


def states(runs_dir: Path) -> list[str]:
    return [trial.state.name for trial in trials(runs_dir)]


def started(runs_dir: Path, number: int) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment that the training of a trial was started with."""
    (run,) = runs_dir.glob(f"s_trial_{number:03} *")
    arguments, environment = json.loads((run / "started.json").read_text())
    return arguments, environment


def error_line(capsys: pytest.CaptureFixture[str]) -> str:
    err = capsys.readouterr().err
    assert err.count("\n") == 1, err
    assert err.strip("\n").isprintable()
    return err


def test_a_grid_is_searched_once(sweep: Sweep, runs_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--epochs=2") == 0
    assert [trial.value for trial in trials(runs_dir)] == [0.3, 0.9, 0.6]
    out = capsys.readouterr().out
    assert "3 trials finished, 0 stopped early, 0 failed." in out
    assert "s_trial_001 2026-11-22 00:45" in out
    assert out.rstrip().endswith("--score=0.9 --experiment.wandb_mode=offline --epochs=2")
    assert not (runs_dir / "s.search" / "running.lock").exists()
    line, _ = started(runs_dir, 1)
    assert "--experiment.wandb_mode=offline" in line, "who has no account sends nothing"
    assert "--experiment.wandb_mode=online" not in line


def test_the_same_command_again_adds_nothing_and_more_trials_add_more(sweep: Sweep, runs_dir: Path) -> None:
    random = {"method": "random", "parameters": {"score": {"min": 0.0, "max": 1.0}}}
    assert sweep("--trials=2", **random) == 0
    assert sweep("--trials=2", **random) == 0
    assert len(trials(runs_dir)) == 2
    assert sweep("--trials=4", **random) == 0
    values = [trial.value for trial in trials(runs_dir)]
    assert len(values) == len(set(values)) == 4, "a search that goes on does not draw the same again"


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_the_best_epoch_of_a_trial_counts(sweep: Sweep, runs_dir: Path, goal: str) -> None:
    assert sweep(metric={"name": "val/f1", "goal": goal}) == 0
    best = 3 if goal == "maximize" else 1
    assert [trial.user_attrs["best_epoch"] for trial in trials(runs_dir)] == [best] * 3
    assert [trial.value for trial in trials(runs_dir)] == [
        pytest.approx(score * best / 3) for score in (0.3, 0.9, 0.6)
    ]


def test_bayes_learns(sweep: Sweep, runs_dir: Path) -> None:
    space = {"score": {"distribution": "q_uniform", "min": 0.01, "max": 1.0, "q": 0.01}}
    assert sweep("--trials=30", "--epochs=1", method="bayes", parameters=space) == 0
    values = [trial.value for trial in trials(runs_dir)]
    first, last = values[:10], values[-10:]
    assert sum(last) / 10 > sum(first) / 10 + 0.1


def test_who_falls_behind_is_stopped(
    sweep: Sweep, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The second trial would never end by itself; after one epoch it is worse than the first.
    space = {"score": {"values": [0.9, 0.3, 0.96]}}
    assert sweep("--stay-below=0.5", parameters=space, early_terminate=EARLY) == 0
    assert states(runs_dir) == ["COMPLETE", "PRUNED", "COMPLETE"]
    assert trials(runs_dir)[1].intermediate_values == {1: pytest.approx(0.1)}, "later epochs do not count"
    out = capsys.readouterr().out
    assert "trial 1 stopped early after epoch 1: others were better" in out
    assert "2 trials finished, 1 stopped early, 0 failed." in out


def test_who_does_not_stop_when_asked_is_killed(write: Write, runs_dir: Path) -> None:
    space = {"score": {"values": [0.9, 0.3]}}
    file = read_sweep(write(parameters=space, early_terminate=EARLY))
    stubborn = ["--stay-below=0.5", "--behave=stubborn"]
    assert search(file, Options(runs_dir, trials=2, overrides=stubborn, grace=0.1))
    assert states(runs_dir) == ["COMPLETE", "PRUNED"]


def test_the_last_epoch_is_no_reason_to_stop(sweep: Sweep, runs_dir: Path) -> None:
    space = {"score": {"values": [0.9, 0.3]}}
    assert sweep("--epochs=1", parameters=space, early_terminate=EARLY) == 0
    assert states(runs_dir) == ["COMPLETE", "COMPLETE"]


def test_trials_run_side_by_side(sweep: Sweep, runs_dir: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # Each waits for the other one to be there.
    assert sweep("--jobs=2", f"--meet-at={pipe}", parameters={"score": {"values": [0.3, 0.9]}}) == 0
    assert states(runs_dir) == ["COMPLETE", "COMPLETE"]


@pytest.mark.parametrize(
    ("behave", "error"),
    [
        ("crash", "ValueError: a bug"),
        ("refuse", "score: too [bold]low[/bold] \N{REPLACEMENT CHARACTER}[31m"),
        ("measure nothing", "val/f1 was never a number"),
        ("die", "ended by SIGKILL"),
    ],
)
def test_a_trial_that_fails_is_recorded_and_the_search_goes_on(
    sweep: Sweep, runs_dir: Path, capsys: pytest.CaptureFixture[str], behave: str, error: str
) -> None:
    assert sweep(parameters={"behave": {"values": [behave, "well"]}}) == 0
    assert states(runs_dir) == ["FAIL", "COMPLETE"]
    assert trials(runs_dir)[0].user_attrs["error"] == error
    assert f"trial 0 failed: {error}\n" in capsys.readouterr().out
    assert sweep(parameters={"behave": {"values": [behave, "well"]}}) == 0
    assert len(trials(runs_dir)) == 2, "what failed is not tried again"


def test_no_result_at_all(sweep: Sweep, runs_dir: Path) -> None:
    assert sweep(parameters={"behave": {"values": ["crash"]}}) == 1
    assert sweep("--timeout=0", name="other") == 1
    assert trials(runs_dir, "other") == []


@pytest.mark.parametrize(("options", "tried"), [((), 3), (("--trials=1",), 1)])
def test_wrong_input_from_the_start_ends_the_search(
    sweep: Sweep, runs_dir: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], tried: int
) -> None:
    assert sweep("--behave=refuse", *options, parameters={"score": {"values": [1, 2, 3, 4, 5]}}) == 2
    captured = capsys.readouterr()
    assert (
        captured.err
        == "error: every trial refuses its input: score: too [bold]low[/bold] \N{REPLACEMENT CHARACTER}[31m\n"
    )
    assert captured.out.count("failed:") == tried
    assert not runs_dir.exists(), "nothing was learnt, nothing is left"
    assert sweep("--behave=well", *options) == 0, "the corrected command starts anew"


def test_a_metric_that_is_not_there(sweep: Sweep, runs_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--behave=measure something else") == 2
    assert "metric.name: the training has no val/f1; it has val/other" in error_line(capsys)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_search_that_was_stopped_goes_on_with_the_same_command(
    write: Write, runs_dir: Path, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    space = {"score": {"distribution": "uniform", "min": 0.5, "max": 1.0}}
    line = [
        str(write(method="bayes", parameters=space)),
        f"--runs-dir={runs_dir}",
        "--trials=1",
        "--behave=stay",
    ]
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "tablesense.sweep", *line],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        assert any("epoch 2" in text for text in running.stdout)
        running.send_signal(number)
        _, err = running.communicate()
    (interrupted,) = trials(runs_dir)
    training = find(interrupted.user_attrs["process"])
    if number == signal.SIGKILL:
        assert training is not None, "it outlives the search, and must not be trained beside itself"
        journal = runs_dir / "s.search" / "study.journal"
        journal.with_name("study.journal.lock").touch()
        journal.write_bytes(journal.read_bytes() + b'{"op_code": 6, "wor')  # killed while it wrote
    else:
        assert running.returncode == 130, err
        assert training is None
        assert "Go on with: python -m tablesense.sweep " in err
        assert "--behave=stay" in err

    assert main(line) == 0
    assert "going on with 1 that were interrupted" in capsys.readouterr().out
    assert states(runs_dir) == ["FAIL", "COMPLETE"]
    assert trials(runs_dir)[1].params == interrupted.params
    assert training is None or not training.is_running()
    arguments, _ = started(runs_dir, 0)
    assert arguments[-1] == f"--resume={next(runs_dir.glob('s_trial_000 *'))}"
    assert len(list(runs_dir.glob("s_trial_*"))) == 1


def test_another_search_under_the_same_name(
    sweep: Sweep, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep("--trials=1") == 0
    capsys.readouterr()
    assert sweep("--trials=1", "--epochs=4") == 2
    captured = capsys.readouterr()
    assert "other settings (overrides)" in captured.err
    assert sweep("--trials=1", parameters={"score": {"values": [1]}}, method="random") == 2
    assert "other settings (method, parameters)" in capsys.readouterr().err
    assert sweep("--trials=1", name="s2", method="random") == 0, "beside it there is room"
    assert sweep("--trials=2", description="words decide nothing") == 0


def test_one_search_at_a_time(sweep: Sweep, runs_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = runs_dir / "s.search" / "running.lock"
    lock.parent.mkdir(parents=True)
    with only_one(lock):
        assert sweep() == 2
        assert f"running already, as process {os.getpid()}" in error_line(capsys)
    for stale in ("", "words", "1 0.0", identity(os.getpid()).replace(" ", "9 ")):
        lock.write_text(stale)
        with only_one(lock):
            assert find(lock.read_text()) == psutil.Process()


def test_trials_belong_to_no_agent_of_wandb(
    sweep: Sweep, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_RUN_ID", "r")
    monkeypatch.setenv("WANDB_SWEEP_ID", "s")
    monkeypatch.setenv("WANDB_BASE_URL", "http://localhost")
    assert sweep("--trials=1") == 0
    _, environment = started(runs_dir, 0)
    assert {name for name in environment if name.startswith("WANDB_")} >= {"WANDB_BASE_URL"}
    assert not {"WANDB_RUN_ID", "WANDB_SWEEP_ID"} & set(environment)


def test_a_program_that_is_not_there(sweep: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep(command=["/no/such program", "${args}"]) == 2
    captured = capsys.readouterr()
    assert captured.err == "error: command: cannot start /no/such program: No such file or directory\n"


def test_without_optuna(
    sweep: Sweep, runs_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert sweep() == 2
    assert "needs optuna: pip install optuna" in error_line(capsys)
    assert not runs_dir.exists()


@pytest.mark.parametrize("args", [[], ["f.yaml", "--trials=0"], ["f.yaml", "--jobs=x"], ["nowhere.yaml"]])
def test_wrong_options_are_one_line(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(args) == 2
    error_line(capsys)


def test_help_loads_nothing() -> None:
    code = (
        "import sys\nfrom tablesense.sweep import make_parser\nmake_parser().format_help()\n"
        "print({'optuna', 'torch', 'yaml', 'rich', 'wandb'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert run.stdout == "set()\n"
