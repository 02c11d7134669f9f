"""The command: its help, and one clear line for every mistake."""

from pathlib import Path

import pytest
import torch
import yaml

from tablesense.fit import main
from tablesense.tracking.checkpoints.resume import check_checkpoint

from .conftest import Fit, only_run


def error_line(capsys: pytest.CaptureFixture[str]) -> str:
    err = capsys.readouterr().err
    assert err.count("\n") == 1, err
    return err


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("--model.lrr=1", "model.lrr: there is no such option; did you mean model.lr?"),
        ("--model.lr=fast", "model.lr: expected a number, got fast"),
        ("--data.batch_size=x", "data.batch_size: expected a whole number, got x"),
        ("--trainer.max_epochs=abc", "trainer.max_epochs: expected a whole number, got abc"),
        (
            "--trainer.max_epoch=2",
            "trainer.max_epoch: there is no such option; did you mean trainer.max_epochs?",
        ),
        ("--resum=x", "resum: there is no such option; did you mean resume?"),
        ("--experiment.zzzz=2", "experiment.zzzz: there is no such option\n"),
        ("--trainer.max_epochs=${nope}", "trainer.max_epochs: Interpolation key 'nope' not found"),
        ("--trainer.accelerator=warp", "trainer: "),
        ("--model.class_path=nowhere.Model", "model: class_path nowhere.Model: No module named 'nowhere'"),
        ("--experiment.wandb_mode=maybe", "experiment.wandb_mode: expected one of"),
        ("--experiment.name=a/b", "experiment.name: 'a/b'"),
        ("--experiment.save_every_n_epochs=0", "experiment.save_every_n_epochs"),
        ("--experiment.early_stopping_patience=0", "experiment.early_stopping_patience"),
        ("--experiment.monitor=val/nope", "experiment.monitor: val/nope is not logged"),
        ("--ckpt_path=missing.pt", "missing.pt"),
        ("--resume=missing", "missing"),
        ("--model.hidden=0", "ToyModule: hidden must be 1 or more"),
        ("--data.batch_size=17", "data.batch_size: there are only 16 points"),
        ("--data.problem=corpus x is not there", "corpus x is not there"),
        ("--data.prepare_problem=no room for x", "no room for x"),
        ("--data.batch_size=0", "data: batch_size should be a positive integer value"),
        ("--model.lr=-1", "model: Invalid learning rate: -1.0"),
        ("--trainer.val_check_interval=1000", "trainer: `val_check_interval` (1000) must be less"),
    ],
)
def test_a_mistake_is_one_line(
    fit: Fit, runs_dir: Path, capsys: pytest.CaptureFixture[str], override: str, expected: str
) -> None:
    assert fit(override) == 2
    assert expected in error_line(capsys)
    assert not runs_dir.exists() or not list(runs_dir.iterdir()), "no empty run is left behind"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model: {class_path: [", "bad.yaml, line 1"),
        ("just words", "bad.yaml"),
        (
            "traner: {max_epochs: 3}",
            "traner.max_epochs: there is no such option; did you mean trainer.max_epochs?",
        ),
        (
            "trainer: {max_epoch: 3}",
            "trainer.max_epoch: there is no such option; did you mean trainer.max_epochs?",
        ),
        ("trainer: {max_epochs: 3}", "nothing to train"),
    ],
)
def test_a_bad_file_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, expected: str
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    assert main(["--config", str(file)]) == 2
    assert expected in error_line(capsys)


def test_a_missing_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", "nowhere.yaml"]) == 2
    assert "nowhere.yaml" in error_line(capsys)


