"""The real ``wandb.Api()`` against a local stand-in of the server, see :mod:`fake_wandb_server`."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tablesense.runs import main

from .fake_wandb_api import FakeFile, recorded_run
from .fake_wandb_server import API_KEY, serving


def runs(place: Path, url: str, *args: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own: wandb keeps the server it first spoke to."""
    environment = {**os.environ, "WANDB_BASE_URL": url, "WANDB_API_KEY": API_KEY, "HOME": str(place)}
    environment |= {"WANDB_CACHE_DIR": str(place / "cache"), "WANDB_DIR": str(place)}
    environment.pop("WANDB_SERVICE", None)  # the one that tests in this process have started
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "tablesense.runs", *args],
        env=environment,
        cwd=place,
        capture_output=True,
        text=True,
        timeout=400,  # against a hang; a disk that stalls made a start take two minutes once
        check=False,
    )


@pytest.mark.slow
def test_list_compare_and_download(trained: Path, tmp_path: Path) -> None:
    recorded = [recorded_run(next(trained.glob(f"{name}*"))) for name in ("toy", "slow")]
    weights = os.urandom(100_000)
    recorded[0]._files.append(FakeFile("checkpoint/toy-12-10-2025-131357/model.safetensors", weights))
    recorded[1].created_at = "2025-12-10T13:14:57Z"
    with serving(*recorded) as url:
        listing = runs(tmp_path, url, "--wandb", "we/tables", "--csv", "list.csv")
        compared = runs(
            tmp_path, url, "compare", "toy", "slow", "--wandb", "we/tables", "--csv", "remote.csv"
        )
        fetched = runs(tmp_path, url, "download", f"we/tables/{recorded[0].id}", "--dest", "there")
        missing = [
            runs(tmp_path, url, "--wandb", "we/nothing"),
            runs(tmp_path, url, "download", "we/tables/nothing"),
        ]
    assert (listing.returncode, listing.stderr) == (0, "")
    rows = list(csv.DictReader((tmp_path / "list.csv").read_text().splitlines()))
    assert [(row["epochs"], row["parameters"], row["changed"]) for row in rows] == [
        ("4", "17", ""),
        ("4", "17", "model/lr=0.01"),
    ]

    assert (compared.returncode, compared.stderr) == (0, "")
    assert (
        main(["compare", "toy", "slow", "--runs-dir", str(trained), "--csv", str(tmp_path / "local.csv")])
        == 0
    )
    values = [sorted((tmp_path / f"{place}.csv").read_text().splitlines()) for place in ("remote", "local")]
    assert values[0] == values[1]

    assert (fetched.returncode, fetched.stderr) == (0, "")
    (file,) = (path for path in (tmp_path / "there").rglob("*") if path.is_file())
    assert file.read_bytes() == weights

    for answer in missing:
        assert answer.returncode == 2
        assert answer.stderr.startswith("error: W&B: cannot read ")
        assert "ould not find" in answer.stderr
        assert answer.stderr.count("\n") == 1
