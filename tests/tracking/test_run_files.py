"""The files of W&B's Files tab: written by the bookkeeping, filled by the task."""

import csv
import json
from pathlib import Path

import pytest
import torch

from tablesense.fit import main
from tablesense.tracking.files.csv_files import write_csv

from .conftest import Fit, load, only_run
from .toy import ToyModule


def the(folder: Path, pattern: str = "*") -> Path:
    (found,) = folder.glob(pattern)
    return found


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as text:
        return list(csv.DictReader(text))


def test_the_model_of_the_best_epoch_is_kept(fit: Fit, runs_dir: Path) -> None:
    assert fit("--model.scores=[0.1,0.9,0.3,0.2]") == 0
    run = only_run(runs_dir)
    folder = the(run / "checkpoint")
    weights = torch.load(folder / "pytorch_model.bin", weights_only=True)
    best = load(run / "checkpoints" / "best.pt")["model_state_dict"]
    assert all(torch.equal(weights[name.removeprefix("net.")], value) for name, value in best.items())
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["best_epoch"], metrics["epochs"]) == (2, 4)
    assert metrics["best_f1"] == pytest.approx(0.9)
    assert metrics["total_training_time_seconds"] > 0
    assert metrics["per_class_metrics"] == [{"class": "all", "support": 16}]


def test_predictions_are_those_of_their_epoch(fit: Fit, runs_dir: Path) -> None:
    assert fit("--trainer.max_epochs=2") == 0
    folder = only_run(runs_dir) / "predictions"
    first, second = (rows(the(folder, f"val_epoch{epoch}_*.csv")) for epoch in (1, 2))
    assert len(first) == len(second) == 16
    assert [row["true"] for row in first] == [row["true"] for row in second]
    assert [row["predicted"] for row in first] != [row["predicted"] for row in second]


def test_the_best_epoch_is_tested(fit: Fit, runs_dir: Path) -> None:
    assert fit("--model.scores=[0.1,0.9,0.3,0.2]", "--data.has_test_data=true") == 0
    run = only_run(runs_dir)
    tested = rows(the(run / "predictions", "test_predictions_*.csv"))
    module = ToyModule()
    module.load_state_dict(load(run / "checkpoints" / "best.pt")["model_state_dict"])
    validated = rows(the(run / "predictions", "val_epoch2_*.csv"))
    # Batches of other sizes round differently on some processors; another epoch's weights are far off.
    predicted, before = ([float(row.pop("predicted")) for row in part] for part in (tested, validated[:6]))
    assert tested == validated[:6]
    assert predicted == pytest.approx(before, abs=1e-5), "the weights are those of epoch 2"
    assert [row["support"] for row in rows(the(run / "stats"))] == ["6"]
    metrics = json.loads((the(run / "checkpoint") / "metrics.json").read_text())
    assert metrics["test/loss"] > 0


def test_no_test_when_it_is_not_wanted(fit: Fit, runs_dir: Path) -> None:
    assert fit("--trainer.max_epochs=1", "--data.has_test_data=true", "--experiment.test=false") == 0
    run = only_run(runs_dir)
    assert not list((run / "predictions").glob("test_*"))
    assert [row["support"] for row in rows(the(run / "stats"))] == ["16"], "of the validation"


def test_pictures_come_every_so_many_epochs(fit: Fit, runs_dir: Path) -> None:
    assert fit("--experiment.pictures_every_n_epochs=2") == 0
    run = only_run(runs_dir)
    assert {path.name for path in (run / "pictures").iterdir()} == {"epoch_2", "epoch_4"}
    assert (run / "pictures" / "epoch_2" / "a-b.svg").read_text() == "<svg>16</svg>"


def test_a_resumed_run_keeps_its_names(fit: Fit, runs_dir: Path) -> None:
    assert fit("--trainer.max_epochs=2") == 0
    run = only_run(runs_dir)
    before = {path.name for path in (run / "predictions").iterdir()} | {the(run / "checkpoint").name}
    assert main(["--resume", str(run), "--trainer.max_epochs=3"]) == 0
    after = {path.name for path in (run / "predictions").iterdir()} | {the(run / "checkpoint").name}
    assert before < after
    assert len(after - before) == 1
    assert json.loads((the(run / "checkpoint") / "metrics.json").read_text())["epochs"] == 3


def test_what_cannot_be_written_ends_nothing(
    fit: Fit, runs_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(file: Path, rows: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tablesense.tracking.files.run_files.write_csv", full)
    assert fit("--trainer.max_epochs=2") == 0
    captured = capsys.readouterr()
    assert "Not kept: predictions: [Errno 28] No space left on device (2 times)" in captured.err
    assert "Not kept: stats" in captured.err
    assert (only_run(runs_dir) / "checkpoint").is_dir()


def test_a_model_that_cannot_be_written_leaves_no_half_folder(
    fit: Fit, runs_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(module: ToyModule, folder: Path) -> None:
        (folder / "config.json").write_text("{}")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ToyModule, "save_pretrained", full)
    assert fit("--trainer.max_epochs=1") == 0
    assert "Not kept: checkpoint folder: [Errno 28]" in capsys.readouterr().err
    assert not list((only_run(runs_dir) / "checkpoint").iterdir())


def test_rows_without_a_row(tmp_path: Path) -> None:
    write_csv(tmp_path / "empty" / "x.csv", [])
    assert not list(tmp_path.iterdir())
    write_csv(tmp_path / "some" / "x.csv", [{"a": 1, "b": 'say "x", y'}])
    assert (tmp_path / "some" / "x.csv").read_text() == 'a,b\n1,"say ""x"", y"\n'