def test_a_wrong_key_in_a_section_of_the_file(config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = yaml.safe_load(config_file.read_text())
    config["data"]["init_args"]["batchsize"] = 3
    config_file.write_text(yaml.safe_dump(config))
    assert main(["--config", str(config_file)]) == 2
    assert "data.batchsize: there is no such option; did you mean data.batch_size?" in error_line(capsys)


def test_the_folder_of_a_run_is_told_before_anything_is_trained(
    fit: Fit, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit("--trainer.max_epochs=1") == 0
    run = only_run(runs_dir)
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == f"Run: {run.resolve()}"
    assert any(line.startswith("epoch 1/1") for line in rest)
    assert (run / "output.log").read_text().startswith(f"{first}\n")
    assert main(["--resume", str(run), "--trainer.max_epochs=2"]) == 0
    assert capsys.readouterr().out.startswith(f"{first}\n")


def test_a_checkpoint_of_another_model(
    fit: Fit, runs_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit("--trainer.max_epochs=1") == 0
    start = only_run(runs_dir) / "checkpoints" / "best.pt"
    capsys.readouterr()
    assert fit(f"--ckpt_path={start}", "--model.hidden=5", f"--experiment.runs_dir={tmp_path / 'other'}") == 2
    line = error_line(capsys)
    assert "does not fit the configured model" in line
    assert "size mismatch" in line


def test_a_file_that_is_no_checkpoint(fit: Fit, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for content in (None, {"weights": torch.zeros(2)}):
        file = tmp_path / "no.pt"
        if content is None:
            file.write_text("words")
        else:
            torch.save(content, file)
        assert fit(f"--ckpt_path={file}") == 2
        assert "no.pt is damaged, or not a checkpoint" in error_line(capsys)


def test_a_folder_is_no_checkpoint(fit: Fit, runs_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit("--trainer.max_epochs=1") == 0
    run = only_run(runs_dir)
    capsys.readouterr()
    assert fit(f"--ckpt_path={run}") == 2
    assert f"{run} is a folder; name a file in its checkpoints/, or use --resume" in error_line(capsys)
    sharded = run / "checkpoints" / "sharded"
    sharded.mkdir()
    (sharded / "meta.pt").touch()
    check_checkpoint(sharded, "--ckpt_path")


def test_a_new_run_or_the_old_one(fit: Fit, runs_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit("--trainer.max_epochs=1") == 0
    run = only_run(runs_dir)
    last = run / "checkpoints" / "last.pt"
    capsys.readouterr()
    assert main(["--resume", str(run), f"--ckpt_path={last}"]) == 2
    assert "--ckpt_path starts a new run and --resume continues one" in error_line(capsys)


@pytest.mark.filterwarnings("ignore:Total length of `DataLoader` across ranks is zero")
@pytest.mark.parametrize("missing", ["--trainer.limit_val_batches=0", "--data.validates=false"])
def test_early_stopping_without_validation(
    fit: Fit, runs_dir: Path, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    assert fit("--experiment.early_stopping_patience=2", missing) == 2
    line = error_line(capsys)
    assert "experiment.early_stopping_patience: waits for val/f1 (experiment.monitor)" in line
    assert not list(runs_dir.iterdir())


def test_an_error_after_loading_leaves_no_empty_run(
    fit: Fit, runs_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit("--trainer.max_epochs=3") == 0
    last = only_run(runs_dir) / "checkpoints" / "last.pt"
    elsewhere = tmp_path / "elsewhere"
    assert fit(f"--ckpt_path={last}", f"--experiment.runs_dir={elsewhere}", "--trainer.max_epochs=1") == 2
    assert "max_epochs=1" in capsys.readouterr().err
    assert not list(elsewhere.iterdir())


def test_a_bug_keeps_its_traceback(fit: Fit) -> None:
    with pytest.raises(ValueError, match="a bug"):
        fit("--data.bug=true")


def test_fewer_epochs_than_the_checkpoint_has(
    fit: Fit, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit("--trainer.max_epochs=3") == 0
    run = only_run(runs_dir)
    capsys.readouterr()
    assert main(["--resume", str(run), "--trainer.max_epochs=1"]) == 2
    assert "max_epochs=1" in error_line(capsys)
    assert (run / "checkpoints" / "last.pt").exists()


def test_help_and_print_config(fit: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "--experiment.name" in capsys.readouterr().out
    assert fit("--model.lr=0.25", "--print_config") == 0
    assert yaml.safe_load(capsys.readouterr().out)["model"]["init_args"]["lr"] == 0.25


def test_the_terminal_is_quiet(fit: Fit, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit("--trainer.max_epochs=1") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    for chatter in ("GPU", "Seed set", "Tip", "Trainer.fit"):
        assert chatter not in captured.out
