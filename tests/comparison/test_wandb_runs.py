"""Against a local stand-in of W&B's public API, see :mod:`fake_wandb_api`: nothing here is online."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import wandb
from wandb.errors import AuthenticationError, CommError, UsageError

from tablesense.comparison.local import read_run
from tablesense.comparison.wandb_runs import Project
from tablesense.runs import main

from .fake_wandb_api import FakeApi, FakeFile, FakeRun, recorded_run

Capture = pytest.CaptureFixture[str]
Serve = Callable[..., FakeApi]


@pytest.fixture(autouse=True)
def no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """wandb reads the environment once in a process: before any test has put a key there."""
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", "/nowhere")
    wandb.setup()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """``serve(run, ...)`` puts the stand-in with these runs in the place of ``wandb.Api``."""

    def put(*runs: FakeRun) -> FakeApi:
        api = FakeApi(*runs)
        monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
        monkeypatch.setattr(wandb, "Api", lambda timeout: api)
        return api

    return put


def history(name: str, run_id: str, *scores: float, **more: Any) -> FakeRun:
    rows = [{"epoch": n, "val/f1": score, "_step": n} for n, score in enumerate(scores, start=1)]
    return FakeRun(f"we/tables/{run_id}", name, history=rows, summary={"val/f1": scores[-1]}, **more)


def test_the_record_of_a_run_is_the_same_from_either_place(trained: Path, serve: Serve) -> None:
    folder = next(trained.glob("toy*"))
    run = recorded_run(folder)
    serve(run)
    (remote,) = Project("we/tables", 50).records([run.id])
    local = read_run(folder)
    assert remote.epochs == local.epochs
    assert remote.steps == local.steps
    assert remote.config == local.config
    assert remote.facts == local.facts
    assert remote.name == local.name
    assert remote.parameters == local.parameters == 17
    assert remote.source == f"we/tables/{run.id}"
    assert remote.started == datetime(2025, 12, 10, 13, 13, 57, tzinfo=UTC)


def test_the_list_asks_for_little_and_says_the_same(trained: Path, serve: Serve, capsys: Capture) -> None:
    runs = [recorded_run(next(trained.glob(f"{name}*"))) for name in ("toy", "slow")]
    runs[0].created_at = "2025-12-10T13:13:57"  # an older server leaves out the zone
    runs[1].created_at = "2025-12-10T13:14:57Z"
    serve(*runs)
    assert main(["--wandb", "we/tables", "--csv", "-"]) == 0
    remote = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert main(["--runs-dir", str(trained), "--csv", "-"]) == 0
    local = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    for there, here in zip(remote, local, strict=False):
        for column in (
            "run",
            "epochs",
            "max_epochs",
            "val/f1",
            "val/f1 epoch",
            "seconds",
            "parameters",
            "changed",
        ):
            assert there[column] == here[column]
    assert all(keys is not None for run in runs for keys in run.scans)  # never the whole history


def test_compare_reads_whole_runs_by_name_part_or_id(
    trained: Path, serve: Serve, tmp_path: Path, capsys: Capture
) -> None:
    runs = [recorded_run(next(trained.glob(f"{name}*"))) for name in ("toy", "slow")]
    serve(*runs)
    there, here = tmp_path / "there.csv", tmp_path / "here.csv"
    assert main(["compare", "toy", runs[1].id, "--wandb", "we/tables", "--csv", str(there)]) == 0
    assert "train/max_grad_norm" in capsys.readouterr().out
    assert main(["compare", "toy", "slow", "--runs-dir", str(trained), "--csv", str(here)]) == 0
    assert sorted(there.read_text().splitlines()) == sorted(here.read_text().splitlines())


def test_only_the_newest_runs_are_read(serve: Serve, capsys: Capture) -> None:
    runs = [history(f"run {n}", f"id{n}", 0.5) for n in range(5)]
    for n, run in enumerate(runs):
        run.created_at = f"2025-12-1{n}T00:00:00Z"
    serve(*runs)
    assert main(["--wandb", "we/tables", "--limit", "2"]) == 0
    out = capsys.readouterr().out
    assert "run 4" in out
    assert "run 3" in out
    assert "run 2" not in out
    assert "3 older runs are not listed" in out
    assert [bool(run.scans) for run in runs] == [False, False, False, True, True]


def test_a_name_of_two_runs_asks_for_more_and_an_id_settles_it(serve: Serve, capsys: Capture) -> None:
    serve(history("same", "one", 0.5), history("same", "two", 0.6), history("other", "three", 0.7))
    assert main(["compare", "same", "other", "--wandb", "we/tables"]) == 2
    assert "may be" in capsys.readouterr().err
    assert main(["compare", "one", "two", "--wandb", "we/tables"]) == 0


def test_values_that_are_no_numbers_are_left_out(serve: Serve) -> None:
    run = history("x", "x", 0.5)
    run._history += [{"epoch": 2, "val/f1": "NaN", "val/loss": None}, {"epoch": 3, "val/f1": 0.7, "note": {}}]
    serve(run)
    (record,) = Project("we/tables", 50).records(["x"])
    assert record.series("val/f1") == [(1, 0.5), (3, 0.7)]


def test_an_unfinished_run_says_so(serve: Serve, capsys: Capture) -> None:
    run = history("x", "x", 0.5)
    run.state = "crashed"
    run.name = None
    serve(run)
    assert main(["--wandb", "we/tables"]) == 0
    assert "crashed according to W&B" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["--wandb", "we/nothing"], "Could not find project nothing"),
        (["--wandb", "we"], "'we' is not of the form ENTITY/PROJECT"),
        (["--wandb", "we/tables/x"], "is not of the form ENTITY/PROJECT"),
        (["--wandb", "we/tables", "--limit", "0"], "not 1 or more"),
        (["compare", "a", "b", "--wandb", "we/tables"], "no run 'a' in we/tables"),
        (["download", "we/tables"], "is not of the form ENTITY/PROJECT/ID"),
        (["download", "we/tables/nothing"], "Could not find run"),
    ],
)
def test_what_is_not_there_gives_one_line(
    serve: Serve, args: list[str], reason: str, capsys: Capture
) -> None:
    serve(history("x", "x", 0.5))
    assert main(args) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert reason in error


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (UsageError("No API key configured. Use `wandb login` to log in."), "wandb login"),
        (AuthenticationError("API key\x1b[31m is not valid\nmore"), "is not valid"),
        (CommError("the service process is busy and did not respond in time."), "no answer within"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_no_way_to_the_server_gives_one_line(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, raised: Exception, reason: str, capsys: Capture
) -> None:
    def refuse(timeout: int) -> None:
        raise raised

    serve()
    monkeypatch.setattr(wandb, "Api", refuse)
    assert main(["--wandb", "we/tables"]) == 2
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1
    assert "\x1b" not in error


def test_a_server_lost_in_the_midst_of_a_history_gives_one_line(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    class LostError(Exception):
        """As wandb's own WandbApiFailedError, which is none of its public errors."""

    def scan(*args: Any, **kwargs: Any) -> Any:
        yield {"epoch": 1, "val/f1": 0.5}
        raise LostError("connection reset")

    serve(history("x", "x", 0.5), history("y", "y", 0.5))
    monkeypatch.setattr(FakeRun, "scan_history", scan)
    for args in (["--wandb", "we/tables"], ["compare", "x", "y", "--wandb", "we/tables"]):
        assert main(args) == 2
        error = capsys.readouterr().err
        assert "connection reset" in error
        assert error.count("\n") == 1


