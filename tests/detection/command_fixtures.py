"""A folder with two workbooks, and a network that needs no training, for tests of the command."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.detection.blobs import BlobDetector, write_book
from tests.model.test_weights import write_run


@pytest.fixture(autouse=True)
def blob_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> BlobDetector:
    """Any weights that are there are a network that needs no training."""
    network = BlobDetector()
    run = write_run(tmp_path / "run", network)
    monkeypatch.setenv("TABLESENSE_WEIGHTS", str(run))
    monkeypatch.setattr("tablesense.model.weights.load_torch", lambda *_: network)
    return network


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    place = tmp_path / "books"
    place.mkdir()
    write_book(place / "one.xlsx", {"A": ["B2:D9", "F2:G5"], "H": ["A1:B3"]}, ("H",))
    write_book(place / "two.xlsx", {"B": ["A1:C4"]})
    monkeypatch.chdir(place)
    yield place
    assert sorted(path.name for path in place.iterdir() if path.name != "bad.xlsx") == [
        "one.xlsx",
        "two.xlsx",
    ]
