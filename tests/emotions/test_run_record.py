"""The files of a run, line by line against the document wandb_file_organization.md."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from tablesense.tracking.wandb_run.log import log_files, read_records

from .conftest import LABELS, SIZES, rows_of

pytestmark = pytest.mark.slow

# "files/checkpoint/{model-name-timestamp}/", e.g. distilbert-12-11-2025-221314
CHECKPOINT = {
    "pytorch_model.bin",
    "config.json",
    "tokenizer.json",
    "vocab.txt",
    "special_tokens_map.json",
    "tokenizer_config.json",
    "metrics.json",
}
METADATA = {"config.yaml", "output.log", "requirements.txt", "wandb-metadata.json", "wandb-summary.json"}
PREDICTION_COLUMNS = ["text", "true_labels", "pred_labels", *(f"pred_prob_{name}" for name in LABELS)]
STATS_COLUMNS = ["emotion", "f1_score", "precision", "recall", "support", "tp", "fp", "fn", "tn"]


@pytest.fixture(scope="module")
def files(run: Path) -> Path:
    """What W&B's Files tab shows."""
    (log,) = log_files(run / "wandb", json.loads((run / "run.json").read_text())["wandb_id"])
    return log.parent / "files"


@pytest.fixture(scope="module")
def stamp(files: Path) -> str:
    (folder,) = (files / "checkpoint").iterdir()
    match = re.fullmatch(r"distilbert-(\d\d-\d\d-\d{4}-\d{6})", folder.name)
    assert match is not None
    return match[1]


def test_directory_structure(run: Path, files: Path, stamp: str) -> None:
    (folder,) = (files / "checkpoint").iterdir()
    assert {file.name for file in folder.iterdir()} == CHECKPOINT | {"model.safetensors"}
    assert {file.name for file in (files / "predictions").iterdir()} == {
        f"test_predictions_distilbert_{stamp}.csv",
        *(f"val_epoch{epoch}_predictions_distilbert_{stamp}.csv" for epoch in (1, 2)),
    }
    assert [file.name for file in (files / "stats").iterdir()] == [
        f"per_class_metrics_distilbert_{stamp}.csv"
    ]
    others = {path.name for path in files.iterdir()} - {"checkpoint", "predictions", "stats"}
    assert others >= METADATA
    for kind in ("checkpoint", "predictions", "stats"):
        for file in (files / kind).rglob("*.*"):
            if file.is_file():
                assert file.samefile(run / file.relative_to(files)), "the run folder holds the same file"


def test_all_of_it_is_to_be_sent(files: Path, stamp: str) -> None:
    (log,) = files.parent.glob("*.wandb")
    records = [record for record in read_records(log) if record.HasField("files")]
    sent = {file.path for record in records for file in record.files.files}
    assert {f"checkpoint/distilbert-{stamp}/{name}" for name in CHECKPOINT} <= sent
    assert {f"predictions/test_predictions_distilbert_{stamp}.csv"} <= sent
    assert {f"stats/per_class_metrics_distilbert_{stamp}.csv"} <= sent


def test_predictions(files: Path, texts: Path, stamp: str) -> None:
    rows = rows_of(files / "predictions" / f"test_predictions_distilbert_{stamp}.csv")
    assert list(rows[0]) == PREDICTION_COLUMNS
    lines = [line.split("\t") for line in (texts / "test.tsv").read_text("utf-8").splitlines()]
    assert len(rows) == SIZES["test"]
    assert rows[0]["text"].startswith("'=1+"), "no spreadsheet runs it"
    for row, (text, numbers, _) in zip(rows, lines, strict=True):
        assert row["text"].removeprefix("'") == text
        assert row["true_labels"] == "|".join(LABELS[int(number)] for number in numbers.split(","))
        assert all(0 <= float(row[f"pred_prob_{label}"]) <= 1 for label in LABELS)
        assert set(row["pred_labels"].split("|")) <= {*LABELS, "(none)"}
    for epoch in (1, 2):
        file = files / "predictions" / f"val_epoch{epoch}_predictions_distilbert_{stamp}.csv"
        assert len(rows_of(file)) == SIZES["dev"]


def test_stats(files: Path, stamp: str) -> None:
    rows = rows_of(files / "stats" / f"per_class_metrics_distilbert_{stamp}.csv")
    assert list(rows[0]) == STATS_COLUMNS
    assert [row["emotion"] for row in rows] == LABELS
    predictions = rows_of(files / "predictions" / f"test_predictions_distilbert_{stamp}.csv")
    for row in rows:
        pairs = [
            tuple(row["emotion"] in text[column].split("|") for column in ("true_labels", "pred_labels"))
            for text in predictions
        ]
        tp, fp, fn, tn = (int(row[name]) for name in ("tp", "fp", "fn", "tn"))
        assert [
            pairs.count(pair) for pair in ((True, True), (False, True), (True, False), (False, False))
        ] == [*(tp, fp, fn, tn)]
        assert int(row["support"]) == tp + fn
        assert float(row["precision"]) == pytest.approx(tp / (tp + fp) if tp + fp else 0)
        assert float(row["recall"]) == pytest.approx(tp / (tp + fn) if tp + fn else 0)
        assert float(row["f1_score"]) == pytest.approx(2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 0)


