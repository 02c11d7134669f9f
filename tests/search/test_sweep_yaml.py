"""configs/sweep.yaml: W&B understands it, and every point of it is a training that can be started."""

import json
import warnings
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
import yaml

from tablesense.features.channels import NUM_CHANNELS
from tablesense.fit import main
from tablesense.model.detector import NetworkConfig
from tablesense.search.command import expand
from tablesense.search.space import Choice, Interval, Multiples, Parameter
from tablesense.search.sweep_file import SweepFile, read_sweep
from tablesense.training.module import LossConfig, TableDetectionModule

from .test_command import of_wandbs_agent

ROOT = Path(__file__).parents[2]
FILE = ROOT / "configs" / "sweep.yaml"
# As published in the package `sweeps` 0.3.0 (MIT License, Weights and Biases), which needs an older numpy.
SCHEMA = Path(__file__).with_name("wandb_sweep_schema.json")


@pytest.fixture(scope="module")
def sweep() -> SweepFile:
    return read_sweep(FILE)


def extremes(parameter: Parameter) -> list[Any]:
    """The ends of a parameter, all values of a choice."""
    if isinstance(parameter, Choice):
        return list(parameter.values)
    assert isinstance(parameter, Interval | Multiples)
    return [parameter.value(parameter.low), parameter.value(parameter.high)]  # type: ignore[arg-type]


def points(sweep: SweepFile) -> list[dict[str, Any]]:
    """Points of the search at which every parameter takes each of its extremes."""
    corners = {name: extremes(parameter) for name, parameter in sweep.parameters.items()}
    count = max(map(len, corners.values()))
    return [{name: ends[min(n, len(ends) - 1)] for name, ends in corners.items()} for n in range(count)]


def test_it_keeps_to_wandbs_schema() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    jsonschema.validate(content, schema)
    del content["method"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schema)


def test_wandb_reads_what_we_read(sweep: SweepFile) -> None:
    utils = pytest.importorskip("wandb.sdk.launch.sweeps.utils")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves the file to be closed by the collector
        content = utils.load_sweep_config(str(FILE))
    assert tuple(content["command"]) == sweep.command
    assert content["method"] == sweep.method == "bayes"
    assert content["metric"] == {"name": sweep.metric, "goal": "maximize"}
    assert set(content["parameters"]) == set(sweep.parameters)


def test_it_covers_optimiser_width_layers_and_loss(sweep: SweepFile) -> None:
    assert {"model.lr", "model.weight_decay", "model.network.hidden_dim"} < set(sweep.parameters)
    assert {"model.network.encoder_layers", "model.network.decoder_layers"} < set(sweep.parameters)
    weights = {name.removeprefix("model.loss.") for name in sweep.parameters if ".loss." in name}
    assert weights == {field.name for field in fields(LossConfig) if field.name.startswith("lambda_")} - {
        "lambda_cls"
    }


def test_runs_are_compared_before_they_end(sweep: SweepFile) -> None:
    base = yaml.safe_load((ROOT / "configs" / "minimal.yaml").read_text(encoding="utf-8"))
    assert sweep.rungs is not None
    assert sweep.rungs.first * sweep.rungs.eta < base["trainer"]["max_epochs"]
    assert base["experiment"]["monitor"] == sweep.metric


def test_wandbs_agent_runs_our_command(sweep: SweepFile, monkeypatch: pytest.MonkeyPatch) -> None:
    values = points(sweep)[0]
    line = of_wandbs_agent(list(sweep.command), values, monkeypatch)
    assert line == expand(sweep.command, values)
    assert line[1:5] == ["python", "-m", "tablesense.fit", "--config"]
    assert "--experiment.wandb_mode=online" in line
    assert not any("${" in part for part in line)


def test_every_extreme_is_a_training_that_can_be_built(
    sweep: SweepFile, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)  # where the command finds its configuration
    for values in points(sweep):
        line = expand(sweep.command, values)
        arguments = line[line.index("tablesense.fit") + 1 :]
        assert main([*arguments, "--print_config"]) == 0
        model = yaml.safe_load(capsys.readouterr().out)["model"]["init_args"]
        for name, value in values.items():
            understood: Any = model
            for key in name.split(".")[1:]:
                understood = understood[key]
            assert understood == value, name
            assert type(understood) is type(value), name
        build(model)


def build(model: dict[str, Any]) -> None:
    """The network and its criterion, and a look at a sheet of five by seven cells."""
    network, loss = NetworkConfig(**model.pop("network")), LossConfig(**model.pop("loss"))
    module = TableDetectionModule(network, loss, **model).eval()
    with torch.no_grad():
        output = module.network(torch.zeros(1, NUM_CHANNELS, 5, 7), torch.ones(1, 5, 7, dtype=torch.bool))
    assert len(output.layers) == network.decoder_layers
