"""Where an encoder is looked for; the hub is a stand-in here, nothing asks the network."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import requests
import torch
from huggingface_hub.errors import LocalEntryNotFoundError

from tablesense.emotions.hub import encoder_folder, locate
from tablesense.emotions.pretrained import load_network
from tablesense.errors import UserError
from tablesense.fit import main

from .conftest import emotion_config, fit

NAME = "distilbert-base-uncased"


class Hub:
    """Answers as the hub and its client do."""

    def __init__(self, status: int | Exception, folder: Path, files: list[str]) -> None:
        self.status, self.folder, self.files = status, folder, files
        self.is_cached = False
        self.asked: list[str] = []
        self.patterns: list[str] = []

    def head(self, address: str, **options: Any) -> requests.Response:
        self.asked.append(address)
        assert 0 < options["timeout"] <= 10
        if isinstance(self.status, Exception):
            raise self.status
        answer = requests.Response()
        answer.status_code = self.status
        return answer

    def snapshot_download(self, name: str, **options: Any) -> str:
        assert name == NAME
        if options.get("local_files_only") and not self.is_cached:
            raise LocalEntryNotFoundError("not in the cache")
        self.patterns = options.get("allow_patterns", [])
        return str(self.folder)

    def list_repo_files(self, name: str) -> list[str]:
        return self.files


@pytest.fixture
def make_hub(monkeypatch: pytest.MonkeyPatch, encoder: Path) -> Callable[..., Hub]:
    def make(status: int | Exception = 200, files: tuple[str, ...] = ("model.safetensors",)) -> Hub:
        hub = Hub(status, encoder, list(files))
        monkeypatch.setattr(requests, "head", hub.head)
        monkeypatch.setattr(huggingface_hub, "snapshot_download", hub.snapshot_download)
        monkeypatch.setattr(huggingface_hub, "HfApi", lambda: hub)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        return hub

    return make


def test_a_folder_needs_no_hub(encoder: Path, make_hub: Callable[..., Hub]) -> None:
    hub = make_hub()
    assert encoder_folder(str(encoder)) == encoder
    assert not hub.asked


def test_what_is_cached_needs_no_network(encoder: Path, make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(requests.ConnectionError())
    hub.is_cached = True
    assert encoder_folder(NAME) == encoder
    assert not hub.asked


def test_a_download_takes_one_file_of_weights(encoder: Path, make_hub: Callable[..., Hub]) -> None:
    hub = make_hub(files=("model.safetensors", "pytorch_model.bin", "tf_model.h5", "evil.py"))
    assert encoder_folder(NAME) == encoder
    assert "model.safetensors" in hub.patterns
    assert not {"pytorch_model.bin", "tf_model.h5", "evil.py"} & set(hub.patterns)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (
            requests.ConnectionError("no name"),
            "not in the cache, and the hub cannot be reached; name a folder",
        ),
        (requests.Timeout(), "the hub cannot be reached"),
        (401, "is not on the hub, or not public"),
        (404, "is not on the hub, or not public"),
    ],
)
def test_no_such_model(make_hub: Callable[..., Hub], status: int | Exception, message: str) -> None:
    make_hub(status)
    with pytest.raises(UserError, match=message) as caught:
        encoder_folder(NAME)
    assert "\n" not in str(caught.value)


def test_a_model_without_weights_for_torch(make_hub: Callable[..., Hub]) -> None:
    make_hub(files=("tf_model.h5",))
    with pytest.raises(UserError, match="has no weights for PyTorch"):
        encoder_folder(NAME)


class LostConnectionError(Exception):
    """The client's own kind, no OSError."""


def test_a_download_that_breaks(make_hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> list[str]:
        raise LostConnectionError(f"reset while asking for {name}\nin many lines")

    monkeypatch.setattr(make_hub(), "list_repo_files", broken)
    with pytest.raises(UserError, match=r"cannot be downloaded \(reset while .*\); name a folder") as caught:
        encoder_folder(NAME)
    assert "\n" not in str(caught.value)


def test_told_to_stay_offline(make_hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch) -> None:
    hub = make_hub()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="HF_HUB_OFFLINE is set; name a folder"):
        encoder_folder(NAME)
    assert not hub.asked


@pytest.mark.parametrize("name", ["./model", "no/such/folder", "/no/such", "~/no such", "a\\b", ".."])
def test_what_looks_like_a_path_is_not_looked_for_on_the_hub(
    name: str, make_hub: Callable[..., Hub], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = make_hub()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"there is no folder|holds no config\.json"):
        encoder_folder(name)
    assert not hub.asked


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("config.json", r"holds no config\.json"),
        ("model.safetensors", "holds no weights"),
        ("tokenizer.json", "holds no tokenizer"),
    ],
)
def test_an_incomplete_folder(encoder: Path, tmp_path: Path, missing: str, message: str) -> None:
    shutil.copytree(encoder, tmp_path / "model", ignore=shutil.ignore_patterns(missing))
    with pytest.raises(UserError, match=message):
        encoder_folder(str(tmp_path / "model"))


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_damaged_folder(
    encoder: Path, texts: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(encoder, tmp_path / "model")
    (tmp_path / "model" / name).write_bytes(b"{")
    assert fit(emotion_config(tmp_path / "model", texts), tmp_path) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert "cannot be loaded" in said
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


class Evil:
    """What a pickle can do."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.place,)


def test_no_code_of_a_pickle_is_run(encoder: Path, tmp_path: Path) -> None:
    shutil.copytree(encoder, tmp_path / "model", ignore=shutil.ignore_patterns("*.safetensors"))
    weights = load_network(encoder).network.bert.state_dict()
    torch.save(weights, tmp_path / "model" / "pytorch_model.bin")
    loaded = load_network(tmp_path / "model").network.bert.state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in weights.items())

    place = tmp_path / "was here"
    torch.save({**weights, "evil": Evil(place)}, tmp_path / "model" / "pytorch_model.bin")
    with pytest.raises(UserError, match="its network cannot be loaded"):
        load_network(tmp_path / "model")
    assert not place.exists()


def test_without_the_extra(
    encoder: Path,
    texts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)  # then an import of it fails
    assert fit(emotion_config(encoder, texts), tmp_path) == 2
    said = capsys.readouterr().err
    assert said == ("error: emotions in text need the package transformers: pip install 'tablesense[text]'\n")
    assert main(["--config", str(tmp_path / "config.yaml"), "--print_config"]) == 0, "reading needs none"


def test_where_a_classifier_is(tmp_path: Path) -> None:
    for folder, message in ((tmp_path / "no", "there is no folder"), (tmp_path, "is neither a run nor")):
        with pytest.raises(UserError, match=message):
            locate(folder)
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(UserError, match="it is written when the run ends"):
        locate(tmp_path)


def test_a_folder_that_is_being_written_is_no_classifier(encoder: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    shutil.copytree(encoder, tmp_path / "checkpoint" / ".bert-02.partial")
    with pytest.raises(UserError, match="it is written when the run ends"):
        locate(tmp_path)
    shutil.copytree(encoder, tmp_path / "checkpoint" / "bert-01")
    (tmp_path / "checkpoint" / ".bert-02.partial" / "config.json").touch()
    assert locate(tmp_path).name == "bert-01"
