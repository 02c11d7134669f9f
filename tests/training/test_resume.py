"""The real task: a run that was stopped and resumed ends in the very same numbers as one never stopped."""

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tablesense.data.synthetic import SyntheticDataModule
from tablesense.fit import main
from tablesense.training.module import TableDetectionModule

EPOCHS = 3


class StoppedModule(TableDetectionModule):
    """As if Ctrl-C came in the last epoch."""

    def on_train_epoch_start(self) -> None:
        if self.current_epoch == EPOCHS - 1:
            raise KeyboardInterrupt


def table_config(folder: Path) -> dict[str, Any]:
    network = {
        "hidden_dim": 16,
        "backbone_blocks": 1,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "num_queries": 4,
        "dropout": 0.1,
    }
    data = {
        "num_sheets": 12,
        "folder": str(folder / "corpus"),
        "cache_dir": str(folder / "cache"),
        "batch_size": 2,
        "augment": {},
    }
    return {
        "experiment": {"name": "tables", "wandb_mode": "disabled", "save_every_n_epochs": 2},
        "trainer": {
            "max_epochs": EPOCHS,
            "accelerator": "cpu",
            "accumulate_grad_batches": 2,
            "gradient_clip_val": 1.0,
        },
        "model": {
            "class_path": f"{TableDetectionModule.__module__}.TableDetectionModule",
            "init_args": {"network": network, "warmup_steps": 3},
        },
        "data": {
            "class_path": f"{SyntheticDataModule.__module__}.SyntheticDataModule",
            "init_args": data,
        },
    }


def fit(config_file: Path, runs_dir: Path, *overrides: str) -> tuple[int, Path]:
    """The exit code and the run's folder; the state of the random numbers is kept."""
    with torch.random.fork_rng(devices=[]):
        code = main(["--config", str(config_file), f"--experiment.runs_dir={runs_dir}", *overrides])
    (run,) = runs_dir.iterdir()
    return code, run


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two nested states are not equal bit for bit."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return [] if torch.equal(one, other) else [path]
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [where for key in one for where in differences(one[key], other[key], f"{path}/{key}")]
    if isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [where for index, pair in pairs for where in differences(*pair, f"{path}/{index}")]
    return [] if type(one) is type(other) and one == other else [path]


@pytest.mark.slow
def test_resumed_equals_never_stopped(tmp_path: Path) -> None:
    config_file = tmp_path / "tables.yaml"
    config_file.write_text(yaml.safe_dump(table_config(tmp_path)))
    code, whole = fit(config_file, tmp_path / "whole")
    assert code == 0
    stopping = f"--model={StoppedModule.__module__}.StoppedModule"
    code, run = fit(config_file, tmp_path / "stopped", stopping)
    assert code == 130
    last = Path("checkpoints", "last.pt")
    assert torch.load(run / last, weights_only=True)["epoch"] == EPOCHS - 1

    going_on = f"--model={TableDetectionModule.__module__}.TableDetectionModule"
    with torch.random.fork_rng(devices=[]):
        assert main(["--resume", str(run), going_on]) == 0
    resumed, straight = (torch.load(folder / last, weights_only=True) for folder in (run, whole))
    assert resumed["epoch"] == EPOCHS
    for key in ("model_state_dict", "optimizer_state_dict", "scheduler_state_dict"):
        assert differences(resumed[key], straight[key], key) == []
    for key in ("train_metrics", "val_metrics", "best_epoch", "best_val_f1"):
        assert repr(resumed[key]) == repr(straight[key]), "exact, and NaN is NaN"
