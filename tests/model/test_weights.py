"""Weights are found wherever a run, a checkpoint or a folder keeps them, and nothing else is taken."""

import re
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import openpyxl
import pytest
import torch

from tablesense.errors import UserError
from tablesense.features.channels import FEATURE_VERSION
from tablesense.model import pretrained, weights
from tablesense.model.detector import TableDetector
from tablesense.model.weights import SHIPPED, WEIGHTS_VARIABLE, is_released, load_detector, locate
from tests.detection.blobs import TINY


@pytest.fixture(autouse=True)
def no_weights_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(WEIGHTS_VARIABLE, raising=False)
    monkeypatch.setattr(weights, "RELEASED", tmp_path / "released")
    monkeypatch.setattr(weights, "_loaded", {})


@pytest.fixture
def network() -> TableDetector:
    return TableDetector(TINY)


def write_run(folder: Path, network: TableDetector, version: int = FEATURE_VERSION) -> Path:
    (folder / "checkpoints").mkdir(parents=True)
    checkpoint = {
        "model_state_dict": {f"network.{name}": value for name, value in network.state_dict().items()},
        "network": asdict(network.config),
        "feature_version": version,
    }
    torch.save(checkpoint, folder / "checkpoints" / "best.pt")
    (folder / "configs").mkdir()
    (folder / "configs" / "config.yaml").write_text("model: {init_args: {score_threshold: 0.3}}\n")
    return folder


def same(one: TableDetector, other: TableDetector) -> bool:
    states = one.state_dict(), other.state_dict()
    return states[0].keys() == states[1].keys() and all(
        torch.equal(value, states[1][name]) for name, value in states[0].items()
    )


def test_run_checkpoint_and_folder_give_the_same_network(tmp_path: Path, network: TableDetector) -> None:
    run = write_run(tmp_path / "run", network)
    network.save_pretrained(tmp_path / "folder")
    for source in (run, run / "checkpoints" / "best.pt", tmp_path / "folder", str(run)):
        loaded = load_detector(source, "cpu")
        assert same(loaded, network)
        assert not loaded.training


def test_threshold_is_that_of_the_run_or_the_folder(tmp_path: Path) -> None:
    network = TableDetector(TINY, score_threshold=0.7)
    network.save_pretrained(tmp_path / "folder")
    assert load_detector(tmp_path / "folder", "cpu").score_threshold == 0.7
    assert load_detector(write_run(tmp_path / "run", network), "cpu").score_threshold == 0.3


def test_loaded_once_until_the_file_changes(tmp_path: Path, network: TableDetector) -> None:
    run = write_run(tmp_path / "run", network)
    first = load_detector(run, "cpu")
    assert load_detector(run / "checkpoints" / "best.pt", "cpu") is first
    (run / "checkpoints" / "best.pt").touch()
    assert load_detector(run, "cpu") is not first


def test_released_model_is_used_and_the_variable_goes_before_it(
    tmp_path: Path, network: TableDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.save_pretrained(tmp_path / "released")
    assert same(load_detector(None, "cpu"), network)
    other = TableDetector(TINY)
    other.save_pretrained(tmp_path / "other")
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path / "other"))
    assert same(load_detector(None, "cpu"), other)
    assert same(load_detector(SHIPPED, "cpu"), network)
    assert is_released(SHIPPED)
    assert not is_released(None)


def refusal(source: str | Path) -> str:
    with pytest.raises(UserError) as error:
        load_detector(source, "cpu")
    text = str(error.value)
    assert "\n" not in text
    for jargon in ("Error", "weights_only", "pickle", "state_dict"):
        assert jargon not in text
    return text


def test_what_holds_no_weights_is_refused_in_one_line(tmp_path: Path, network: TableDetector) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "README.md").write_text("# no checkpoint")
    openpyxl.Workbook().save(tmp_path / "book.xlsx")
    whole = write_run(tmp_path / "run", network) / "checkpoints" / "best.pt"
    (tmp_path / "cut.pt").write_bytes(whole.read_bytes()[:-500])
    torch.save({"model_state_dict": 3}, tmp_path / "other.pt")
    for source, reason in {
        "empty": "holds no weights",
        "README.md": "is no checkpoint of a table detector",
        "book.xlsx": "is no checkpoint of a table detector",
        "other.pt": "is no checkpoint of a table detector",
        "cut.pt": "damaged or cut off",
    }.items():
        with pytest.raises(UserError) if source != "other.pt" else nullcontext():
            locate(tmp_path / source)  # before torch is imported
        assert refusal(tmp_path / source).startswith(f"{tmp_path / source}: ")
        assert reason in refusal(tmp_path / source)


def test_who_named_weights_that_are_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WEIGHTS_VARIABLE, "nowhere/of/all")
    assert refusal("not/here").startswith("there is no not/here")
    with pytest.raises(UserError, match=rf"^{WEIGHTS_VARIABLE} .*: there is no nowhere/of/all"):
        load_detector()


def test_model_of_another_network_is_to_be_trained_again(tmp_path: Path, network: TableDetector) -> None:
    best = write_run(tmp_path / "run", network) / "checkpoints" / "best.pt"
    checkpoint = torch.load(best, weights_only=True)
    renamed = {f"{name}.old": value for name, value in checkpoint["model_state_dict"].items()}
    for change in ({"model_state_dict": renamed}, {"network": {**asdict(TINY), "old": 1}}):
        torch.save({**checkpoint, **change}, best)
        best.touch()
        assert re.search(
            r"best\.pt: .*another version of the network.*train again", refusal(tmp_path / "run")
        )


def test_nothing_that_is_not_there_is_looked_for_on_the_hub(
    tmp_path: Path, network: TableDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(tmp_path / "runs" / "table_detector_minimal 01:40", network)
    monkeypatch.chdir(tmp_path)
    for name in ("runs/minimal", "runs/tabel_detector_minimal"):
        assert "'runs/table_detector_minimal 01:40'" in refusal(name)
    assert "near it" not in refusal("someone/tables")
    assert "hf://OWNER/NAME@REVISION" in refusal("hf://someone")


def test_checkpoint_of_another_feature_version_is_refused(tmp_path: Path, network: TableDetector) -> None:
    run = write_run(tmp_path / "run", network, version=FEATURE_VERSION - 1)
    with pytest.raises(UserError, match=f"feature version {FEATURE_VERSION - 1}"):
        load_detector(run, "cpu")


def test_checkpoint_cannot_run_code(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path(tmp_path / "ran").write_text, ("x",))

    torch.save({"model_state_dict": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(UserError, match="no checkpoint of a table detector"):
        load_detector(tmp_path / "evil.pt", "cpu")
    assert not (tmp_path / "ran").exists()


def test_name_of_the_hub_is_passed_on_as_it_is(
    network: TableDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def from_pretrained(name: str) -> TableDetector:
        asked.append(name)
        return network

    monkeypatch.setattr(TableDetector, "from_pretrained", from_pretrained)
    monkeypatch.setattr(pretrained, "holds_several", lambda _: False)  # asks the hub
    assert locate("hf://someone/tables@v1") == "hf://someone/tables@v1"
    load_detector("hf://someone/tables@v1", "cpu")
    assert asked == ["hf://someone/tables@v1"]


def test_device_that_is_not_there_is_refused() -> None:
    for device in ("cuda:99", "abacus"):
        with pytest.raises(UserError, match=f"device '{device}' cannot be used"):
            load_detector(TableDetector(TINY), device)
