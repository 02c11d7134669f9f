"""The command, over real trainings as small as can be, and over played ones."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from tablesense.boxes import parse_a1
from tablesense.corpora.record import SheetAnnotation
from tablesense.cross_validate import main
from tablesense.cross_validation.train import train
from tablesense.cross_validation.turns import Plan, Turn, check_idle, check_options
from tablesense.data.module import SheetDataModule
from tablesense.data.splitting import CorpusConfig
from tablesense.errors import UserError
from tablesense.evaluation.results_table import results_table
from tablesense.model.detector import TableDetector
from tablesense.model.ensemble import TableEnsemble
from tablesense.terminal.commands import run_command
from tablesense.training.module import TableDetectionModule
from tests.data.builders import save_corpus, table

NAMES = "abcdef"


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    """The smallest recipe: six sheets of one table each."""
    annotations = [
        SheetAnnotation(f"{name}.xlsx", "S", (parse_a1("A1:C6"),), split="train", group=name)
        for name in NAMES
    ]
    corpus = save_corpus(tmp_path / "tea", {f"{name}.xlsx": {"S": table(6)} for name in NAMES}, annotations)
    better = tmp_path / "better.jsonl"
    better.write_text(SheetAnnotation("a.xlsx", "S", (parse_a1("A1:C6"),), "a").to_json())
    network = {
        "hidden_dim": 16,
        "backbone_blocks": 1,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "num_queries": 4,
    }
    config = {
        "experiment": {"wandb_mode": "disabled", "save_every_n_epochs": 1},
        "trainer": {"max_epochs": 1, "accelerator": "cpu", "enable_progress_bar": False},
        "model": {
            "class_path": f"{TableDetectionModule.__module__}.TableDetectionModule",
            "init_args": {"network": network},
        },
        "data": {
            "class_path": f"{SheetDataModule.__module__}.SheetDataModule",
            "init_args": {
                "corpora": [{"path": str(corpus), "corrections": str(better)}],
                "cache_dir": str(tmp_path / "cache"),
                "batch_size": 2,
            },
        },
    }
    file = tmp_path / "tiny.yaml"
    file.write_text(yaml.safe_dump(config))
    return file


@pytest.mark.slow
def test_every_sheet_is_measured_by_a_training_that_left_it_out(
    config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, out = tmp_path / "runs", tmp_path / "cv.json"
    args = [f"--config={config_file}", "--folds=2", "--seeds", "3", f"--runs-dir={runs}", f"--out={out}"]
    found = tmp_path / "found.jsonl"
    args.append(f"--predictions={found}")
    overrides = ["--experiment.wandb_mode=disabled", "--model.lr=1e-3"]
    assert main([*args, "--jobs=2", *overrides]) == 0
    printed = capsys.readouterr().out
    assert "tiny_fold1_seed3  epoch 1  val/eob0_f1" in printed
    assert re.search(r"^ *3 +6 +6 ", printed, re.MULTILINE), printed
    figures = json.loads(out.read_text())
    assert figures["seeds"]["3"]["macro"]["measures"] == figures["macro"]["measures"]
    assert figures["corpora"]["tea"]["templates"] == len(NAMES)
    assert len(figures["runs"]) == 2
    lines = [json.loads(line) for line in found.read_text().splitlines()]
    assert sorted(line["file_name"] for line in lines) == [f"{name}.xlsx" for name in NAMES]

    trained = sorted(runs.glob("tiny_fold*"))
    assert main([*args, *overrides]) == 0
    assert "2 of 2 trainings are finished" in capsys.readouterr().out
    assert sorted(runs.glob("tiny_fold*")) == trained, "nothing is trained twice"

    for other, named in (
        ([], "model/lr"),
        (["--model.lr", "2e-3"], "model/lr"),
        (["--folds=3"], "data/num_folds"),
    ):
        assert main([*args, *other]) == 2
        assert re.search(rf"is of another recipe \(what differs: .*{named}", capsys.readouterr().err)

    both = [*args, *overrides, "--networks=2", "--measure-only"]
    assert main(both) == 2
    assert "--networks: no fold is trained 2 times yet" in capsys.readouterr().err
    for run in trained:  # as if the second network had come out as the first
        shutil.copytree(run, runs / run.name.replace("seed3", "seed3_network2"))
    heard: list[int] = []
    real = TableEnsemble.of

    def of(detectors: Sequence[TableDetector]) -> TableEnsemble:
        heard.append(len(detectors))
        return real(detectors)

    monkeypatch.setattr(TableEnsemble, "of", of)
    assert main(both) == 0
    assert "seed3_network2" in capsys.readouterr().out
    together = json.loads(out.read_text())
    assert (together["networks"], len(together["runs"]), heard) == (2, 4, [2, 2])
    assert together["macro"] == figures["macro"]
    assert "1 seed, 2 networks together" in results_table(together)
    others = [*args, *overrides, "--measure-only", f"--with-runs={tmp_path / 'others'}"]
    assert main(others) == 2
    assert "others has no finished run of fold 0 and seed 3" in capsys.readouterr().err
    for run in trained:
        shutil.copytree(run, tmp_path / "others" / run.name.replace("tiny", "large"))
    heard.clear()
    assert main(others) == 0
    assert heard == [2, 2]
    assert "2 networks together" in results_table(json.loads(out.read_text()))
    config = next((tmp_path / "others").glob("large_fold1*")) / "configs" / "config.yaml"
    config.write_text(config.read_text().replace("val: true", "val: false"))
    assert main(others) == 2
    assert re.search(r"large_fold1_seed3 .* was trained on other corpora or", capsys.readouterr().err)
    shutil.rmtree(runs / trained[0].name.replace("seed3", "seed3_network2"))
    assert main(both) == 1
    half = json.loads(out.read_text())
    assert [trained[1].name in half["runs"], len(half["runs"])] == [True, 2]
    assert "So far 2 of 4 trainings" in results_table(half)
    assert "Only 3 of 4 trainings are finished" in capsys.readouterr().out

    annotations = tmp_path / "tea" / "annotations.jsonl"
    better = tmp_path / "better.jsonl"
    before = annotations.read_bytes(), better.read_bytes()
    (card,) = (runs / figures["runs"][0]).glob("run.json")
    for target in (f"--predictions={annotations}", f"--predictions={better}", f"--out={card}"):
        assert main([*args, *overrides, "--measure-only", target]) == 2
    assert (annotations.read_bytes(), better.read_bytes()) == before

    (tmp_path / "tea" / "workbooks" / "a.xlsx").write_bytes(b"no workbook")
    assert main([*args, *overrides, "--seeds", "3", "4", "--measure-only"]) == 1
    printed, told = capsys.readouterr()
    assert "Only 2 of 4 trainings are finished" in printed
    assert "tea/a.xlsx, sheet S: " in told
    assert [row["file_name"] for row in json.loads(out.read_text())["failed"]] == ["a.xlsx"]


def test_folds_are_those_that_the_training_left_out(config_file: Path) -> None:
    data = yaml.safe_load(config_file.read_text())["data"]["init_args"]
    corpora = [CorpusConfig(**corpus) for corpus in data["corpora"]]
    modules = [SheetDataModule(corpora, split="fold", num_folds=3, fold=fold, seed=5) for fold in range(3)]
    held_out = [module.val_corpora() for module in modules]
    names = [{sheet.group for sheet in corpus.annotations} for (corpus,) in held_out]
    assert sorted(name for part in names for name in part) == list(NAMES)
    assert all(len(part) == 2 for part in names)


class PlayedTurn(Turn):
    """A training that is only played: its code is run instead."""

    code = ""

    def line(self) -> list[str]:
        return [sys.executable, "-c", self.code]


def played(tmp_path: Path, code: str) -> list[Turn]:
    plan = Plan(tmp_path / "r.yaml", tmp_path / "runs", 2, (1,))
    kind = type("Played", (PlayedTurn,), {"code": code})
    return [kind(plan, fold, 1) for fold in range(2)]


def test_a_training_that_fails_ends_the_others(tmp_path: Path) -> None:
    first = str(tmp_path / "first")  # made by one alone, however close together both start
    code = f"import sys, time\ntry:\n open({first!r}, 'x').close()\n"
    code += "except FileExistsError:\n sys.exit('error: too low')\ntime.sleep(60)"
    with pytest.raises(UserError, match=r"r_fold[01]_seed1 failed: too low"):
        train(played(tmp_path, code), 2, lambda _: None)


SAVING = """
import os, signal, sys
def save(*_):
    open(f"{folder}/{os.getpid()}.saved", "w").close()
    sys.exit(130)
