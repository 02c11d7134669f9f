"""Training that begins with the weights of a trained detector."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from tablesense.data.synthetic import SyntheticDataModule
from tablesense.errors import UserError
from tablesense.model.detector import NetworkConfig, TableDetector
from tablesense.model.weights import RELEASED, SHIPPED, load_detector
from tablesense.training.fine_tuning import start_from
from tablesense.training.module import TableDetectionModule
from tests.model.test_weights import same
from tests.training.test_module import TINY, trainer
from tests.training.test_module import _quiet as _quiet
from tests.training.test_module import data as data

CONFIG = Path(__file__).parents[2] / "configs" / "finetune.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> str:
    TableDetector(TINY).save_pretrained(tmp_path / "trained")
    return str(tmp_path / "trained")


def test_training_begins_with_the_weights(folder: str) -> None:
    trained, network = load_detector(folder, "cpu"), TableDetector(TINY)
    assert not same(network, trained)
    start_from(network, folder)
    assert same(network, trained)
    with torch.no_grad():
        network.fuse.weight.zero_()
    assert trained.fuse.weight.any()  # the loaded network, kept for the process, is not the trained one


def test_what_changes_no_weight_may_be_another(folder: str) -> None:
    wanted = replace(TINY, dropout=0.3, formatting=not TINY.formatting)
    network = TableDetector(wanted)
    start_from(network, folder)
    assert same(network, load_detector(folder, "cpu"))
    assert network.config == wanted


def test_the_configuration_fits_the_model_that_ships() -> None:
    config = yaml.safe_load(CONFIG.read_text("utf-8"))
    options = config["model"]["init_args"]
    assert options["weights"] == SHIPPED
    assert config["trainer"]["num_sanity_val_steps"] == -1
    network = TableDetector(NetworkConfig(**options["network"]))
    start_from(network, options["weights"])
    assert same(network, load_detector(RELEASED, "cpu"))


def test_another_shape_is_refused(folder: str) -> None:
    message = rf"^model\.weights: {re.escape(folder)} has another shape .*: num_heads 2, not 4; give"
    with pytest.raises(UserError, match=message):
        start_from(TableDetector(replace(TINY, num_heads=4)), folder)


@pytest.mark.parametrize("weights", ["relaesed", ""])
def test_weights_that_are_not_there_are_told(weights: str) -> None:
    with pytest.raises(UserError, match=r"^model\.weights: (there is no relaesed;|names nothing)"):
        start_from(TableDetector(TINY), weights)


def test_a_run_begins_with_them_and_goes_on_without(
    folder: str, data: SyntheticDataModule, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = trainer(tmp_path, limit_val_batches=0, limit_train_batches=0)
    module = TableDetectionModule(TINY, weights=folder, warmup_steps=1)
    assert not same(module.network, load_detector(folder, "cpu"))  # a wrong shape is told where it is loaded
    running.fit(module, datamodule=data)
    assert same(module.network, load_detector(folder, "cpu"))
    assert folder in capsys.readouterr().out
    running.save_checkpoint(tmp_path / "last.pt")
    Path(folder).rename(tmp_path / "elsewhere")
    resumed = TableDetectionModule(TINY, weights=folder, warmup_steps=1)
    trainer(tmp_path, max_epochs=2, limit_val_batches=0, limit_train_batches=0).fit(
        resumed, datamodule=data, ckpt_path=str(tmp_path / "last.pt")
    )
    assert same(resumed.network, module.network)
    assert folder not in capsys.readouterr().out


def test_the_weights_are_measured_before_training(
    data: SyntheticDataModule, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = NetworkConfig(**yaml.safe_load(CONFIG.read_text("utf-8"))["model"]["init_args"]["network"])
    module = TableDetectionModule(network, weights=SHIPPED, warmup_steps=1)
    start_from(module.network, SHIPPED)
    measuring = trainer(tmp_path)
    measuring.validate(module, datamodule=data, verbose=False)
    expected = float(measuring.callback_metrics["val/eob2_f1"])
    assert expected > 0
    capsys.readouterr()
    running = trainer(tmp_path, num_sanity_val_steps=-1, limit_train_batches=1)
    running.fit(module, datamodule=data)
    assert f"EoB-2 F1 {expected:.3f}\n" in capsys.readouterr().out
    running.save_checkpoint(tmp_path / "last.pt")
    trainer(tmp_path, num_sanity_val_steps=-1, limit_train_batches=1, max_epochs=2).fit(
        module, datamodule=data, ckpt_path=str(tmp_path / "last.pt")
    )
    assert "Before training" not in capsys.readouterr().out  # a resumed one has trained
    trainer(tmp_path, num_sanity_val_steps=1, limit_train_batches=1).fit(module, datamodule=data)
    assert "Before training" not in capsys.readouterr().out  # of one batch no score is told
