"""Two processes: one run directory, one message."""

import subprocess
from pathlib import Path

import pytest

from .conftest import load, only_run, run_python


def fit_in_two(config_file: Path, *overrides: str) -> subprocess.CompletedProcess[str]:
    ddp = ("--trainer.strategy=ddp", "--trainer.devices=2")
    return run_python("-m", "tablesense.fit", "--config", str(config_file), *ddp, *overrides)


@pytest.mark.slow
def test_two_processes_make_one_run(config_file: Path, runs_dir: Path) -> None:
    done = fit_in_two(config_file, "--trainer.max_epochs=2", "--experiment.wandb_mode=offline")
    assert done.returncode == 0, done.stderr
    run = only_run(runs_dir)
    assert len(list((run / "wandb").glob("offline-run-*"))) == 1
    assert len((run / "metrics.jsonl").read_text().splitlines()) == 2
    assert load(run / "checkpoints" / "last.pt")["epoch"] == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("--data.prepare_problem=no room for x", "no room for x"),
        ("--data.problem=no corpus x", "no corpus x"),
        ("--data.problem_of_second=no corpus x here", "no corpus x here"),
        ("--experiment.name=a/b", "experiment.name: 'a/b'"),
    ],
)
def test_a_mistake_is_told_once(config_file: Path, runs_dir: Path, override: str, expected: str) -> None:
    done = fit_in_two(config_file, override)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert not runs_dir.exists() or not list(runs_dir.iterdir())


@pytest.mark.slow
def test_a_warning_is_told_once(config_file: Path) -> None:
    done = fit_in_two(config_file, "--trainer.max_epochs=1", "--data.warning=two sheets are skipped")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("two sheets are skipped") == 1
