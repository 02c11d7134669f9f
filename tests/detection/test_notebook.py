"""The quickstart runs from top to bottom, and ends with the frames of the workbook that it wrote."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.detection.blobs import BlobDetector

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"


def test_quickstart_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    network = BlobDetector()
    monkeypatch.setattr("tablesense.detection.weights.load_detector", lambda *_: network)
    names: dict[str, Any] = {}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec("".join(cell["source"]), names)  # noqa: S102 - our own notebook
    frames = names["frames"]
    assert list(frames) == ["Q3!B4:E14", "Q3!H4:I11"]
    assert list(frames["Q3!B4:E14"].columns) == ["Region", "Units", "Price", "Audited"]
    assert frames["Q3!B4:E14"]["Audited"].dtype == bool
    assert "header rows 1" in capsys.readouterr().out
