"""Real trainings, as small as can be: searched for here, and started as W&B's own agent starts them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tablesense.sweep import main
from tablesense.tracking.run.flat_config import flatten
from tablesense.tracking.wandb_run.log import log_files, read_records

from . import slow_toy
from .conftest import sweep_content
from .test_command import of_wandbs_agent
from .test_search import states, trials

pytestmark = pytest.mark.slow


@pytest.fixture
def config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The smallest training, with a given score; its classes are found by other processes too."""
    root = Path(slow_toy.__file__).parents[len(slow_toy.__name__.split(".")) - 1]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root), *sys.path]))
    config = {
        "experiment": {"name": "toy", "runs_dir": str(tmp_path / "elsewhere")},
        "trainer": {"max_epochs": 2, "limit_train_batches": 4, "limit_val_batches": 1, "accelerator": "cpu"},
        "model": {"class_path": f"{slow_toy.__name__}.GivenScore", "init_args": {"lr": 0.05}},
        "data": {"class_path": "lightning.pytorch.demos.boring_classes.BoringDataModule"},
    }
    file = tmp_path / "toy.yaml"
    file.write_text(yaml.safe_dump(config))
    return file


def command(config_file: Path, mode: str) -> list[str]:
    module = ["${env}", "${interpreter}", "-m", "tablesense.fit", "--config", str(config_file)]
    return [*module, f"--experiment.wandb_mode={mode}", "${args}"]


def test_a_search_over_the_real_command(
    config_file: Path, tmp_path: Path, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = sweep_content(
        command=command(config_file, "online"),
        parameters={"model.score": {"values": [0.9, 0.1, 0.95]}, "model.lr": {"value": 1e-05}},
        early_terminate={"type": "hyperband", "min_iter": 1, "eta": 2},
    )
    file = tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump(content))
    assert main([str(file), f"--runs-dir={runs_dir}", "--experiment.wandb_mode=disabled"]) == 0
    assert states(runs_dir) == ["COMPLETE", "PRUNED", "COMPLETE"]
    assert [trial.value for trial in trials(runs_dir)] == [pytest.approx(value) for value in (0.9, 0.1, 0.95)]
    for trial, score in zip(trials(runs_dir), (0.9, 0.1, 0.95), strict=True):
        run = runs_dir / trial.user_attrs["folder"]
        config = flatten(yaml.safe_load((run / "configs" / "config.yaml").read_text()))
        assert config["model/score"] == score
        assert config["model/lr"] == 1e-05
        assert (run / "checkpoints" / "last.pt").exists(), "the one that was stopped has saved"

    out = capsys.readouterr().out
    assert "2 trials finished, 1 stopped early, 0 failed." in out
    again = out.split("Train it again:")[1].split()
    assert again[:3] == ["python", "-m", "tablesense.fit"]
    assert "--model.score=0.95" in again


def test_a_mistake_in_an_override_is_one_line(
    config_file: Path, tmp_path: Path, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sweep.yaml"
    content = sweep_content(
        command=command(config_file, "disabled"), parameters={"model.score": {"value": 0.9}}
    )
    file.write_text(yaml.safe_dump(content))
    assert main([str(file), f"--runs-dir={runs_dir}", "--trials=1", "--trainer.max_epoch=1"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "trainer.max_epoch: there is no such option" in err


def test_a_training_of_wandbs_agent_is_the_run_that_the_agent_waits_for(
    config_file: Path, tmp_path: Path, runs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline, as there is no server here: the environment and the command are those of the agent."""
    values: dict[str, Any] = {"model.score": 0.75, "experiment.runs_dir": str(runs_dir)}
    line = of_wandbs_agent(command(config_file, "offline"), values, monkeypatch)
    parameters = tmp_path / "config-agentrun.yaml"
    parameters.write_text(yaml.safe_dump({"wandb_version": 1, "model.score": {"desc": None, "value": 0.75}}))
    environment = {
        **os.environ,
        "WANDB_SWEEP_ID": "sweep123",
        "WANDB_RUN_ID": "agentrun",
        "WANDB_PROJECT": "of-the-agent",
        "WANDB_SWEEP_PARAM_PATH": str(parameters),
        "WANDB_DIR": str(tmp_path),
    }
    done = subprocess.run(  # noqa: S603 - our own command
        line, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    (run,) = runs_dir.iterdir()
    (log,) = log_files(run / "wandb", "agentrun")
    record = next(record.run for record in read_records(log) if record.HasField("run"))
    assert (record.run_id, record.sweep_id, record.project) == ("agentrun", "sweep123", "of-the-agent")
    config = {item.key: json.loads(item.value_json) for item in record.config.update}
    assert config["model.score"] == 0.75, "the value under the name by which the sweep knows it"