def test_metrics_json(files: Path) -> None:
    metrics = json.loads(next((files / "checkpoint").glob("*/metrics.json")).read_text())
    assert metrics["epochs"] == 2
    assert metrics.keys() >= {
        "best_epoch",
        "best_macro_f1",
        "test/macro_f1",
        "test/micro_f1",
        "test/weighted_f1",
    }
    assert [row["emotion"] for row in metrics["per_class_metrics"]] == LABELS


def test_the_means_are_those_of_the_test_predictions(run: Path) -> None:
    """As anybody would count them in the CSV."""
    metrics = json.loads(next((run / "checkpoint").glob("*/metrics.json")).read_text())
    (file,) = (run / "predictions").glob("test_*")
    pairs = [({*row["true_labels"].split("|")}, {*row["pred_labels"].split("|")}) for row in rows_of(file)]
    right, wrong, support = [], [], []
    for label in LABELS:
        right.append(sum(label in true and label in said for true, said in pairs))
        wrong.append(sum((label in true) != (label in said) for true, said in pairs))
        support.append(sum(label in true for true, _ in pairs))
    each = [2 * r / (2 * r + w) if r + w else 0 for r, w in zip(right, wrong, strict=True)]
    assert metrics["test/macro_f1"] == pytest.approx(sum(each) / len(LABELS))
    assert metrics["test/micro_f1"] == pytest.approx(2 * sum(right) / (2 * sum(right) + sum(wrong)))
    weighted = sum(f1 * count for f1, count in zip(each, support, strict=True)) / sum(support)
    assert metrics["test/weighted_f1"] == pytest.approx(weighted)
    assert len({metrics[f"test/{mean}_f1"] for mean in ("macro", "micro", "weighted")}) == 3


def test_wandb_summary(files: Path) -> None:
    summary = json.loads((files / "wandb-summary.json").read_text())
    assert summary.keys() >= {"best_epoch", "total_training_time_seconds", "best_f1"}
    assert summary.keys() >= {
        f"test/{name}" for name in ("loss", "f1", "macro_f1", "micro_f1", "weighted_f1")
    }
    scores = ("f1", "precision", "recall", "support")
    assert summary.keys() >= {f"test/{score}/{label}" for score in scores for label in LABELS}
    assert summary["test/f1"] == pytest.approx(sum(summary[f"test/f1/{label}"] for label in LABELS) / 28)


def test_wandb_config(files: Path) -> None:
    config = {
        key: value["value"] for key, value in yaml.safe_load((files / "config.yaml").read_text()).items()
    }
    assert (config["data/train_size"], config["data/val_size"], config["data/test_size"]) == tuple(
        SIZES.values()
    )
    expected = {
        "model/lr": 0.01,
        "data/batch_size": 8,
        "trainer/max_epochs": 2,
        "data/datasets": ["goemotions"],
    }
    assert {key: config[key] for key in expected} == expected
    assert config["model/config/model_type"] == "distilbert"
    assert (config["model/config/dim"], config["model/config/dropout"]) == (16, 0.1)


def test_wandb_metadata(files: Path) -> None:
    metadata = json.loads((files / "wandb-metadata.json").read_text())
    assert metadata.keys() >= {"os", "python"}
    assert metadata["environment"].keys() >= {"torch", "transformers", "cuda"}


def test_output_log_and_requirements(files: Path) -> None:
    said = (files / "output.log").read_text()
    for epoch in (1, 2):
        assert re.search(rf"^epoch {epoch}/2  train/loss [\d.]+  val/loss [\d.]+  val/f1 [\d.]+", said, re.M)
        assert len(re.findall(rf"^epoch {epoch}, batch \d+/20  loss [\d.]+$", said, re.M)) == 20
    assert "torch==" in (files / "requirements.txt").read_text()


def test_rows_and_checkpoints(run: Path) -> None:
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    names = {"train/loss", "train/lr", "val/loss", "val/precision", "val/recall", "val/f1", "val/macro_f1"}
    kinds = {
        f"val/{mean}_f1_{kind}" for mean in ("macro", "micro") for kind in ("at_half", "global", "per_class")
    }
    for row in rows:
        assert row.keys() >= names | kinds | {f"val/f1/{label}" for label in LABELS}
        assert row["val/f1"] == row["val/macro_f1"] == row["val/macro_f1_per_class"], "the default"
    assert rows[1]["train/loss"] < rows[0]["train/loss"]
    best = torch.load(run / "checkpoints" / "best.pt", weights_only=True)
    assert best["best_val_f1"] == max(row["val/f1"] for row in rows)
    assert best["labels"] == LABELS


def test_the_vocabulary_is_that_of_the_tokenizer(files: Path) -> None:
    (folder,) = (files / "checkpoint").iterdir()
    words = (folder / "vocab.txt").read_text("utf-8").splitlines()
    vocabulary: dict[str, Any] = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    assert words == sorted(vocabulary, key=vocabulary.__getitem__)
    special = json.loads((folder / "special_tokens_map.json").read_text())
    assert set(special.values()) == {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
