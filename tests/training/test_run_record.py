"""A small training of the real detector, offline: what its run folder and its W&B log hold.

The names are those of the project's two reference documents (training_data.md and
wandb_file_organization.md), written out here once more on purpose.
"""

import csv
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from openpyxl import Workbook

from tablesense.model.detector import TableDetector
from tablesense.tracking.wandb_run.log import collect, log_files, read_records

pytestmark = pytest.mark.slow

MARKER = "Zanzibarite7Q"
EPOCHS = 2
EPOCH_KEYS = {
    *("train/loss", "train/det_loss", "train/cls_loss", "train/l1_loss", "train/iou_loss", "train/lr"),
    "train/loss_ratio_cls_l1",
    *("val/loss", "val/precision", "val/recall", "val/f1", "val/eob_mean"),
    *(f"val/eob{k}_{score}" for k in (0, 2) for score in ("precision", "recall", "f1")),
    *("system/cpu_memory_mb", "system/epoch_time_seconds"),
}
STEP_KEYS = {"train/max_grad_norm", "train/mean_grad_norm"}
CONFIG_KEYS = {
    *("experiment/name", "experiment/project_name"),
    *("data/train_size", "data/val_size", "data/test_size", "data/datasets", "data/batch_size"),
    *("model/total_params", "model/trainable_params", "model/total_params_m"),
    *("model/network/backbone", "model/network/hidden_dim", "model/network/num_queries"),
    *("model/loss/lambda_cls", "model/loss/lambda_l1", "model/loss/lambda_iou"),
    *("model/lr", "model/weight_decay", "trainer/max_epochs", "trainer/accumulate_grad_batches"),
}
SUMMARY_KEYS = {
    "best_epoch",
    "best_f1",
    "best_precision",
    "best_recall",
    "test/f1",
    "total_training_time_seconds",
}


