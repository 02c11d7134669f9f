"""Runs read from a W&B server, as the same records that their folders give."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import wandb

from tablesense.comparison.choose import choose
from tablesense.comparison.listing import listed_metrics
from tablesense.comparison.record import EPOCH, EPOCH_SECONDS, RunRecord
from tablesense.comparison.rows import Rows, ordered, split_history
from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain
from tablesense.tracking.wandb_run.login import has_login

# A server that takes requests and never answers is given up after about a minute.
_SECONDS, _RETRIES = 15, 2
_LONGEST_REASON = 300

# A scan of the history asks for this many steps at once; of those with all its keys there are few.
_PAGE = 10_000

# A run's W&B configuration holds what it was asked to do and what it found out about itself.
_FACTS = (
    "data/train_size",
    "data/val_size",
    "data/test_size",
    "data/datasets",
    "model/total_params",
    "model/trainable_params",
    "environment/",
)


class Project:
    """The runs of an ENTITY/PROJECT, the newest ``limit`` of them.

    Raises:
        UserError: there is no such project, no login or no way to the server.
    """

    def __init__(self, path: str, limit: int) -> None:
        if limit < 1:
            raise UserError(f"--limit: {limit} is not 1 or more")
        _parts(path, "--wandb: ENTITY/PROJECT")
        self._path = path.strip("/")
        self._api = open_api()
        with told(f"the runs of {path}"):
            found = self._api.runs(self._path, order="-created_at", per_page=min(limit, 50))
            self._runs: list[Any] = list(islice(found, limit))
            self.left_out: int = max(0, len(found) - limit)
        if not self._runs:
            raise UserError(f"--wandb: {plain(path)} has no runs")

    def list_records(self, metrics: Sequence[str] = ()) -> list[RunRecord]:
        """All runs with the metrics that are listed, and ``metrics`` besides."""
        with told(f"the runs of {self._path}"):
            configs = [run.config for run in self._runs]
            wanted = dict.fromkeys([*listed_metrics(configs), *metrics, EPOCH_SECONDS])
            return [_record(run, _scan_epochs(run, list(wanted)), ()) for run in self._runs]

    def records(self, names: Sequence[str]) -> list[RunRecord]:
        """The runs meant by names, parts of names or ids, whole."""
        known = [(run.name or run.id, run) for run in self._runs]
        by_id = {run.id: run for run in self._runs}
        chosen = [by_id.get(name) or choose(name, known, f"in {plain(self._path)}") for name in names]
        with told(f"the history of runs of {self._path}"):
            return [_record(run, *split_history(run.scan_history())) for run in chosen]


def find_run(path: str) -> Any:  # noqa: ANN401 - a run of wandb's public API
    """The run at ENTITY/PROJECT/ID.

    Raises:
        UserError: it is not there, or there is no login or no way to the server.
    """
    _parts(path, "ENTITY/PROJECT/ID")
    api = open_api()
    with told(path):
        return api.run(path.strip("/"))


def open_api() -> Any:  # noqa: ANN401 - wandb ships no types
    """W&B's public API, which never asks for a key at the terminal and gives up within a minute.

    Raises:
        UserError: there is no login, or no way to the server.
    """
    settings = wandb.setup(
        wandb.Settings(
            x_graphql_retry_max=_RETRIES,
            x_graphql_timeout_seconds=_SECONDS,
            x_file_transfer_retry_max=_RETRIES,
        )
    ).settings
    if not has_login():
        raise UserError("there is no login to W&B: run `wandb login`, or set WANDB_API_KEY")
    with told(settings.base_url):
        return wandb.Api(timeout=_SECONDS)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what wandb raises into one line.

    Raises:
        UserError: something went wrong with ``what``.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # wandb lets exceptions of its own inside and of other packages through
        lines = str(error).strip().splitlines() or [type(error).__name__]
        reason = plain(lines[0])[:_LONGEST_REASON].rstrip(".")
        if "did not respond in time" in reason:
            reason = f"no answer within {_SECONDS} seconds"
        raise UserError(f"W&B: cannot read {plain(what)}: {reason}") from error


def _parts(path: str, form: str) -> None:
    parts = path.strip("/").split("/")
    if len(parts) != form.count("/") + 1 or not all(part.strip() for part in parts):
        raise UserError(f"{plain(path)!r} is not of the form {form.removeprefix('--wandb: ')}")


def _record(run: Any, epochs: Rows, steps: Rows) -> RunRecord:  # noqa: ANN401 - a run of wandb's public API
    config = dict(run.config)
    facts = {name: config.pop(name) for name in list(config) if name.startswith(_FACTS)}
    return RunRecord(
        name=run.name or run.id,
        source=f"{run.entity}/{run.project}/{run.id}",
        started=_time(run.created_at),
        config=config,
        facts=facts,
        epochs=epochs,
        steps=steps,
        notes=() if run.state in {"finished", "running"} else (f"{run.state} according to W&B",),
    )


def _scan_epochs(run: Any, metrics: Sequence[str]) -> Rows:  # noqa: ANN401 - a run of wandb's public API
    """Rows of a few metrics; a scan gives only rows that have all its keys, hence one for each."""
    rows: dict[float, dict[str, float]] = {}
    logged = run.summary.keys()
    for metric in metrics:
        if metric in logged:
            for row in ordered(run.scan_history(keys=[EPOCH, metric], page_size=_PAGE), EPOCH):
                rows[row[EPOCH]] = rows.get(row[EPOCH], {}) | row
    return tuple(rows[epoch] for epoch in sorted(rows))


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
