"""Going on: after an interruption, from any checkpoint, after a write that failed."""

import json
import math
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import torch
from filelock import FileLock

from tablesense.fit import main
from tablesense.tracking.checkpoints.checkpoints import AtomicCheckpointIO
from tablesense.tracking.metrics.epoch_metrics import append_row
from tablesense.tracking.run.atomic import atomic_write
from tablesense.tracking.run.faults import Faults

from .conftest import Fit, load, only_run, same

EMA = ("--trainer.callbacks+=EMAWeightAveraging", "--trainer.callbacks.decay=0.5")


def epochs(run: Path) -> list[int]:
    return [json.loads(line)["epoch"] for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("extra", [(), EMA, ("--trainer.accumulate_grad_batches=3",)])
def test_resumed_equals_never_interrupted(
    fit: Fit, runs_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: tuple[str, ...]
) -> None:
    whole = tmp_path / "whole"
    assert fit(f"--experiment.runs_dir={whole}", *extra) == 0
    assert fit("--model.interrupt_at=2", *extra) == 130
    run = only_run(runs_dir)
    assert f"--resume '{run}'" in capsys.readouterr().err
    assert main(["--resume", str(run), "--model.interrupt_at=null"]) == 0

    assert epochs(run) == [1, 2, 3, 4]
    for name in ("last.pt", "best.pt", "checkpoint_epoch_4.pt"):
        resumed = load(run / "checkpoints" / name)
        straight = load(only_run(whole) / "checkpoints" / name)
        for key in (
            "model_state_dict",
            "optimizer_state_dict",
            "scheduler_state_dict",
            "epoch",
            "best_val_f1",
        ):
            assert same(resumed[key], straight[key]), (name, key)
        assert same(resumed["val_metrics"], straight["val_metrics"])
        assert same(resumed["train_metrics"], straight["train_metrics"])


def test_resume_needs_no_config_and_takes_overrides(fit: Fit, runs_dir: Path) -> None:
    assert fit("--trainer.max_epochs=2") == 0
    run = only_run(runs_dir)
    assert main(["--resume", str(run), "--trainer.max_epochs=3"]) == 0
    assert only_run(runs_dir) == run
    assert epochs(run) == [1, 2, 3]
    assert (run / "configs" / "config_before_resume_1.yaml").exists()


def test_resume_drops_rows_of_epochs_trained_again(fit: Fit, runs_dir: Path) -> None:
    assert fit() == 0
    run = only_run(runs_dir)
    (run / "checkpoints" / "last.pt").write_bytes(b"cut short")
    (run / "checkpoints" / "checkpoint_epoch_4.pt").unlink()
    assert main(["--resume", str(run), "--trainer.max_epochs=3"]) == 0
    assert epochs(run) == [1, 2, 3]


def test_resuming_a_finished_run_changes_nothing(fit: Fit, runs_dir: Path) -> None:
    assert fit("--trainer.max_epochs=2") == 0
    run = only_run(runs_dir)
    before = load(run / "checkpoints" / "last.pt")
    assert main(["--resume", str(run)]) == 0
    assert same(load(run / "checkpoints" / "last.pt")["model_state_dict"], before["model_state_dict"])
    assert epochs(run) == [1, 2]


def test_ckpt_path_goes_on_in_a_new_run(fit: Fit, runs_dir: Path, tmp_path: Path) -> None:
    assert fit("--trainer.max_epochs=2") == 0
    start = only_run(runs_dir) / "checkpoints" / "best.pt"
    elsewhere = tmp_path / "elsewhere"
    assert fit(f"--ckpt_path={start}", f"--experiment.runs_dir={elsewhere}") == 0
    assert load(only_run(elsewhere) / "checkpoints" / "last.pt")["epoch"] == 4


def test_a_new_run_has_its_own_best_epoch(
    fit: Fit, runs_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patience = "--experiment.early_stopping_patience=1"
    scores = "--model.scores=[0.1,0.9,0.3,0.4]"
    assert fit("--trainer.max_epochs=2", scores, patience) == 0
    start = only_run(runs_dir) / "checkpoints" / "last.pt"
    elsewhere = tmp_path / "elsewhere"
    capsys.readouterr()
    assert fit(f"--ckpt_path={start}", scores, patience, f"--experiment.runs_dir={elsewhere}") == 0
    assert "4 of 4" in capsys.readouterr().out
    for name in ("best.pt", "last.pt"):
        checkpoint = load(only_run(elsewhere) / "checkpoints" / name)
        assert checkpoint["epoch"] == 4, "not stopped for want of the other run's 0.9"
        assert (checkpoint["best_epoch"], checkpoint["best_val_f1"]) == (4, pytest.approx(0.4))


@pytest.mark.parametrize("extra", [(), ("--experiment.early_stopping_patience=9",)])
def test_a_run_that_was_renamed_keeps_its_best_epoch(
    fit: Fit, runs_dir: Path, extra: tuple[str, ...]
) -> None:
    scores = "--model.scores=[0.1,0.9,0.3,0.95]"
    assert fit("--trainer.max_epochs=2", scores, *extra) == 0
    run = only_run(runs_dir).rename(runs_dir / "renamed [1]")
    assert main(["--resume", str(run), "--trainer.max_epochs=3"]) == 0
    best = load(run / "checkpoints" / "best.pt")
    assert (best["epoch"], best["best_epoch"], best["best_val_f1"]) == (2, 2, pytest.approx(0.9))
    run = run.rename(runs_dir / "again")
    assert main(["--resume", str(run), "--trainer.max_epochs=4"]) == 0
    assert load(run / "checkpoints" / "best.pt")["epoch"] == 4
    assert {file.name for file in (run / "checkpoints").iterdir()} == {
        "best.pt",
        "last.pt",
        "checkpoint_epoch_2.pt",
        "checkpoint_epoch_4.pt",
    }


def test_a_run_that_was_stopped_early_can_be_trained_on(fit: Fit, runs_dir: Path) -> None:
    scores = [0.5, 0.4, 0.3, 0.3, 0.3, 0.3]
    assert fit(f"--model.scores={scores}", "--experiment.early_stopping_patience=2") == 0
    run = only_run(runs_dir)
    assert epochs(run) == [1, 2, 3]
    assert main(["--resume", str(run), "--trainer.max_epochs=6"]) == 0
    assert epochs(run) == [1, 2, 3, 4, 5], "the patience of two epochs counts anew"


def test_another_patience_can_be_given(fit: Fit, runs_dir: Path) -> None:
    scores = [0.5, 0.4, 0.3, 0.3, 0.3, 0.3]
    patience = "--experiment.early_stopping_patience"
    assert fit(f"--model.scores={scores}", f"{patience}=3", "--trainer.max_epochs=2") == 0
    run = only_run(runs_dir)
    assert main(["--resume", str(run), "--trainer.max_epochs=6", f"{patience}=4"]) == 0
    assert epochs(run) == [1, 2, 3, 4, 5], "one epoch was waited for before"


def test_interrupted_before_the_first_epoch(
    fit: Fit, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit("--model.interrupt_at=0") == 130
    err = capsys.readouterr().err
    assert "before anything was saved" in err
    assert str(only_run(runs_dir)) in err


def test_a_killed_write_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "last.pt"
    file.write_bytes(b"old")

    def write() -> None:
        with atomic_write(file) as out:
            out.write(b"ne")
            out.flush()
            assert file.read_bytes() == b"old", "what a kill at this moment would leave"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["last.pt"]


def test_a_full_disk_keeps_the_previous_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "last.pt"
    faults = Faults()
    AtomicCheckpointIO(faults).save_checkpoint({"epoch": 1}, file)
    save = torch.save

    def full(state: Any, out: BinaryIO) -> None:
        out.write(b"half a file")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    AtomicCheckpointIO(faults).save_checkpoint({"epoch": 2}, file)
    assert [str(fault) for fault in faults] == [
        "last.pt: No space left on device, the previous one is kept",
    ]
    monkeypatch.setattr(torch, "save", save)
    assert load(file) == {"epoch": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["last.pt"]


def test_a_full_disk_costs_a_row_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "metrics.jsonl"
    append_row(file, {"epoch": 1, "val/f1": math.nan})
    before = file.read_text()
    opened = Path.open

    def full(path: Path, *args: Any, **kwargs: Any) -> Any:
        with opened(path, "a") as out:
            out.write('{"epo')
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        with pytest.raises(OSError, match="No space left on device"):
            append_row(file, {"epoch": 2})
    assert file.read_text() == before == '{"epoch": 1, "val/f1": null}\n'


def test_another_error_while_saving_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises((AttributeError, TypeError)):
        AtomicCheckpointIO(Faults()).save_checkpoint({"no": (_ for _ in ())}, tmp_path / "last.pt")


def test_a_run_that_is_running_is_not_resumed(
    fit: Fit, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit("--trainer.max_epochs=1") == 0
    run = only_run(runs_dir)
    with FileLock(run / ".lock"):
        assert main(["--resume", str(run), "--trainer.max_epochs=2"]) == 2
    assert f"another process trains in {run}" in capsys.readouterr().err
    assert main(["--resume", str(run), "--trainer.max_epochs=2"]) == 0


def test_a_full_disk_is_told_at_the_end(
    fit: Fit, runs_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(file: Path, row: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tablesense.tracking.metrics.epoch_metrics.append_row", full)
    assert fit("--trainer.max_epochs=2") == 0
    assert "Not kept: metrics.jsonl: [Errno 28] No space left on device (2 times)" in capsys.readouterr().err


def test_a_run_stopped_before_its_first_save_starts_from_its_ckpt_path_again(
    fit: Fit, runs_dir: Path, tmp_path: Path
) -> None:
    assert fit("--trainer.max_epochs=2") == 0
    start = only_run(runs_dir) / "checkpoints" / "last.pt"
    elsewhere = tmp_path / "elsewhere"
    options = (f"--ckpt_path={start}", f"--experiment.runs_dir={elsewhere}")
    assert fit(*options, "--model.interrupt_at=2") == 130
    run = only_run(elsewhere)
    assert not list((run / "checkpoints").iterdir())
    assert main(["--resume", str(run), "--model.interrupt_at=null"]) == 0
    assert epochs(run) == [3, 4]


def test_early_stopping_is_not_forgotten_by_a_kill(
    fit: Fit, runs_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A kill between the last epoch and the end: the resumed run ends where it would have ended."""

    def kill(*_: object) -> None:
        raise MemoryError

    scores = "--model.scores=[0.5,0.4,0.3,0.9,0.9,0.9]"
    patience = "--experiment.early_stopping_patience=2"
    with monkeypatch.context() as patch:
        patch.setattr("tablesense.tracking.cli.fit_cli.finish", kill)
        with pytest.raises(MemoryError):
            fit(scores, patience, "--trainer.max_epochs=6")
    run = only_run(runs_dir)
    assert epochs(run) == [1, 2, 3]
    assert "Stopped early: val/f1 was no better in the last 2 validations" in capsys.readouterr().out
    assert main(["--resume", str(run)]) == 0
    assert epochs(run) == [1, 2, 3]
    assert (run / "checkpoint").is_dir()
    assert main(["--resume", str(run)]) == 0
    assert epochs(run) == [1, 2, 3, 4, 5, 6], "a finished run that is resumed trains on"


def test_max_steps_in_the_middle_of_an_epoch(fit: Fit, runs_dir: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    steps = "--trainer.max_epochs=-1"
    assert fit(f"--experiment.runs_dir={whole}", steps, "--trainer.max_steps=12") == 0
    assert fit(steps, "--trainer.max_steps=6") == 0
    run = only_run(runs_dir)
    assert main(["--resume", str(run), "--trainer.max_steps=12"]) == 0
    assert epochs(run) == [1, 2, 3]
    resumed, straight = (load(folder / "checkpoints" / "last.pt") for folder in (run, only_run(whole)))
    assert resumed["global_step"] == straight["global_step"] == 12


def test_a_best_epoch_that_could_not_be_saved_is_not_the_best(
    fit: Fit, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = torch.save
    asked = []

    def sometimes_full(state: Any, out: Any, *args: Any) -> None:
        if Path(out.name).name == ".best.pt.partial":
            asked.append(state["epoch"])
            if len(asked) == 2:
                raise OSError(28, "No space left on device")
        save(state, out, *args)

    monkeypatch.setattr(torch, "save", sometimes_full)
    assert fit("--model.scores=[0.3,0.9,0.5,0.4]") == 0
    assert asked == [1, 2, 3], "0.9 was not kept, so 0.5 is better than what is there"
    best = load(only_run(runs_dir) / "checkpoints" / "best.pt")
    assert (best["epoch"], best["best_epoch"], best["best_val_f1"]) == (3, 3, pytest.approx(0.5))


def test_nan_is_no_best_epoch_and_no_reason_to_stop(fit: Fit, runs_dir: Path) -> None:
    assert fit("--model.scores=[.nan,0.5,0.4,0.6]", "--experiment.early_stopping_patience=3") == 0
    run = only_run(runs_dir)
    assert epochs(run) == [1, 2, 3, 4]
    assert load(run / "checkpoints" / "best.pt")["best_epoch"] == 4


def test_another_monitor_searches_its_own_best_epoch(fit: Fit, runs_dir: Path) -> None:
    assert fit("--model.scores=[0.1,0.9,0.3,0.2]", "--trainer.max_epochs=2") == 0
    run = only_run(runs_dir)
    other = ("--experiment.monitor=val/loss", "--experiment.monitor_mode=min")
    assert main(["--resume", str(run), "--trainer.max_epochs=4", *other]) == 0
    last = load(run / "checkpoints" / "last.pt")
    assert last["best_val_loss"] is not None
    assert last["best_epoch"] in (3, 4)


def test_a_refused_resume_leaves_the_configuration_alone(
    fit: Fit, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit("--trainer.max_epochs=2") == 0
    run = only_run(runs_dir)
    before = (run / "configs" / "config.yaml").read_text()
    assert main(["--resume", str(run), "--model.hidden=7", "--trainer.max_epochs=3"]) == 2
    assert main(["--resume", str(run), "--trainer.max_epochs=1"]) == 2
    assert "the run has 2 epochs already, got max_epochs=1" in capsys.readouterr().err
    assert [path.name for path in (run / "configs").iterdir()] == ["config.yaml"]
    assert (run / "configs" / "config.yaml").read_text() == before
    assert main(["--resume", str(run)]) == 0
    assert "All 2 epochs are trained" in capsys.readouterr().out
