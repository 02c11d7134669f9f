"""W&B online, offline, disabled: what is missing is told in a line, and a fault ends no training."""

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socket import socket

import pytest

from tablesense.errors import UserError
from tablesense.tracking.run.faults import Faults
from tablesense.tracking.wandb_run.login import check_online

from .conftest import Fit, only_run, python_command, python_environment


class _Refuses(BaseHTTPRequestHandler):
    """A server that is there and lets nobody in."""

    def do_GET(self) -> None:
        self.send_error(403)

    do_POST = do_GET  # noqa: N815 - http.server's names

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Refuses) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def closed_port() -> str:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def fit_online(config_file: Path, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Train online as somebody whose home holds no login."""
    clean = {key: value for key, value in python_environment().items() if not key.startswith("WANDB_")}
    clean |= {"NETRC": str(tmp_path / "netrc"), "HOME": str(tmp_path), **environment}
    return subprocess.run(  # noqa: S603 - our own command
        python_command(
            *("-m", "tablesense.fit", "--config", str(config_file), "--experiment.wandb_mode=online")
        ),
        env=clean,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def assert_one_line_and_no_run(done: subprocess.CompletedProcess[str], runs_dir: Path) -> str:
    assert done.returncode == 2, done.stderr
    # What wandb and its service say themselves stands around ours.
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert errors[0].startswith("error: experiment.wandb_mode: ")
    assert len(errors[0]) < 300
    assert "--experiment.wandb_mode=offline" in errors[0]
    assert not runs_dir.exists() or not list(runs_dir.iterdir())
    return errors[0]


@pytest.mark.slow
def test_no_login(config_file: Path, runs_dir: Path, tmp_path: Path) -> None:
    line = assert_one_line_and_no_run(fit_online(config_file, tmp_path), runs_dir)
    assert "there is no login to W&B; `wandb login`, or" in line


@pytest.mark.slow
def test_no_network(config_file: Path, runs_dir: Path, tmp_path: Path, closed_port: str) -> None:
    done = fit_online(config_file, tmp_path, WANDB_API_KEY="a" * 40, WANDB_BASE_URL=closed_port)
    line = assert_one_line_and_no_run(done, runs_dir)
    assert f"{closed_port} cannot be reached (Connection refused)" in line


@pytest.mark.slow
def test_a_login_that_is_refused(config_file: Path, runs_dir: Path, tmp_path: Path, server: str) -> None:
    done = fit_online(config_file, tmp_path, WANDB_API_KEY="a" * 40, WANDB_BASE_URL=server)
    assert_one_line_and_no_run(done, runs_dir)


def test_a_name_that_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(url: str, timeout: float) -> None:
        from socket import gaierror
        from urllib.error import URLError

        raise URLError(gaierror(-2, "Name or service not known"))

    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    monkeypatch.setattr("tablesense.tracking.wandb_run.login.urlopen", unknown)
    with pytest.raises(UserError, match="cannot be reached \\(Name or service not known\\)"):
        check_online()


def test_ctrl_c_while_wandb_starts(fit: Fit, runs_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import wandb

    def interrupt(**options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(wandb, "init", interrupt)
    assert fit("--experiment.wandb_mode=offline") == 130
    assert not list(runs_dir.iterdir())


@pytest.mark.slow
def test_wandb_dies_and_the_training_goes_on(config_file: Path, runs_dir: Path) -> None:
    """In the midst of a backward pass, of a row, of the end: none of them ends the run."""
    overrides = ("--experiment.wandb_mode=offline", "--model.kill_wandb_at=1", "--trainer.max_epochs=30")
    done = subprocess.run(  # noqa: S603 - our own command
        python_command("-m", "tablesense.fit", "--config", str(config_file), *overrides),
        env=python_environment(),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("W&B: Connection lost; training goes on") == 1, "told at once"
    assert "Not kept: W&B: Connection lost" in done.stderr.splitlines()[-1], "and at the end"
    rows = [json.loads(line) for line in (only_run(runs_dir) / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == list(range(1, 31))
    assert (only_run(runs_dir) / "checkpoint").is_dir()


def fail(faults: Faults, what: str, error: BaseException) -> None:
    with faults.guard(what):
        raise error


def test_faults_count_and_let_ctrl_c_through() -> None:
    faults = Faults()
    for _ in range(3):
        fail(faults, "a file", OSError(28, "No space left on device"))
    fail(faults, "another", ValueError())
    with pytest.raises(KeyboardInterrupt):
        fail(faults, "a file", KeyboardInterrupt())
    assert [str(fault) for fault in faults] == [
        "a file: [Errno 28] No space left on device (3 times)",
        "another: ValueError",
    ]
