"""``--weights model.onnx`` finds what the network that it was made of finds."""

from pathlib import Path

import pytest
from safetensors import SafetensorError

from tablesense import command
from tablesense.detection.detect import detect_tables
from tablesense.errors import UserError
from tablesense.model import onnx_export, sources, weights
from tablesense.model.detector import TableDetector
from tablesense.model.ensemble import TableEnsemble
from tablesense.model.onnx_network import OnnxNetwork
from tablesense.model.weights import load_detector, load_network, locate
from tests.detection.blobs import write_book
from tests.onnx_models import OnnxModel, make_network, onnx_model

__all__ = ["onnx_model"]  # a fixture


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return write_book(tmp_path / "book.xlsx", {"A": ["B2:D9", "F2:G5"], "B": ["A1:C4"], "C": ["C3:J60"]})


@pytest.mark.slow
def test_ranges_equal_those_of_torch(onnx_model: OnnxModel, book: Path) -> None:
    expected = detect_tables(book, onnx_model.network, threshold=0.0, device="cpu")
    found = detect_tables(book, onnx_model.file, threshold=0.0, device="cpu")
    assert expected
    assert [(t.sheet, t.range) for t in found] == [(t.sheet, t.range) for t in expected]
    assert [t.score for t in found] == pytest.approx([t.score for t in expected], abs=1e-4)
    network = OnnxNetwork(onnx_model.file, "cpu")
    assert detect_tables(book, network, threshold=0.0) == found


@pytest.mark.slow
def test_opened_once_until_the_file_changes(onnx_model: OnnxModel, tmp_path: Path) -> None:
    file = tmp_path / "MODEL.ONNX"
    file.write_bytes(onnx_model.file.read_bytes())
    first = load_network(file, "cpu")
    assert isinstance(first, OnnxNetwork)
    assert load_network(str(file), "cpu") is first
    assert load_network(first) is first
    file.touch()
    assert load_network(file, "cpu") is not first
    with pytest.raises(UserError, match=r"MODEL\.ONNX: an exported network cannot be changed"):
        load_detector(file, "cpu")


@pytest.mark.slow
def test_commands_take_the_file(
    onnx_model: OnnxModel, book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = str(onnx_model.file)
    assert command.main(["detect", str(book), "--weights", name, "--device", "cpu", "--output", "json"]) == 0
    corpus = tmp_path / "corpus"
    (corpus / "workbooks").mkdir(parents=True)
    book.rename(corpus / "workbooks" / "book.xlsx")
    line = '{"file_name": "book.xlsx", "sheet_name": "A", "table_regions": ["B2:D9"], "split": "train"}\n'
    (corpus / "annotations.jsonl").write_text(line)
    args = ["evaluate", "--weights", name, "--data", str(corpus), "--samples", "5", "--device", "cpu"]
    assert command.main(args) == 0
    assert "EoB" in capsys.readouterr().out


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    make_network().save_pretrained(tmp_path / "saved")
    return tmp_path / "saved"


@pytest.mark.slow
def test_export_writes_the_file_and_says_how_close_it_is(
    onnx_model: OnnxModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    onnx_model.network.save_pretrained(tmp_path / "both")
    monkeypatch.setattr(onnx_export, "_translate", lambda _: onnx_model.file.read_bytes())
    out = tmp_path / "out.onnx"
    assert command.main(["export", "--weights", str(tmp_path / "both"), "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert f"Wrote {out}\n" in printed.out
    assert "differ from torch's by" in printed.out
    assert printed.err == ""
    assert out.read_bytes() == onnx_model.file.read_bytes()


def refused(args: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert command.main(args) == 2
    text = capsys.readouterr().err
    assert text.startswith("error: ")
    assert text.count("\n") == 1
    return text


def test_export_writes_over_nothing_else(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.onnx").write_text("x")
    for out, reason in {
        "out.pt": "name a file that ends in .onnx, or a folder without a dot",
        "saved": "is there already; name a new folder",
        "saved/model.safetensors": "name a file that ends in .onnx",
        "nowhere/out.onnx": "there is no folder",
    }.items():
        args = ["export", "--weights", str(saved), "--out", str(tmp_path / out)]
        assert reason in refused(args, capsys)
    file = str(tmp_path / "in.onnx")
    assert "is an input" in refused(["export", "--weights", file, "--out", file], capsys)
    other = str(tmp_path / "other.onnx")
    assert "cannot be changed" in refused(["export", "--weights", file, "--out", other], capsys)
    assert not Path(other).exists()


def test_export_of_several_is_one_folder_that_detects(
    saved: Path, book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_network(seed=1).save_pretrained(tmp_path / "second")
    both, all_three, one = (tmp_path / name for name in ("both", "all_three", "one"))
    second = str(tmp_path / "second")
    assert command.main(["export", "--weights", str(saved), second, "--out", str(both)]) == 0
    assert f"Wrote {both}\n" in capsys.readouterr().out
    args = ["export", "--weights", str(both), second, "--threshold", "0.2", "--out", str(all_three)]
    assert command.main(args) == 0
    for folder, count, threshold in ((both, 2, 0.4), (all_three, 3, 0.2)):
        loaded = load_network(folder, "cpu")
        assert isinstance(loaded, TableEnsemble)
        assert (len(loaded.members), loaded.score_threshold) == (count, threshold)
    assert detect_tables(book, both, threshold=0.0, device="cpu")
    assert command.main(["export", "--weights", str(saved), "--threshold", "0.3", "--out", str(one)]) == 0
    assert TableDetector.from_pretrained(one).score_threshold == 0.3


def test_a_folder_that_cannot_be_written_leaves_nothing(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: TableDetector, folder: Path) -> None:
        (folder / "config.json").write_text("{}")
        raise SafetensorError("no space left on device")

    monkeypatch.setattr(TableDetector, "save_pretrained", full)
    out = tmp_path / "deeper" / "out"
    text = refused(["export", "--weights", str(saved), "--out", str(out)], capsys)
    assert f"{out} cannot be written: no space left on device" in text
    assert list((tmp_path / "deeper").iterdir()) == []


def test_missing_packages_are_said_at_once(
    saved: Path,
    book: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sources, "find_spec", lambda _: None)
    monkeypatch.setattr(weights, "load_network", None)
    file = tmp_path / "model.onnx"
    file.write_text("x")
    hint = "pip install 'tablesense[onnx]'"
    assert hint in refused(["detect", str(book), "--weights", str(file)], capsys)
    assert hint in refused(["export", "--weights", str(saved), "--out", str(file)], capsys)
    with pytest.raises(UserError, match="pip install"):
        locate(file)
