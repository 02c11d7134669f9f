"""Runs the real command on the toy task."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tablesense.fit import main

from . import toy
from .toy import ToyData, ToyModule

Fit = Callable[..., int]

CHECKPOINT_KEYS = {
    "model_state_dict",
    "optimizer_state_dict",
    "scheduler_state_dict",
    "epoch",
    "train_metrics",
    "val_metrics",
    "best_val_f1",
}


def toy_config(runs_dir: Path) -> dict[str, Any]:
    return {
        "experiment": {
            "name": "toy",
            "runs_dir": str(runs_dir),
            "wandb_mode": "disabled",
            "save_every_n_epochs": 2,
        },
        "trainer": {"max_epochs": 4, "accelerator": "cpu", "callbacks": []},
        "model": {"class_path": f"{ToyModule.__module__}.ToyModule", "init_args": {"lr": 0.05}},
        "data": {"class_path": f"{ToyData.__module__}.ToyData", "init_args": {"batch_size": 4}},
    }


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def config_file(tmp_path: Path, runs_dir: Path) -> Path:
    file = tmp_path / "toy.yaml"
    file.write_text(yaml.safe_dump(toy_config(runs_dir)))
    return file


@pytest.fixture
def fit(config_file: Path) -> Iterator[Fit]:
    """``fit("--trainer.max_epochs=2")`` trains the toy; the state of the random numbers is kept."""
    with torch.random.fork_rng(devices=[]):
        yield lambda *overrides: main(["--config", str(config_file), *overrides])


def only_run(runs_dir: Path) -> Path:
    (run,) = runs_dir.iterdir()
    return run


def python_command(*args: str) -> list[str]:
    return [sys.executable, *args]


def python_environment() -> dict[str, str]:
    """So that the toy's package can be imported in another Python as it is here."""
    root = Path(toy.__file__).parents[len(toy.__name__.split(".")) - 1]
    # A W&B service that runs for this process is none of the other's.
    inherited = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
    return {**inherited, "PYTHONPATH": os.pathsep.join([str(root), *sys.path])}


def run_python(*args: str) -> subprocess.CompletedProcess[str]:
    """Run another Python to its end."""
    return subprocess.run(  # noqa: S603 - our own command
        python_command(*args),
        env=python_environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def load(file: Path) -> dict[str, Any]:
    checkpoint: dict[str, Any] = torch.load(file, weights_only=True)
    return checkpoint


def same(a: Any, b: Any) -> bool:
    """Whether two nested states are equal bit for bit."""
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)
