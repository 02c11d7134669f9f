"""A training started by another command: its process, its log, and the epochs it has finished."""

import glob
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import yaml

from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain
from tablesense.trainings.processes import identity, kill

# An agent of W&B that a search is started from has its own run: a trial is not that one.
_OF_AN_AGENT = {"WANDB_RUN_ID", "WANDB_SWEEP_ID", "WANDB_SWEEP_PARAM_PATH"}

POLL_SECONDS = 0.5  # how often running trainings are looked at

_ERROR = re.compile(r"(error: .+|(\w+\.)*\w*(Error|Exception|Interrupt|Exit)\b.*)")


class Training:
    """A training that was just started.

    Args:
        line: its command line.
        runs_dir: where its run folder appears.
        name: of the experiment, with which the name of the folder begins.
        log: gets what it prints.
        folder: its run folder, where it goes on with an earlier run.
        grace: seconds between asking it to stop and killing it.

    Raises:
        UserError: there is no such program.
    """

    def __init__(
        self,
        line: Sequence[str],
        runs_dir: Path,
        name: str,
        log: Path,
        *,
        folder: Path | None = None,
        grace: float = 30.0,
    ) -> None:
        self._pattern = f"{glob.escape(name)} *"
        self._runs_dir, self._log, self._folder, self._grace = runs_dir, log, folder, grace
        self._earlier = set(runs_dir.glob(self._pattern))  # of a search of the same name
        self._asked_at: float | None = None
        environment = {key: value for key, value in os.environ.items() if key not in _OF_AN_AGENT}
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log_start = log.stat().st_size if log.exists() else 0  # what an earlier start printed
        try:
            with log.open("ab") as out:
                # In a session of its own: Ctrl-C is for the command, which stops its trainings in order.
                self._process = subprocess.Popen(  # noqa: S603 - the user's own command
                    line,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    start_new_session=True,
                )
        except OSError as error:
            raise UserError(f"command: cannot start {plain(line[0])}: {error.strerror}") from error

    @property
    def identity(self) -> str:
        """By which another search finds the process, should this one be killed."""
        return identity(self._process.pid)

    @property
    def folder(self) -> Path | None:
        """The run folder, None until there is one."""
        if self._folder is None:
            new = set(self._runs_dir.glob(self._pattern)) - self._earlier
            self._folder = next(iter(sorted(new)), None)
        return self._folder

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._asked_at is not None

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the finished epochs."""
        return [] if self.folder is None else read_rows(self.folder / "metrics.jsonl")

    def max_epochs(self) -> float:
        """How many epochs it is going to train, infinity where that is not known."""
        if self.folder is None:
            return math.inf
        try:
            config = yaml.safe_load((self.folder / "configs" / "config.yaml").read_text(encoding="utf-8"))
            limit = config["trainer"]["max_epochs"]
        except (OSError, yaml.YAMLError, KeyError, TypeError):
            return math.inf
        return limit if isinstance(limit, int) and limit > 0 else math.inf

    def poll(self) -> int | None:
        """The exit code, None while it runs; one that does not stop when asked is killed in time."""
        if self._asked_at is not None and time.monotonic() - self._asked_at > self._grace:
            self.kill()
        return self._process.poll()

    def wait(self, seconds: float) -> None:
        """Wait for its end, but no longer than that."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return

    def stop(self) -> None:
        """Ask it to save and end."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()
            self._process.terminate()

    def kill(self) -> None:
        """End it and its helpers now."""
        if self._process.poll() is None:
            kill(psutil.Process(self._process.pid))
            self._process.wait()

    def error_line(self) -> str:
        """Why it failed: the last error it printed, else its last line."""
        code = self._process.poll()
        text = self._log.read_bytes()[self._log_start :].decode("utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        errors = [line for line in lines if _ERROR.fullmatch(line)]
        if errors:
            return plain(errors[-1].removeprefix("error: "))
        if code is not None and code < 0:
            return f"ended by {signal.Signals(-code).name}"
        return plain(lines[-1]) if lines else f"ended with code {code} and printed nothing"


def stop_all(runs: Sequence[Training]) -> None:
    """Stop trainings and wait for them; a second Ctrl-C kills them."""
    for run in runs:
        run.stop()
    try:
        if runs:
            sys.stderr.write(f"Stopping {len(runs)} training(s), which save first; Ctrl-C: at once.\n")
        while any(run.poll() is None for run in runs):
            runs[0].wait(POLL_SECONDS)
    finally:
        for run in runs:
            run.kill()


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The rows of a ``metrics.jsonl`` that is being written; half a line at its end is left out."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    rows = []
    for line in lines:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(row, dict) and isinstance(row.get("epoch"), int):
            rows.append(row)
    return rows


def epochs_of(rows: list[dict[str, Any]], metric: str) -> dict[int, float]:
    """The metric by epoch; NaN (null in the file) where it is no number, nothing where it is not there."""
    values = {row["epoch"]: row[metric] for row in rows if metric in row}
    return {
        epoch: float(value) if isinstance(value, int | float) else math.nan for epoch, value in values.items()
    }
