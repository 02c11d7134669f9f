"""The notebooks run from top to bottom, and show what they promise."""

import ast
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tablesense.boxes import to_a1
from tests.detection.blobs import BlobDetector

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def run(name: str) -> dict[str, Any]:
    """The names that a notebook leaves, and what its last expressions gave, by cell, under ``shown``."""
    names: dict[str, Any] = {}
    shown = []
    for cell in json.loads((NOTEBOOKS / name).read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            parsed = ast.parse("".join(cell["source"]))
            last = parsed.body.pop() if isinstance(parsed.body[-1], ast.Expr) else None
            exec(compile(parsed, name, "exec"), names)  # noqa: S102 - our own notebook
            if isinstance(last, ast.Expr):
                shown.append(eval(compile(ast.Expression(last.value), name, "eval"), names))  # noqa: S307
    return {**names, "shown": shown}


def test_quickstart_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    network = BlobDetector()
    monkeypatch.setattr("tablesense.model.weights.load_torch", lambda *_: network)
    frames = run("quickstart.ipynb")["frames"]
    assert list(frames) == ["Q3!B4:E14", "Q3!H4:I11"]
    assert list(frames["Q3!B4:E14"].columns) == ["Region", "Units", "Price", "Audited"]
    assert frames["Q3!B4:E14"]["Audited"].dtype == bool
    assert "header rows 1" in capsys.readouterr().out


def test_look_at_a_sheet_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    names = run("look_at_a_sheet.ipynb")
    picture = next(value for value in names["shown"] if value is not None).data
    tables = [to_a1(box) for box in names["planned"].tables]
    assert tables
    printed = capsys.readouterr().out
    for table in tables:
        assert f">{table}<" in picture
        assert f"{table} -> grid" in printed
        assert f"-> sheet {table}\n" in printed
    assert "border_bottom" in printed


def test_extra_brings_what_the_notebooks_need() -> None:
    project = tomllib.loads((NOTEBOOKS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {need.partition(">")[0] for need in project["optional-dependencies"]["notebook"]} >= {
        "jupyterlab",
        "pandas",
    }
