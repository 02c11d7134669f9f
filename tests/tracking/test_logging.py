"""What is sent: gradient norms, and the W&B log of an offline run read back."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from tablesense.fit import main
from tablesense.tracking.metrics.gradients import gradient_norms
from tablesense.tracking.run.flat_config import flatten
from tablesense.tracking.wandb_run.log import last_step, log_files, read_records

from .conftest import Fit, only_run, run_python


def test_gradient_norms_equal_a_loop() -> None:
    weights = [torch.nn.Parameter(torch.randn(size)) for size in (3, 5, 2)]
    for weight in weights[:2]:
        weight.grad = torch.randn_like(weight)
    optimizer = torch.optim.SGD([{"params": weights[:1]}, {"params": weights[1:]}])
    expected = [float(weight.grad.norm()) for weight in weights[:2] if weight.grad is not None]
    assert gradient_norms(optimizer) == pytest.approx((max(expected), sum(expected) / 2))


def test_gradient_norms_without_gradients() -> None:
    assert gradient_norms(torch.optim.SGD([torch.nn.Parameter(torch.zeros(2))])) is None


def test_flatten_leaves_out_init_args() -> None:
    config = {"model": {"class_path": "x.Y", "init_args": {"lr": 1, "sizes": [1, 2]}}, "seed": 3, "empty": {}}
    flat = {"model/class_path": "x.Y", "model/lr": 1, "model/sizes": [1, 2], "seed": 3, "empty": {}}
    assert flatten(config) == flat


@pytest.mark.slow
def test_disabled_never_imports_wandb(config_file: Path) -> None:
    code = (
        "import sys; from tablesense.fit import main; "
        f"code = main(['--config', {str(config_file)!r}, '--trainer.max_epochs=1']); "
        "sys.exit(code or 10 * ('wandb' in sys.modules))"
    )
    assert run_python("-c", code).returncode == 0


@pytest.mark.slow
def test_offline_log_and_its_continuation(fit: Fit, runs_dir: Path) -> None:
    assert (
        fit("--experiment.wandb_mode=offline", "--trainer.max_epochs=2", "--model.scores=[0.5,0.4,0.6]") == 0
    )
    run = only_run(runs_dir)
    assert main(["--resume", str(run), "--trainer.max_epochs=3"]) == 0

    run_id = json.loads((run / "run.json").read_text())["wandb_id"]
    logs = log_files(run / "wandb", run_id)
    assert len(logs) == 2, "the same id twice"
    rows = [row for log in logs for row in history(log)]
    assert [row["_step"] for row in rows] == list(range(len(rows))), "steps go on"
    assert last_step(logs) == len(rows) - 1

    epochs = [row for row in rows if "epoch" in row]
    assert [row["epoch"] for row in epochs] == [1, 2, 3]
    expected = {"train/loss", "train/lr", "val/loss", "val/f1"}
    expected |= {"system/cpu_memory_mb", "system/epoch_time_seconds"}
    assert all(row.keys() >= expected for row in epochs)
    steps = [row for row in rows if "train/max_grad_norm" in row]
    assert len(steps) == 12, "one row an optimizer step"
    assert all(row["train/max_grad_norm"] >= row["train/mean_grad_norm"] > 0 for row in steps)

    files = logs[-1].parent / "files"
    assert {"wandb-summary.json", "wandb-metadata.json", "config.yaml", "output.log", "requirements.txt"} <= {
        file.name for file in files.iterdir()
    }
    summary = json.loads((files / "wandb-summary.json").read_text())
    assert (summary["best_epoch"], summary["best_f1"]) == (3, pytest.approx(0.6))
    config = (files / "config.yaml").read_text()
    for key in ("model/lr:", "data/batch_size:", "trainer/max_epochs:", "model/total_params:"):
        assert key in config


def test_losses_of_batches_are_printed(fit: Fit, runs_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    accumulate = "--trainer.accumulate_grad_batches=2"
    assert fit("--experiment.print_loss_every_n_batches=3", accumulate, "--trainer.max_epochs=2") == 0
    run = only_run(runs_dir)
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    found = re.findall(r"^epoch (\d), batch (\d)/4  loss (\S+)$", capsys.readouterr().out, re.MULTILINE)
    assert [(epoch, batch) for epoch, batch, _ in found] == [("1", "3"), ("1", "4"), ("2", "3"), ("2", "4")]
    for row, (three, one) in zip(rows, (found[:2], found[2:]), strict=True):
        mean = (3 * float(three[2]) + float(one[2])) / 4
        assert mean == pytest.approx(row["train/loss"], rel=1e-3), "not divided for the accumulation"


@pytest.mark.slow
def test_a_damaged_log_does_not_stop_a_resume(fit: Fit, runs_dir: Path) -> None:
    assert fit("--experiment.wandb_mode=offline", "--trainer.max_epochs=2") == 0
    run = only_run(runs_dir)
    (log,) = log_files(run / "wandb", json.loads((run / "run.json").read_text())["wandb_id"])
    content = bytearray(log.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 40] = b"\xff" * 40
    log.write_bytes(bytes(content))
    assert main(["--resume", str(run), "--trainer.max_epochs=3"]) == 0


def history(log: Path) -> list[dict[str, Any]]:
    return [
        {(item.key or ".".join(item.nested_key)): json.loads(item.value_json) for item in record.history.item}
        for record in read_records(log)
        if record.HasField("history")
    ]
