"""A saved network comes back whole, in silence, or one line says why it does not."""

from pathlib import Path

import pytest
import torch
from huggingface_hub import PyTorchModelHubMixin
from safetensors.torch import load_file, save_file

from tablesense.errors import UserError
from tablesense.model import pretrained
from tablesense.model.detector import TableDetector
from tests.detection.blobs import TINY


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    TableDetector(TINY, score_threshold=0.7).save_pretrained(tmp_path / "saved")
    return tmp_path / "saved"


def test_round_trip_is_exact_and_silent(saved: Path, capfd: pytest.CaptureFixture[str]) -> None:
    loaded = TableDetector.from_pretrained(saved)
    weights = load_file(saved / "model.safetensors")
    assert loaded.state_dict().keys() == weights.keys()
    assert all(torch.equal(value, weights[name]) for name, value in loaded.state_dict().items())
    assert (loaded.config, loaded.score_threshold, loaded.training) == (TINY, 0.7, False)
    assert capfd.readouterr() == ("", "")


def test_run_directory_is_taken_for_the_folder_it_keeps(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "run" / "checkpoint").mkdir(parents=True)
    saved.rename(tmp_path / "run" / "checkpoint" / "detr-1")
    assert TableDetector.from_pretrained(tmp_path / "run").score_threshold == 0.7


def test_folder_without_a_model_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for place in (tmp_path, tmp_path / "gone", "someone/tables"):
        with pytest.raises(UserError, match=r"give a folder that save_pretrained wrote.*hf://OWNER/NAME"):
            TableDetector.from_pretrained(place)
    assert capfd.readouterr() == ("", "")


def test_weight_that_is_missing_is_never_left_random(saved: Path) -> None:
    weights = load_file(saved / "model.safetensors")
    weights.pop("fuse.weight")
    save_file(weights, saved / "model.safetensors")
    with pytest.raises(UserError, match="another version of the network"):
        TableDetector.from_pretrained(saved)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_damaged_file_is_one_line(saved: Path, name: str) -> None:
    (saved / name).write_bytes((saved / name).read_bytes()[:20])
    with pytest.raises(UserError, match=r"saved: .*damaged"):
        TableDetector.from_pretrained(saved)


def test_only_names_with_the_prefix_go_to_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None]] = []

    def from_pretrained(name: str, *, revision: str | None) -> None:
        asked.append((name, revision))
        raise OSError("no route\nto host")

    monkeypatch.setattr(PyTorchModelHubMixin, "from_pretrained", from_pretrained)
    monkeypatch.setattr(pretrained, "holds_several", lambda *_, **__: False)  # asks the hub
    with pytest.raises(UserError, match=r"hf://someone/tables: .*hub \(OSError: no route\)$"):
        TableDetector.from_pretrained("hf://someone/tables")
    with pytest.raises(UserError, match="hub"):
        TableDetector.from_pretrained("hf://someone/tables@v1")
    assert asked == [("someone/tables", None), ("someone/tables", "v1")]


def test_model_card_says_how_to_use_it(saved: Path) -> None:
    card = (saved / "README.md").read_text()
    assert "detect_tables(" in card
    assert "More Information Needed" not in card
    assert "license" not in card  # whoever trained it chooses
