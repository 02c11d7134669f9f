"""SIGKILL at random moments: the folder goes on as if nothing had happened."""

import json
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from tablesense.tracking.wandb_run.log import log_files, logged_epochs, read_records

from .conftest import load, only_run, python_command, python_environment, run_python, same

KILLS = 4
_TIMES = {"system/cpu_memory_mb", "system/epoch_time_seconds"}


def rows(run: Path) -> list[dict[str, Any]]:
    """The rows of the epochs without what no two runs have alike."""
    lines = (run / "metrics.jsonl").read_text().splitlines()
    return [{k: v for k, v in json.loads(line).items() if k not in _TIMES} for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_killed_at_random_moments(config_file: Path, runs_dir: Path, tmp_path: Path, seed: int) -> None:
    """Kill it again and again, sooner or later after its start, until it gets through."""
    config = yaml.safe_load(config_file.read_text())
    config["experiment"]["wandb_mode"] = "offline"
    config["trainer"]["max_epochs"] = 8
    config["model"]["init_args"]["step_seconds"] = 0.02
    config_file.write_text(yaml.safe_dump(config))
    whole = tmp_path / "whole"
    begin = ["-m", "tablesense.fit", "--config", str(config_file)]
    straight = run_python(*begin, f"--experiment.runs_dir={whole}")
    assert straight.returncode == 0, straight.stderr

    draw = random.Random(seed)
    command, killed = begin, 0
    for _ in range(KILLS):
        if runs_dir.exists() and any(folder.name.startswith("toy") for folder in runs_dir.iterdir()):
            command = ["-m", "tablesense.fit", "--resume", str(the_run(runs_dir))]
        killed += kill_after(draw.randrange(0, 40), command, runs_dir)
    assert killed == KILLS
    done = run_python("-m", "tablesense.fit", "--resume", str(the_run(runs_dir)))
    assert done.returncode == 0, done.stderr

    run, other = the_run(runs_dir), only_run(whole)
    assert rows(run) == rows(other)
    for name in ("last.pt", "best.pt", "checkpoint_epoch_4.pt"):
        resumed, never = (load(folder / "checkpoints" / name) for folder in (run, other))
        assert same(resumed["model_state_dict"], never["model_state_dict"]), name
        assert same(resumed["optimizer_state_dict"], never["optimizer_state_dict"]), name
    assert_one_wandb_run(run)


def assert_one_wandb_run(run: Path) -> None:
    card = json.loads((run / "run.json").read_text())
    logs = log_files(run / "wandb", card["wandb_id"])
    folders = [folder for folder in (run / "wandb").glob("*run-*") if not folder.is_symlink()]
    assert all(folder.name.endswith(f"-{card['wandb_id']}") for folder in folders), "all have the one id"
    steps = []
    for log in logs:
        steps += [r.history.step.num for r in read_records(log) if r.HasField("history")]
    assert steps == sorted(set(steps)), "steps go on and never come twice"
    assert logged_epochs(logs) == set(range(1, 9)), "also those that a kill kept from the log"
    for log in (log for log in logs if any(r.HasField("environment") for r in read_records(log))):
        files = {path.name for path in (log.parent / "files").iterdir()}
        assert {"wandb-summary.json", "wandb-metadata.json", "config.yaml"} <= files


def the_run(runs_dir: Path) -> Path:
    (run,) = (folder for folder in runs_dir.iterdir() if not folder.name.startswith("."))
    return run


def kill_after(wanted: int, command: list[str], runs_dir: Path) -> bool:
    """Start the command and kill it once it has come so far: a number of changes to the run folder.

    Progress, not time, is what is waited for, so a slow machine is killed at the same kinds of places.
    """
    process = subprocess.Popen(  # noqa: S603 - our own command
        python_command(*command),
        env=python_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    seen: set[tuple[str, int, int]] = set()
    changes = 0
    while changes <= wanted:
        now = set(_files(runs_dir))
        changes += len(now - seen)
        seen |= now
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.005)
            return False
    process.kill()
    process.wait()
    return True


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # renamed or removed in this moment
                stat = (Path(parent) / name).stat()
                yield name, stat.st_size, stat.st_mtime_ns
