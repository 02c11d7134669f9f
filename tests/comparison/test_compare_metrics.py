"""Which metrics `compare` shows, and what it says when there are none."""

from pathlib import Path

import pytest

from tablesense.runs import main

from .conftest import Make

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("patterns", "told"),
    [
        (["val/f2"], "--metrics: no metric that two of the runs share matches 'val/f2'; there is val/f1"),
        (["val/*", "nothing/*"], "'nothing/*'; there is val/f1, val/loss"),
    ],
)
def test_a_pattern_that_matches_no_metric_is_refused(
    make_run: Make, tmp_path: Path, capsys: Capture, patterns: list[str], told: str
) -> None:
    for name in ("a", "b"):
        make_run(name, [{"epoch": 1, "val/f1": 0.5, "val/loss": 0.5}])
    files = ["--csv", str(tmp_path / "both.csv")]
    runs = ["compare", "a", "b", "--runs-dir", str(tmp_path / "runs")]
    assert main([*runs, "--metrics", *patterns, *files]) == 2
    captured = capsys.readouterr()
    assert told in captured.err
    assert captured.err.count("\n") == 1
    assert not captured.out
    assert not (tmp_path / "both.csv").exists()
    assert main([*runs, "--metrics", "val/f[12]", *files]) == 0


def test_runs_that_share_no_metric_are_compared_without(
    make_run: Make, runs_dir: Path, capsys: Capture
) -> None:
    make_run("a", [{"epoch": 1, "val/f1": 0.5}])
    make_run("b", [{"epoch": 1, "val/loss": 0.5}])
    assert main(["compare", "a", "b", "--runs-dir", str(runs_dir)]) == 0
    assert "No metric that two of the runs share." in capsys.readouterr().out
