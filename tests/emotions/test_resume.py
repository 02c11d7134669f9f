"""A run of emotions that was stopped and resumed ends in the very same numbers as one never stopped."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from torch import Tensor

from tablesense.emotions.batches import TextBatch
from tablesense.emotions.module import EmotionModule
from tablesense.fit import main

from .conftest import SIZES, emotion_config, fit, only_run, rows_of

pytestmark = pytest.mark.slow
LAST = Path("checkpoints", "last.pt")


class StoppedModule(EmotionModule):
    """As if Ctrl-C came in the midst of the second epoch."""

    def training_step(self, batch: TextBatch, batch_idx: int = 0) -> Tensor:
        if self.current_epoch == 1 and batch_idx == 11:
            raise KeyboardInterrupt
        return super().training_step(batch)


def test_resumed_equals_never_stopped(encoder: Path, texts: Path, tmp_path: Path) -> None:
    config = emotion_config(encoder, texts)
    assert fit(config, tmp_path / "whole", "--trainer.max_epochs=3") == 0
    config["model"]["class_path"] = f"{StoppedModule.__module__}.StoppedModule"
    assert fit(config, tmp_path / "stopped", "--trainer.max_epochs=3") == 130
    run = only_run(tmp_path / "stopped")
    with torch.random.fork_rng(devices=[]):
        assert main(["--resume", str(run), "--model=tablesense.emotions.module.EmotionModule"]) == 0
    resumed, straight = (
        torch.load(folder / LAST, weights_only=True) for folder in (run, only_run(tmp_path / "whole"))
    )
    assert resumed["epoch"] == straight["epoch"] == 3
    for name, value in straight["model_state_dict"].items():
        assert torch.equal(resumed["model_state_dict"][name], value), name
    for key in ("optimizer_state_dict", "scheduler_state_dict", "val_metrics", "best_epoch", "best_val_f1"):
        assert repr(resumed[key]) == repr(straight[key]), key


def test_two_processes_count_every_text_once(encoder: Path, texts: Path, tmp_path: Path) -> None:
    config = emotion_config(encoder, texts)
    config["trainer"] |= {"strategy": "ddp", "devices": 2, "max_epochs": 1}
    config["experiment"]["runs_dir"] = str(tmp_path / "runs")
    file = tmp_path / "two.yaml"
    file.write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "tablesense.fit", "--config", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    run = only_run(tmp_path)
    (validated,) = (run / "predictions").glob("val_epoch1_*")
    said = [row["text"].removeprefix("'") for row in rows_of(validated)]
    lines = (texts / "dev.tsv").read_text("utf-8").splitlines()
    assert said == [line.split("\t")[0] for line in lines]
    assert len(said) == SIZES["dev"]
