"""What a run leaves behind."""

import json
from datetime import datetime
from pathlib import Path

import pytest
import torch
import yaml

from tablesense.fit import main
from tablesense.tracking.run.directory import claim_directory

from .conftest import CHECKPOINT_KEYS, Fit, load, only_run, same
from .toy import ToyModule


def files(run: Path) -> set[str]:
    return {str(file.relative_to(run)) for file in run.rglob("*") if file.is_file()}


def test_run_directory_name_for_name(
    fit: Fit, runs_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fit() == 0
    run = only_run(runs_dir)
    assert datetime.strptime(run.name, "toy %Y-%m-%d %H:%M")
    started = datetime.fromisoformat(json.loads((run / "run.json").read_text())["started"])

    def stamped(joint: str) -> str:
        return f"toy-net{joint}{started:%m-%d-%Y-%H%M%S}"

    assert files(run) == {
        "checkpoints/checkpoint_epoch_2.pt",
        "checkpoints/checkpoint_epoch_4.pt",
        "checkpoints/best.pt",
        "checkpoints/last.pt",
        "configs/config.yaml",
        "model_arch.txt",
        "metrics.jsonl",
        "run.json",
        ".lock",
        "output.log",
        *(
            f"checkpoint/{stamped('-')}/{name}"
            for name in ("pytorch_model.bin", "config.json", "metrics.json")
        ),
        *(f"predictions/val_epoch{epoch}_predictions_{stamped('_')}.csv" for epoch in (1, 2, 3, 4)),
        f"stats/per_class_metrics_{stamped('_')}.csv",
    }
    assert {path.name for path in tmp_path.iterdir()} == {"toy.yaml", "runs"}, "nothing beside the run"


def test_checkpoint_keys_and_values(fit: Fit, runs_dir: Path) -> None:
    assert fit("--model.scores=[0.1,0.9,0.3,0.2]") == 0
    checkpoint = load(only_run(runs_dir) / "checkpoints" / "checkpoint_epoch_4.pt")
    assert checkpoint.keys() >= CHECKPOINT_KEYS
    assert checkpoint["epoch"] == 4
    assert checkpoint["best_val_f1"] == pytest.approx(0.9)
    assert checkpoint["best_epoch"] == 2
    assert checkpoint["val_metrics"]["val/f1"] == pytest.approx(0.2)
    assert checkpoint["train_metrics"].keys() == {"train/loss", "train/lr", "train/loss_twice"}
    ToyModule().load_state_dict(checkpoint["model_state_dict"])
    assert checkpoint["optimizer_state_dict"].keys() == {"state", "param_groups"}
    assert checkpoint["scheduler_state_dict"]["last_epoch"] == 4


@pytest.mark.parametrize(
    ("mode", "scores", "best"), [("max", [0.1, 0.9, 0.9, 0.2], 2), ("min", [0.3, 0.4, 0.1, 0.2], 3)]
)
def test_best_is_the_best_epoch(fit: Fit, runs_dir: Path, mode: str, scores: list[float], best: int) -> None:
    assert fit(f"--model.scores={scores}", f"--experiment.monitor_mode={mode}") == 0
    assert load(only_run(runs_dir) / "checkpoints" / "best.pt")["epoch"] == best


def test_one_metrics_row_an_epoch(fit: Fit, runs_dir: Path) -> None:
    assert fit("--trainer.check_val_every_n_epoch=2") == 0
    rows = [json.loads(line) for line in (only_run(runs_dir) / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    assert ["val/f1" in row for row in rows] == [False, True, False, True], "no stale value is repeated"
    assert [row["train/lr"] for row in rows] == pytest.approx([0.05 * 0.7**n for n in range(4)])
    assert all(row["system/cpu_memory_mb"] > 0 and row["system/epoch_time_seconds"] > 0 for row in rows)


def test_model_arch_tells_layers_and_sizes(fit: Fit, runs_dir: Path) -> None:
    assert fit("--trainer.max_epochs=1") == 0
    text = (only_run(runs_dir) / "model_arch.txt").read_text()
    assert "Dropout(p=0.3" in text
    assert "model/total_params: 17" in text


def test_saved_config_runs_again_to_the_same_weights(fit: Fit, runs_dir: Path, tmp_path: Path) -> None:
    assert fit("--model.lr=0.02", "--seed_everything=7") == 0
    run = only_run(runs_dir)
    again = tmp_path / "again"
    assert main(["--config", str(run / "configs" / "config.yaml"), f"--experiment.runs_dir={again}"]) == 0
    last = "checkpoints/last.pt"
    assert same(load(run / last)["model_state_dict"], load(only_run(again) / last)["model_state_dict"])


def test_overrides_count_wherever_they_stand(config_file: Path, runs_dir: Path) -> None:
    args = ["--model.lr=1e-4", "--data.batch_size=8", "--config", str(config_file), "--trainer.max_epochs=1"]
    assert main(args) == 0
    config = yaml.safe_load((only_run(runs_dir) / "configs" / "config.yaml").read_text())
    assert config["model"]["init_args"]["lr"] == 1e-4
    assert config["data"]["init_args"]["batch_size"] == 8
    assert config["trainer"]["max_epochs"] == 1


def test_interpolation_follows_an_override(config_file: Path, runs_dir: Path) -> None:
    text = config_file.read_text() + "seed_everything: ${trainer.max_epochs}\n"
    config_file.write_text(text)
    assert main(["--config", str(config_file), "--trainer.max_epochs=1"]) == 0
    config = yaml.safe_load((only_run(runs_dir) / "configs" / "config.yaml").read_text())
    assert config["seed_everything"] == 1


def test_callbacks_of_the_configuration_are_kept(fit: Fit, runs_dir: Path) -> None:
    assert fit("--trainer.callbacks+=EMAWeightAveraging", "--trainer.callbacks.decay=0.5") == 0
    checkpoint = load(only_run(runs_dir) / "checkpoints" / "last.pt")
    assert same(checkpoint["model_state_dict"], checkpoint["state_dict"])
    assert not same(checkpoint["model_state_dict"], checkpoint["current_model_state"]), "the averaged weights"


def test_early_stopping(fit: Fit, runs_dir: Path) -> None:
    assert fit("--model.scores=[0.5,0.4,0.3,0.2]", "--experiment.early_stopping_patience=2") == 0
    assert load(only_run(runs_dir) / "checkpoints" / "last.pt")["epoch"] == 3


def test_two_runs_in_one_minute(tmp_path: Path) -> None:
    now = datetime(2025, 12, 10, 13, 13)
    names = [claim_directory(tmp_path, "toy", now, "model: {}\n")[0].name for _ in range(3)]
    assert names == ["toy 2025-12-10 13:13", "toy 2025-12-10 13:13 (2)", "toy 2025-12-10 13:13 (3)"]


def test_file_system_without_colons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename

    def picky(path: Path, target: Path) -> Path:
        if ":" in target.name:
            raise OSError(22, "Invalid argument")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", picky)
    now = datetime(2025, 12, 10, 13, 13)
    names = [claim_directory(tmp_path, "toy", now, "model: {}\n")[0].name for _ in range(2)]
    assert names == ["toy 2025-12-10 13-13", "toy 2025-12-10 13-13 (2)"]


def test_the_end_says_what_was_reached(fit: Fit, runs_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit("--model.scores=[0.1,0.9,0.3,0.2]") == 0
    out = capsys.readouterr().out
    assert "epoch 2/4  train/loss" in out
    assert "2 of 4" in out
    assert "0.900" in out
    assert str(only_run(runs_dir)) in out
    assert "look at it" in out


def test_the_end_says_what_the_test_gave(
    fit: Fit, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit("--trainer.max_epochs=1", "--data.has_test_data=true") == 0
    assert "on test data" in capsys.readouterr().out
    assert fit("--trainer.max_epochs=1") == 0
    assert "on test data" not in capsys.readouterr().out


def test_dropout_is_active(fit: Fit, runs_dir: Path) -> None:
    """The equality tests would show little if nothing random happened."""
    assert fit("--trainer.max_epochs=1", "--seed_everything=1") == 0
    assert fit("--trainer.max_epochs=1", "--seed_everything=2") == 0
    one, two = (load(run / "checkpoints" / "last.pt")["model_state_dict"] for run in runs_dir.iterdir())
    assert not torch.equal(one["net.0.weight"], two["net.0.weight"])