def write_corpus(folder: Path) -> None:
    """Workbooks with a marker in their cells, some to train, to validate and to test on."""
    (folder / "workbooks").mkdir(parents=True)
    lines = []
    for number, split in enumerate(["train"] * 120 + ["val", "val", "test"]):
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.title = "Data"
        sheet["A1"] = f"{MARKER} title"
        for column, name in enumerate(("Name", "Year", MARKER), start=2):
            sheet.cell(3, column, name)
            for row in range(4, 8 + number % 3):
                sheet.cell(row, column, f"{MARKER} {row}" if column == 2 else row * column)
        name = f"book{number}.xlsx"
        book.save(folder / "workbooks" / name)
        ranges = [f"B3:D{7 + number % 3}"]
        lines.append(
            {"file_name": name, "sheet_name": "Data", "table_regions": ranges, "split": split, "group": name}
        )
    # A wrong range and a missing workbook are printed, and what is printed stays here.
    for name, wrong in ((f"{MARKER}.xlsx", "B3:D7"), ("book0.xlsx", f"{MARKER}9")):
        lines.append({"file_name": name, "sheet_name": "Data", "table_regions": [wrong], "split": "train"})
    (folder / "annotations.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded [x]")
    write_corpus(folder / "corpus")
    config = {
        "experiment": {
            "name": "recorded run é",
            "runs_dir": str(folder / "runs"),
            "wandb_mode": "offline",
            "save_every_n_epochs": 1,
            "pictures_every_n_epochs": 1,
            "upload": ["checkpoint", "predictions", "stats"],
            "log_checkpoints": True,
        },
        "trainer": {"max_epochs": EPOCHS, "accelerator": "cpu"},
        "model": {
            "class_path": "tablesense.training.module.TableDetectionModule",
            "init_args": {
                "warmup_steps": 2,
                "network": {
                    "hidden_dim": 16,
                    "num_heads": 2,
                    "encoder_layers": 1,
                    "decoder_layers": 1,
                    "backbone_blocks": 1,
                    "num_queries": 4,
                },
            },
        },
        "data": {
            "class_path": "tablesense.data.module.SheetDataModule",
            "init_args": {
                "corpora": [{"path": str(folder / "corpus")}],
                "batch_size": 2,
                "cache_dir": str(folder / "cache"),
            },
        },
    }
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(config))
    # A process of its own: what it prints and what W&B calls the model are those of a user's run.
    environment = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
    command = [sys.executable, "-m", "tablesense.fit", "--config", str(file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    (made,) = (folder / "runs").iterdir()
    return made


@pytest.fixture(scope="module")
def log(run: Path) -> Path:
    (only,) = log_files(run / "wandb", json.loads((run / "run.json").read_text())["wandb_id"])
    return only


@pytest.fixture(scope="module")
def records(log: Path) -> list[Any]:
    return list(read_records(log))


@pytest.fixture(scope="module")
def history(records: list[Any]) -> list[dict[str, Any]]:
    return [collect(record.history.item) for record in records if record.HasField("history")]


def stamp(run: Path) -> str:
    (folder,) = (run / "checkpoint").iterdir()
    return re.fullmatch(r"deformable-detr-(\d\d-\d\d-\d{4}-\d{6})", folder.name)[1]  # type: ignore[index]


def test_run_directory(run: Path) -> None:
    assert re.fullmatch(r"recorded run é \d{4}-\d\d-\d\d \d\d:\d\d", run.name)
    for name in ("checkpoints/best.pt", "checkpoints/checkpoint_epoch_1.pt", "configs/config.yaml"):
        assert (run / name).is_file()
    assert "TableDetector" in (run / "model_arch.txt").read_text()
    config = yaml.safe_load((run / "configs" / "config.yaml").read_text())
    assert config.keys() >= {"experiment", "data", "model", "trainer"}


def test_config(records: list[Any]) -> None:
    config: dict[str, Any] = {}
    for record in records:
        if record.HasField("run"):
            config |= collect(record.run.config.update)
        if record.HasField("config"):
            config |= collect(record.config.update)
    assert config.keys() >= CONFIG_KEYS, CONFIG_KEYS - config.keys()
    assert (config["data/train_size"], config["data/val_size"], config["data/test_size"]) == (120, 2, 1)
    assert config["data/datasets"] == ["corpus"]
    assert config["model/total_params"] == pytest.approx(config["model/total_params_m"] * 1e6)
    assert config["model/trainable_params"] <= config["model/total_params"]


def test_one_row_an_epoch(history: list[dict[str, Any]]) -> None:
    rows = [row for row in history if EPOCH_KEYS & row.keys()]
    assert [row["epoch"] for row in rows] == list(range(1, EPOCHS + 1))
    for row in rows:
        assert row.keys() >= EPOCH_KEYS, EPOCH_KEYS - row.keys()
        assert 0 < row["train/lr"] <= 5e-4
        assert row["train/loss_ratio_cls_l1"] == pytest.approx(row["train/cls_loss"] / row["train/l1_loss"])
        assert all(0 <= row[f"val/{name}"] <= 1 for name in ("precision", "recall", "f1"))
        assert row["system/cpu_memory_mb"] > 50
        assert row["system/epoch_time_seconds"] > 0
        assert ("system/gpu_memory_mb" in row) == torch.cuda.is_available()
    assert rows[-1]["train/loss"] < rows[0]["train/loss"]


def test_one_row_an_optimizer_step(history: list[dict[str, Any]]) -> None:
    rows = [row for row in history if STEP_KEYS & row.keys()]
    assert len(rows) == EPOCHS * 60
    assert [row["trainer/global_step"] for row in rows] == list(range(EPOCHS * 60))
    assert all(row["train/max_grad_norm"] >= row["train/mean_grad_norm"] > 0 for row in rows)


def test_x_axes(records: list[Any]) -> None:
    metrics = [record.metric for record in records if record.HasField("metric")]
    axis_of = {metric.name: metric.step_metric for metric in metrics if metric.name}
    assert {axis_of[name] for name in EPOCH_KEYS} == {"epoch"}
    assert {axis_of[name] for name in STEP_KEYS} == {"trainer/global_step"}


def test_gradient_histograms(history: list[dict[str, Any]]) -> None:
    rows = [row for row in history if any(name.startswith("gradients/") for name in row)]
    assert len(rows) == EPOCHS * 60 // 100, "of every hundredth backward pass"
    names = {name for row in rows for name in row if name.startswith("gradients/")}
    assert any(re.fullmatch(r"gradients/network\.fuse\.weight(\._type)?", name) for name in names)


def test_architecture_artifact(run: Path, records: list[Any]) -> None:
    artifacts = {record.artifact.name: record.artifact for record in records if record.HasField("artifact")}
    (name,) = (name for name in artifacts if name.endswith("_architecture"))
    assert name == "recorded_run__architecture"
    assert artifacts[name].type == "model_architecture"
    (entry,) = artifacts[name].manifest.contents
    assert entry.path == "model_arch.txt"
    assert Path(entry.local_path).samefile(run / "model_arch.txt"), "no copy of it"
    checkpoints = artifacts["recorded_run__checkpoints"]
    assert {entry.path for entry in checkpoints.manifest.contents} == {
        "best.pt",
        "checkpoint_epoch_1.pt",
        "checkpoint_epoch_2.pt",
    }


def test_summary(run: Path, log: Path) -> None:
    text = (log.parent / "files" / "wandb-summary.json").read_text()
    summary = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert summary.keys() >= SUMMARY_KEYS, SUMMARY_KEYS - summary.keys()
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    best = next(row for row in rows if row["epoch"] == summary["best_epoch"])
    assert summary["best_f1"] == best["val/f1"] == max(row["val/f1"] for row in rows)
    assert (summary["best_precision"], summary["best_recall"]) == (best["val/precision"], best["val/recall"])


def test_files_tab(run: Path, log: Path, records: list[Any]) -> None:
    at = stamp(run)
    ours = {
        f"checkpoint/deformable-detr-{at}/pytorch_model.bin",
        f"checkpoint/deformable-detr-{at}/model.safetensors",
        f"checkpoint/deformable-detr-{at}/config.json",
        f"checkpoint/deformable-detr-{at}/metrics.json",
        f"predictions/test_predictions_deformable-detr_{at}.csv",
        *(f"predictions/val_epoch{n}_predictions_deformable-detr_{at}.csv" for n in range(1, EPOCHS + 1)),
        f"stats/per_class_metrics_deformable-detr_{at}.csv",
    }
    sent = {file.path for record in records if record.HasField("files") for file in record.files.files}
    assert ours <= sent
    assert not any("output.log" in path for path in sent), "what was printed stays here"
    assert not any(record.HasField("output") or record.HasField("output_raw") for record in records)
    files = log.parent / "files"
    for name in ours:
        assert (run / name).samefile(files / name), f"{name}: one file, two names"
    own = {"config.yaml", "output.log", "requirements.txt", "wandb-metadata.json", "wandb-summary.json"}
    assert own <= {path.name for path in files.iterdir()}
    metadata = json.loads((files / "wandb-metadata.json").read_text())
    assert metadata.keys() >= {"os", "python", "startedAt"}


def test_the_model_folder_loads(run: Path) -> None:
    (folder,) = (run / "checkpoint").iterdir()
    loaded = TableDetector.from_pretrained(folder)
    best = torch.load(run / "checkpoints" / "best.pt", weights_only=True)["model_state_dict"]
    other = torch.load(folder / "pytorch_model.bin", weights_only=True)
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, best[f"network.{name}"])
        assert torch.equal(value, other[name])
    assert loaded.config.hidden_dim == 16


def test_prediction_and_class_files(run: Path) -> None:
    (tested,) = (run / "predictions").glob("test_*")
    (row,) = csv.DictReader(tested.read_text().splitlines())
    assert (row["corpus"], row["file"], row["sheet"]) == ("corpus", "book122.xlsx", "Data")
    assert row["true_ranges"] == "B3:D9"
    (stats,) = (run / "stats").iterdir()
    rows = list(csv.DictReader(stats.read_text().splitlines()))
    assert {(row["split"], row["kind"]) for row in rows} == {
        ("test", "all"),
        ("test", "corpus"),
        ("test", "size"),
    }
    for row in rows:
        tp, fp, fn = (int(row[name]) for name in ("tp", "fp", "fn"))
        assert tp + fn == int(row["support"])
        assert math.isclose(float(row["f1_score"]), 2 * tp / max(2 * tp + fp + fn, 1))


def test_pictures_stay_here(run: Path, log: Path) -> None:
    drawn = list((run / "pictures").rglob("*.svg"))
    assert drawn
    assert any(MARKER in picture.read_text() for picture in drawn), "they do show the data"
    assert not list((log.parent / "files").rglob("*.svg"))


def test_no_cell_text_is_sent(run: Path) -> None:
    """The log, its files and the artifacts are all that a sync would send."""
    assert MARKER in (run / "output.log").read_text(), "the marker was printed"
    for file in (run / "wandb").rglob("*"):
        if file.is_file() and file.name != "output.log":
            assert MARKER.encode() not in file.read_bytes(), f"{file} tells what is in a cell"
