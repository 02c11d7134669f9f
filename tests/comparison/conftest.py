"""Runs of the toy task, trained by the real command, and folders made by hand for the odd ones."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tablesense.fit import main as fit_main

from .toy import ToyData, ToyModule

Make = Callable[..., Path]


def toy_config(runs_dir: Path) -> dict[str, Any]:
    return {
        "experiment": {
            "name": "toy",
            "runs_dir": str(runs_dir),
            "wandb_mode": "disabled",
            "save_every_n_epochs": 2,
        },
        "trainer": {"max_epochs": 4, "accelerator": "cpu"},
        "model": {"class_path": f"{ToyModule.__module__}.ToyModule", "init_args": {"lr": 0.05}},
        "data": {"class_path": f"{ToyData.__module__}.ToyData", "init_args": {"batch_size": 4}},
    }


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three runs: two kept by W&B, and one without it. Do not change them."""
    place = tmp_path_factory.mktemp("trained")
    config = place / "toy.yaml"
    config.write_text(yaml.safe_dump(toy_config(place / "runs")))
    with torch.random.fork_rng(devices=[]):
        for options in (
            ["--experiment.wandb_mode=offline"],
            ["--experiment.wandb_mode=offline", "--experiment.name=slow", "--model.lr=0.01"],
            ["--experiment.name=wide", "--model.hidden=16", "--trainer.max_epochs=6", "--seed_everything=7"],
        ):
            assert fit_main(["--config", str(config), *options]) == 0
    return place / "runs"


@pytest.fixture
def make_run(tmp_path: Path) -> Make:
    """``make_run("toy", [{"epoch": 1, "val/f1": 0.5}])`` writes the folder of a run."""

    def make(name: str, rows: Iterable[dict[str, Any] | str] = (), **config: Any) -> Path:
        folder = tmp_path / "runs" / name
        (folder / "configs").mkdir(parents=True)
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (folder / "metrics.jsonl").write_text("".join(f"{line}\n" for line in lines))
        sections = {"experiment": {"name": "x"}, "trainer": {"max_epochs": 4}, "model": config}
        (folder / "configs" / "config.yaml").write_text(yaml.safe_dump(sections))
        return folder

    return make


@pytest.fixture
def runs_dir(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def terminal_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """``terminal_of(80)`` lays everything out for 80 columns."""
    return lambda columns: monkeypatch.setenv("COLUMNS", str(columns))
