"""Checks the files that a short training left: ``python .ci/check_run.py RUNS_DIR``."""

import json
import sys
from pathlib import Path

import torch

CHECKPOINT_KEYS = {
    "model_state_dict",
    "optimizer_state_dict",
    "scheduler_state_dict",
    "epoch",
    "train_metrics",
    "val_metrics",
    "best_val_f1",
}

FILES = (
    *("checkpoints/best.pt", "checkpoints/checkpoint_epoch_2.pt", "configs/config.yaml", "run.json"),
    *(f"checkpoint/*/{name}" for name in ("model.safetensors", "config.json", "metrics.json")),
    *("predictions/val_epoch2_predictions_*.csv", "predictions/test_predictions_*.csv"),
    *("stats/per_class_metrics_*.csv", "wandb/*/*.wandb"),
    *(f"wandb/*/files/{name}" for name in ("wandb-summary.json", "wandb-metadata.json", "output.log")),
)


def main(runs: Path) -> None:
    """Raise where something is missing from the one run under ``runs``."""
    (run,) = runs.iterdir()
    for pattern in FILES:
        assert list(run.glob(pattern)), f"{run / pattern} is missing"
    assert "TableDetector" in (run / "model_arch.txt").read_text()
    checkpoint = torch.load(run / "checkpoints" / "checkpoint_epoch_2.pt", weights_only=True)
    assert checkpoint.keys() >= CHECKPOINT_KEYS, CHECKPOINT_KEYS - checkpoint.keys()
    first, last = (json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines())
    assert last["train/loss"] < first["train/loss"], "the loss did not fall"
    sys.stdout.write(
        f"{run.name}: all files there, loss {first['train/loss']:.2f} -> {last['train/loss']:.2f}\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
