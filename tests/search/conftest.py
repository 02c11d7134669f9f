"""Sweep files, and searches over a training that is only played."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tablesense.sweep import main

Sweep = Callable[..., int]
Write = Callable[..., Path]

FAKE = str(Path(__file__).with_name("fake_fit.py"))


def sweep_content(**sections: Any) -> dict[str, Any]:
    """A sweep over the played training."""
    content = {
        "name": "s",
        "method": "grid",
        "metric": {"name": "val/f1", "goal": "maximize"},
        "command": [sys.executable, FAKE, "--experiment.wandb_mode=online", "${args}"],
        "parameters": {"score": {"values": [0.3, 0.9, 0.6]}},
    }
    return {key: value for key, value in (content | sections).items() if value is not None}


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    return tmp_path / "the runs"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write(method="random")`` writes a sweep file and returns its path."""

    def write_sweep(**sections: Any) -> Path:
        file = tmp_path / "sweep.yaml"
        file.write_text(yaml.safe_dump(sweep_content(**sections)))
        return file

    return write_sweep


@pytest.fixture
def sweep(write: Write, runs_dir: Path) -> Sweep:
    """``sweep("--trials=3", method="random")`` searches."""
    return lambda *args, **sections: main([str(write(**sections)), f"--runs-dir={runs_dir}", *args])
