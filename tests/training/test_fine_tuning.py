"""Training that begins with the weights of a trained detector."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from tablesense.errors import UserError
from tablesense.fit import main
from tablesense.model.detector import NetworkConfig, TableDetector
from tablesense.model.weights import RELEASED, load_detector
from tablesense.training.fine_tuning import SHIPPED
from tablesense.training.module import TableDetectionModule
from tests.training.test_module import TINY

CONFIG = Path(__file__).parents[2] / "configs" / "finetune.yaml"


def equal(one: TableDetector, other: TableDetector) -> bool:
    return all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())


@pytest.fixture
def folder(tmp_path: Path) -> str:
    TableDetector(TINY).save_pretrained(tmp_path / "trained")
    return str(tmp_path / "trained")


def test_training_begins_with_the_weights(folder: str) -> None:
    trained = load_detector(folder, "cpu")
    module = TableDetectionModule(TINY, weights=folder)
    assert equal(module.network, trained)
    assert not equal(TableDetectionModule(TINY).network, trained)
    with torch.no_grad():
        module.network.fuse.weight.zero_()
    assert trained.fuse.weight.any()  # the loaded network, kept for the process, is not the trained one


def test_what_changes_no_weight_may_be_another(folder: str) -> None:
    wanted = replace(TINY, dropout=0.3, formatting=not TINY.formatting)
    module = TableDetectionModule(wanted, weights=folder)
    assert equal(module.network, load_detector(folder, "cpu"))
    assert module.network.config == wanted


def test_the_configuration_fits_the_model_that_ships() -> None:
    network = yaml.safe_load(CONFIG.read_text("utf-8"))["model"]["init_args"]["network"]
    module = TableDetectionModule(NetworkConfig(**network), weights=SHIPPED)
    assert equal(module.network, load_detector(RELEASED, "cpu"))


def test_another_shape_is_refused(folder: str) -> None:
    message = rf"^model\.weights: {re.escape(folder)} has another shape .*: num_heads 2, not 4$"
    with pytest.raises(UserError, match=message):
        TableDetectionModule(replace(TINY, num_heads=4), weights=folder)


def test_weights_that_are_not_there_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--config", str(CONFIG), "--model.weights=relaesed"]) == 2
    assert capsys.readouterr().err.startswith("error: model.weights: there is no relaesed")
    assert not (tmp_path / "runs").exists()