signal.signal(signal.SIGTERM, save)
open(f"{folder}/{os.getpid()}.started", "w").close()
signal.pause()
"""


def test_sigterm_lets_all_trainings_save(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ended = threading.Event()

    def interrupt_when_both_run() -> None:
        while len(list(tmp_path.glob("*.started"))) < 2:
            if ended.wait(0.02):
                return
        os.kill(os.getpid(), signal.SIGTERM)

    def work() -> int:
        try:
            train(played(tmp_path, f"folder = {str(tmp_path)!r}\n{SAVING}"), 2, lambda _: None)
        finally:
            ended.set()
        return 0

    threading.Thread(target=interrupt_when_both_run, daemon=True).start()
    assert run_command(work, "Stopped. Go on.", ["SIGTERM"]) == 130
    assert len(list(tmp_path.glob("*.saved"))) == 2
    assert capsys.readouterr().err.endswith("Stopped. Go on.\n")


def test_a_training_that_was_stopped_goes_on(tmp_path: Path) -> None:
    plan = Plan(Path("r.yaml"), tmp_path, 2, (1,))
    turn = next(plan.turns())
    assert "--resume" not in " ".join(turn.line())
    run = tmp_path / "r_fold0_seed1 2026-11-22 01:00"
    (run / "checkpoints").mkdir(parents=True)
    (run / "checkpoints" / "last.pt").touch()
    assert f"--resume={run}" in turn.line()
    assert turn.finished is None


def test_networks_that_detect_together_share_all_but_their_first_weights() -> None:
    turns = list(Plan(Path("r.yaml"), Path("runs"), 2, (1, 2), (), networks=3).turns())
    assert len(turns) == len({turn.name for turn in turns}) == 12
    assert [turn.name for turn in turns[:2]] == ["r_fold0_seed1", "r_fold0_seed1_network2"]
    lines = [set(turn.line()) for turn in turns if (turn.fold, turn.seed) == (1, 2)]
    assert lines[0] - lines[1] == {"--seed_everything=2", "--experiment.name=r_fold1_seed2"}
    assert lines[1] - lines[2] == {"--seed_everything=1002", "--experiment.name=r_fold1_seed2_network2"}
    assert all("--data.seed=2" in line for line in lines)


def test_a_training_that_outlived_its_command_is_not_begun_twice(tmp_path: Path) -> None:
    """Its folder may be without a checkpoint still."""
    turns = list(Plan(Path("r.yaml"), tmp_path, 2, (1,)).turns())
    run = tmp_path / "r_fold1_seed1 2026-11-22 01:00"
    run.mkdir()
    check_idle(turns)
    assert not list(run.iterdir()), "asking leaves nothing behind"
    refused = pytest.raises(UserError, match=r"another process trains in .*r_fold1_seed1 2026-11-22 01:00")
    with FileLock(run / ".lock"), refused:
        check_idle(turns)
    check_idle(turns)


def test_what_a_training_should_not_get_is_refused() -> None:
    check_options(["--model.lr=1e-3", "--trainer.max_epochs", "2"])
    for option in ("--data.fold=1", "--data.init_args.seed=3", "--seed_everything=4", "--experiment.name=x"):
        with pytest.raises(UserError, match="the cross-validation sets it"):
            check_options([option])
    for option in ("--resume=mine", "--ckpt_path=x", "--treshold=0.9", "-c"):
        with pytest.raises(UserError, match=f"there is no option {option}"):
            check_options([option])


def test_a_log_tells_of_this_start_only(tmp_path: Path) -> None:
    log = tmp_path / "runs" / "logs" / "r_fold0_seed1.log"
    log.parent.mkdir(parents=True)
    log.write_text("error: an old mistake\n")
    with pytest.raises(UserError, match=r"r_fold0_seed1 failed: ended by SIGKILL"):
        train(played(tmp_path, "import os; os.kill(os.getpid(), 9)")[:1], 1, lambda _: None)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--config=no.yaml"], "--config: there is no file no.yaml"),
        ([], "required: --config"),
        (["--config={}", "--networks=17"], "--networks: must be 16 or fewer, got 17"),
        (["--config={}", "--folds=1"], "--folds: must be 2 or more"),
        (["--config={}", "--out=x.txt"], "is to end in .json"),
        (["--config={}", "--measure-only"], "no training is finished in"),
        (["--config={}", "--folds=7"], "--folds: with 7 folds and seed 1 there is no sheet in fold"),
        (["--config={}", "--modle.lr=1"], "modle.lr"),
    ],
)
def test_wrong_input_is_one_line(
    args: list[str], message: str, config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = [arg.format(config_file) for arg in args]
    assert main([*args, f"--runs-dir={tmp_path / 'runs'}"]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_as_the_installed_command() -> None:
    line = [sys.executable, "-m", "tablesense", "cross-validate", "--help"]
    done = subprocess.run(line, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    assert "--measure-only" in done.stdout
