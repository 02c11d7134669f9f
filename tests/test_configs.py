"""The configurations of the project: each is understood, and describes a network that can be built."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from tablesense.features.channels import NUM_CHANNELS
from tablesense.fit import main
from tablesense.model.detector import NetworkConfig, TableDetector

FOLDER = Path(__file__).parents[1] / "configs"
CONFIGS = sorted(file for file in FOLDER.glob("*.yaml") if file.name != "sweep.yaml")  # that one is W&B's


def class_paths(config: Any) -> Iterator[str]:
    """The classes that a configuration names, wherever they stand."""
    if isinstance(config, dict):
        if "class_path" in config:
            yield config["class_path"]
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            yield from class_paths(part)


def test_there_are_configurations() -> None:
    assert CONFIGS


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.name)
def test_a_configuration_is_understood(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(file), "--print_config"]) == 0
    understood = yaml.safe_load(capsys.readouterr().out)
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert understood["experiment"].items() >= written["experiment"].items()


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.name)
def test_its_network_can_be_built_and_its_classes_are_there(file: Path) -> None:
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    for path in class_paths(config):
        module, name = path.rsplit(".", 1)
        assert isinstance(getattr(import_module(module), name), type), path
    if "network" not in config["model"]["init_args"]:
        return  # another task: its network comes from a hub
    shape = NetworkConfig(**config["model"]["init_args"]["network"])
    network = TableDetector(shape, NUM_CHANNELS)
    assert sum(weight.numel() for weight in network.parameters()) > 0
