"""``tablesense predict-emotions`` on a run of the real training."""

import io
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tablesense.command import main as tablesense
from tablesense.emotions.classify import Classifier
from tablesense.emotions.command import as_csv
from tablesense.predict_emotions import main
from tablesense.terminal.untrusted import plain

from .conftest import LABELS, rows_of

pytestmark = pytest.mark.slow
CPU = torch.device("cpu")


def test_as_the_run_predicted(run: Path, texts: Path, tmp_path: Path) -> None:
    """Labels and probabilities of the test texts are those that the run wrote; in whatever batches."""
    out = tmp_path / "found.csv"
    args = ["--weights", str(run), "--file", str(texts / "test.tsv"), "--out", str(out), "--batch-size", "7"]
    assert tablesense(["predict-emotions", *args]) == 0
    (written,) = (run / "predictions").glob("test_*")
    for row, expected in zip(rows_of(out), rows_of(written), strict=True):
        assert (row["text"], row["pred_labels"]) == (expected["text"], expected["pred_labels"])
        for label in LABELS:
            name = f"pred_prob_{label}"
            assert float(row[name]) == pytest.approx(float(expected[name]), abs=2e-5)


def test_a_table_of_lines(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = b"such joy \x1b[31m[bold]today[/bold]\n\nthank you gratitude\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    assert main(["--weights", str(run), "--threshold", "0"]) == 0
    said = capsys.readouterr().out
    assert "[bold]today[/bold]" in said, "no markup"
    assert "\x1b" not in said, "nothing steers the terminal"
    assert "grief 0." in said


def test_json(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["--weights", str(run), "--format", "json"]
    assert main([*args, "joy", "=joy \ud83d"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert list(first["probabilities"]) == LABELS
    assert second["text"] == "=joy \ud83d"
    (folder,) = (run / "checkpoint").iterdir()
    thresholds = dict(zip(LABELS, Classifier(folder, CPU).thresholds, strict=True))
    near = [label for label, p in first["probabilities"].items() if abs(p - thresholds[label]) < 1e-5]
    assert not near, "rounding decides nothing here"
    expected = [label for label, p in first["probabilities"].items() if p >= thresholds[label]]
    assert first["labels"] == expected
    assert main([*args, "--threshold", "1", "joy"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["labels"] == []


def test_a_column_of_a_csv(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text('id,body\n1,"joy, joy"\n2,=1+1\n')
    args = ["--weights", str(run), "--file", str(tmp_path / "in.csv"), "--format", "csv"]
    assert main([*args, "--text-column", "body"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("text,pred_labels,pred_prob_admiration,")
    assert said[1].startswith('"joy, joy",')
    assert said[2].startswith("'=1+1,")
    assert main(args) == 2
    assert "--text-column: " in capsys.readouterr().err


class Terminal(io.TextIOWrapper):
    """A standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_file_keeps_what_a_terminal_must_not_show(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "family \N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL} a\tb"
    shown, out = io.BytesIO(), tmp_path / "out.csv"
    monkeypatch.setattr(sys, "stdout", Terminal(shown, "utf-8"))
    assert main(["--weights", str(run), text, "--out", str(out)]) == 0
    assert [row["text"] for row in rows_of(out)] == [text]
    assert main(["--weights", str(run), text, "--format", "csv"]) == 0
    sys.stdout.flush()
    said = shown.getvalue().decode()
    assert "family \N{WOMAN}\N{REPLACEMENT CHARACTER}\N{GIRL} a\N{REPLACEMENT CHARACTER}b" in said


def test_names_of_labels_cannot_steer_a_terminal() -> None:
    said = as_csv(["x"], ["a\x1b[31m"], np.array([[True]]), np.array([[0.5]]), plain)
    assert "\x1b" not in said


def test_an_output_without_unicode_and_lines_that_are_one_text(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, "ascii"))
    lines = "caf\u00e9 one\u2028still one\r\n \r\ntwo\n".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    assert main(["--weights", str(run), "--format", "csv"]) == 0
    sys.stdout.flush()
    rows = shown.getvalue().decode("ascii").splitlines()
    assert [row.split(",")[0] for row in rows] == ["text", "caf? one?still one", "two"]


def test_a_classifier_of_one_label_a_text_is_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder,) = (run / "checkpoint").iterdir()
    shutil.copytree(folder, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    kind = "single_label_classification"
    (tmp_path / "model" / "config.json").write_text(json.dumps({**config, "problem_type": kind}))
    assert main(["--weights", str(tmp_path / "model"), "x"]) == 2
    assert "is for single_label_classification, not for any number of labels" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--weights", "{tmp}/no", "x"], "--weights: there is no folder"),
        (["--weights", "{run}/checkpoints/best.pt", "x"], "best.pt is a file; name the run"),
        (["--weights", "{encoder}", "x"], "has no classifier yet"),
        (["--weights", "{run}", "x", "--file", "a.csv"], "give one of them"),
        (["--weights", "{run}", "--file", "{tmp}/no.csv"], "no.csv: cannot be read"),
        (["--weights", "{run}", "x", "--out", "{tmp}/x.pt"], "is to end in .csv or .json"),
        (["--weights", "{run}", "x", "--out", "{tmp}/no/x.csv"], "there is no folder"),
        (["--weights", "{run}", "x", "--out", "{tmp}/x.csv", "--format", "table"], "is for the terminal"),
        (["--weights", "{run}", "x", "--out", "{tmp}/x.csv", "--format", "json"], "is to end in .json"),
        (
            ["--weights", "{folder}", "x", "--out", "{folder}/config.json"],
            "is an input; it would be written over",
        ),
        (["--weights", "{run}", "--file", "{tmp}/in.csv", "--out", "{tmp}/in.csv"], "is an input"),
        (["--weights", "{run}", "--file", "{tmp}/empty.txt"], "empty.txt holds none"),
        (["--weights", "{run}", "x", "--device", "abacus"], "device 'abacus' cannot be used"),
        (["--weights", "{run}", "x", "--threshold", "2"], "must lie between 0 and 1"),
        (["x"], "--weights"),
    ],
)
def test_a_mistake_is_one_line(
    run: Path,
    encoder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    message: str,
) -> None:
    (tmp_path / "in.csv").write_text("text\nx\n")
    (tmp_path / "empty.txt").write_text("\n")
    (folder,) = (run / "checkpoint").iterdir()
    before = (folder / "config.json").read_text()
    names = {"tmp": tmp_path, "run": run, "encoder": encoder, "folder": folder}
    assert main([part.format(**names) for part in args]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert message in said
    assert said.count("\n") == 1
    assert (folder / "config.json").read_text() == before


def test_no_text_and_no_pipe(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9")))
    assert main(["--weights", str(run)]) == 2
    assert "the standard input is not UTF-8 (byte 3)" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["--weights", str(run)]) == 2
    assert "no text: give some" in capsys.readouterr().err


def test_thresholds_that_are_no_numbers(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder,) = (run / "checkpoint").iterdir()
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "label_thresholds": {"joy": "high"}}))
    assert main(["--weights", str(tmp_path), "x"]) == 2
    assert "label_thresholds is not a number for every label; give --threshold" in capsys.readouterr().err
    assert main(["--weights", str(tmp_path), "x", "--threshold", "0.5"]) == 0


def test_the_example_of_the_documentation(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = (Path(__file__).parents[2] / "docs" / "emotions.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    (folder,) = (run / "checkpoint").iterdir()
    exec(example, {"folder": folder})  # noqa: S102 - it is ours
    expected = Classifier(folder, CPU)
    flags = expected.predicted(expected.probabilities(["What a lovely day!"], 1))[0]
    assert (
        capsys.readouterr().out == f"{[label for label, flag in zip(LABELS, flags, strict=True) if flag]}\n"
    )