def test_without_a_login_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def asked(timeout: int) -> None:
        raise AssertionError("wandb would prompt for a key")

    monkeypatch.setattr(wandb, "Api", asked)
    assert main(["--wandb", "we/tables"]) == 2
    assert "wandb login" in capsys.readouterr().err


FILES = {
    "checkpoint/toy-12-10-2025-131357/model.safetensors": b"weights",
    "checkpoint/toy-12-10-2025-131357/config.json": b"{}",
    "predictions/val_epoch4_predictions_toy_12-10-2025-131357.csv": b"file,sheet\n",
    "stats/per_class_metrics_toy_12-10-2025-131357.csv": b"class,f1_score\n",
    "artifact/123/wandb_manifest.json": b"{}",
    "config.yaml": b"a: 1\n",
    "output.log": b"",
}


def run_with_files(files: dict[str, bytes] = FILES, name: str = "toy 2025-12-10 13:13") -> FakeRun:
    return FakeRun("we/tables/abc", name, files=[FakeFile(path, content) for path, content in files.items()])


def tree(folder: Path) -> dict[str, bytes]:
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def of(*folders: str) -> dict[str, bytes]:
    return {name: content for name, content in FILES.items() if name.split("/")[0] in folders}


def test_download_fetches_weights_and_csvs(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    run = run_with_files()
    serve(run)
    monkeypatch.chdir(tmp_path)
    assert main(["download", "we/tables/abc"]) == 0
    # What writes for wandb may run in another working directory.
    assert all(root.is_absolute() for file in run.files() for root in file.roots)
    assert tree(tmp_path / "downloads" / "toy 2025-12-10 13-13") == of("checkpoint", "predictions", "stats")
    out = capsys.readouterr().out
    assert "model.safetensors  7 bytes" in out
    assert "4 of 4 files" in out


@pytest.mark.parametrize(
    ("options", "folders"),
    [
        (["--only", "checkpoint"], ["checkpoint"]),
        (["--only", "predictions", "stats"], ["predictions", "stats"]),
        (["--only", "stats", "--metadata"], ["stats", "config.yaml", "output.log"]),
    ],
)
def test_download_fetches_what_is_asked_for(
    serve: Serve, tmp_path: Path, options: list[str], folders: list[str]
) -> None:
    serve(run_with_files())
    assert main(["download", "we/tables/abc", "--dest", str(tmp_path / "there"), *options]) == 0
    assert tree(tmp_path) == {f"there/{name}": content for name, content in of(*folders).items()}


def test_what_is_there_is_kept_unless_told_otherwise(serve: Serve, tmp_path: Path, capsys: Capture) -> None:
    serve(run_with_files())
    name = "stats/per_class_metrics_toy_12-10-2025-131357.csv"
    mine = tmp_path / name
    mine.parent.mkdir()
    mine.write_text("mine")
    assert main(["download", "we/tables/abc", "--dest", str(tmp_path)]) == 0
    assert mine.read_text() == "mine"
    assert f"{name}  kept" in capsys.readouterr().out
    assert main(["download", "we/tables/abc", "--dest", str(tmp_path), "--overwrite"]) == 0
    assert tree(tmp_path) == of("checkpoint", "predictions", "stats")


@pytest.mark.parametrize(
    "name",
    [
        "checkpoint/../../evil",
        "checkpoint/x/../../../evil",
        "/checkpoint/evil",
        "checkpoint//evil",
        "checkpoint\\..\\..\\evil",
        "checkpoint/C:/evil",
        "checkpoint/evil\x1b[31m",
        "stats/..",
    ],
)
def test_a_name_that_leads_elsewhere_stops_the_download(
    serve: Serve, tmp_path: Path, name: str, capsys: Capture
) -> None:
    serve(run_with_files({**FILES, name: b"evil"}))
    assert main(["download", "we/tables/abc", "--dest", str(tmp_path / "a" / "there")]) == 2
    error = capsys.readouterr().err
    assert "leads elsewhere" in error
    assert "\x1b" not in error
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("name", ["../../evil", "..", "/etc/evil", "\x1b[31m", "", "a" * 400, "CON:"])
def test_the_name_of_a_run_makes_a_harmless_folder(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, capsys: Capture
) -> None:
    serve(run_with_files(name=name))
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    assert main(["download", "we/tables/abc"]) == 0
    (folder,) = (place / "downloads").iterdir()
    assert tree(folder) == of("checkpoint", "predictions", "stats")
    assert [path.name for path in tmp_path.iterdir()] == ["here"]
    assert "\x1b" not in capsys.readouterr().out


def test_a_download_that_breaks_off_leaves_whole_files_only(
    serve: Serve, tmp_path: Path, capsys: Capture
) -> None:
    run = run_with_files()
    run._files[2] = FakeFile(run._files[2].name, b"file,sheet\n", sent=b"file,")
    serve(run)
    assert main(["download", "we/tables/abc", "--dest", str(tmp_path / "there")]) == 2
    error = capsys.readouterr().err
    assert "5 bytes came of 11" in error
    assert tree(tmp_path) == {f"there/{name}": content for name, content in of("checkpoint").items()}
    run._files[2] = FakeFile(run._files[2].name, b"file,sheet\n")
    assert main(["download", "we/tables/abc", "--dest", str(tmp_path / "there")]) == 0
    assert tree(tmp_path / "there") == of("checkpoint", "predictions", "stats")


def test_a_run_without_files_says_so(serve: Serve, tmp_path: Path, capsys: Capture) -> None:
    serve(run_with_files({"config.yaml": b""}))
    assert main(["download", "we/tables/abc", "--dest", str(tmp_path / "there")]) == 2
    assert "has no files in checkpoint, predictions, stats" in capsys.readouterr().err
    assert tree(tmp_path) == {}


def test_the_snippet_of_the_document_works(serve: Serve, tmp_path: Path) -> None:
    """The loop of ``wandb_file_organization.md``, with the names of our files."""
    serve(run_with_files())
    api = wandb.Api(timeout=1)
    run = api.run("we/tables/abc")
    for file in run.files():
        if "toy" in file.name and "model.safetensors" in file.name:
            file.download(root=str(tmp_path)).close()
    assert tree(tmp_path) == {
        name: content for name, content in FILES.items() if name.endswith("model.safetensors")
    }


def test_the_stand_in_has_the_arguments_of_wandb() -> None:
    """Every argument the stand-in takes is one that wandb takes, in that order."""
    import inspect

    from wandb.apis.public import Api, File, Run

    for fake, real in (
        (FakeApi.runs, Api.runs),
        (FakeApi.run, Api.run),
        (FakeRun.files, Run.files),
        (FakeFile.download, File.download),
    ):
        assert (
            list(inspect.signature(fake).parameters)
            == list(inspect.signature(real).parameters)[: len(inspect.signature(fake).parameters)]
        )
    assert {"keys", "page_size", "min_step", "max_step"} <= set(
        inspect.signature(Run.scan_history).parameters
    )
