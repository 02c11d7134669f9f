"""The real task in two processes: the scores are those that one process computes from the same weights."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from lightning import Trainer

from tablesense.data.synthetic import SyntheticDataModule
from tablesense.model.detector import NetworkConfig
from tablesense.tracking.run.quiet import quieten
from tablesense.training.module import TableDetectionModule

EPOCHS = 12  # after fewer the network finds nothing, and all scores are zero
THRESHOLD = 0.1
SCORES = ("val/precision", "val/recall", "val/f1", "val/eob2_f1", "val/eob_mean", "val/tuned_threshold")


def write_config(folder: Path) -> Path:
    """A sheet a batch, so that the sheets are batched alike in one process and in two."""
    config = {
        "experiment": {"name": "tables", "runs_dir": str(folder / "runs"), "wandb_mode": "disabled"},
        "trainer": {
            "max_epochs": EPOCHS,
            "check_val_every_n_epoch": EPOCHS,
            "accelerator": "cpu",
            "strategy": "ddp",
            "devices": 2,
        },
        "model": {
            "class_path": f"{TableDetectionModule.__module__}.TableDetectionModule",
            "init_args": {
                "network": {
                    "hidden_dim": 32,
                    "backbone_blocks": 2,
                    "encoder_layers": 1,
                    "decoder_layers": 1,
                    "num_queries": 6,
                },
                "lr": 2e-3,
                "warmup_steps": 10,
                "score_threshold": THRESHOLD,
            },
        },
        "data": {
            "class_path": f"{SyntheticDataModule.__module__}.SyntheticDataModule",
            "init_args": {
                "num_sheets": 26,
                "folder": str(folder / "corpus"),
                "cache_dir": str(folder / "cache"),
                "batch_size": 1,
            },
        },
    }
    file = folder / "tables.yaml"
    file.write_text(yaml.safe_dump(config))
    return file


@pytest.mark.slow
def test_two_processes_score_as_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tablesense.fit", "--config", str(write_config(tmp_path))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(  # noqa: S603 - our own command
        command, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    (run,) = (tmp_path / "runs").iterdir()
    checkpoint = torch.load(run / "checkpoints" / "last.pt", weights_only=True)

    quieten()
    network = NetworkConfig(**checkpoint["network"])
    module = TableDetectionModule(network, score_threshold=THRESHOLD)
    module.load_state_dict(checkpoint["model_state_dict"])
    data = SyntheticDataModule(
        num_sheets=26, folder=str(tmp_path / "corpus"), cache_dir=str(tmp_path / "cache"), batch_size=1
    )
    trainer = Trainer(
        accelerator="cpu", devices=1, logger=False, enable_progress_bar=False, default_root_dir=tmp_path
    )
    trainer.validate(module, datamodule=data, verbose=False)

    assert len(data.val_samples) % 2 == 1, "one process has to repeat a sheet"
    alone = {name: float(trainer.callback_metrics[name]) for name in SCORES}
    assert {name: checkpoint["val_metrics"][name] for name in SCORES} == pytest.approx(alone, nan_ok=True)
    assert alone["val/eob2_f1"] > 0, "nothing found would be nothing compared"
