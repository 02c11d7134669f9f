"""Runs read from their folders: no server, no network, and whatever of a damaged run can be read."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tablesense.comparison.record import EPOCH, RunRecord
from tablesense.comparison.rows import Rows, ordered, split_history
from tablesense.tracking.run.flat_config import flatten

T = TypeVar("T")

_MARKS = ("configs/config.yaml", "run.json", "metrics.jsonl")
_STAMP = re.compile(r" (\d{4}-\d\d-\d\d \d\d)[:-](\d\d)( \(\d+\))?$")
_PARAMETERS = re.compile(r"^(model/(?:total|trainable)_params): ([\d,]+)$", re.MULTILINE)
_HISTOGRAMS = "gradients/"


def is_run(folder: Path) -> bool:
    """Whether a folder holds anything that a run leaves at its birth."""
    try:
        return any((folder / mark).is_file() for mark in _MARKS)
    except OSError:
        return False


def find_runs(runs_dir: Path) -> list[Path]:
    """The runs in a folder by name; anything else in there is passed over."""
    try:
        folders = [folder for folder in runs_dir.iterdir() if not folder.name.startswith(".")]
    except OSError:
        return []
    return sorted(folder for folder in folders if is_run(folder))


def read_run(folder: Path, *, steps: bool = True) -> RunRecord:
    """Read a run; what is damaged is left out and named in its notes.

    Args:
        folder: of the run.
        steps: whether to read W&B's log for the rows of optimizer steps, which takes longer.
    """
    notes: list[str] = []
    card = _read(folder / "run.json", _object, notes) or {}
    config = _read(folder / "configs" / "config.yaml", _flat_config, notes, needed=True) or {}
    epochs = _read(folder / "metrics.jsonl", lambda text: _epoch_rows(text, notes), notes) or ()
    facts = card.get("facts")
    if not isinstance(facts, dict):
        facts = _read(folder / "model_arch.txt", _counts, notes) or {}
    logged_epochs, step_rows = _read_wandb(folder / "wandb", notes) if steps or not epochs else ((), ())
    return RunRecord(
        name=folder.name,
        source=str(folder),
        started=_started(card.get("started"), folder.name),
        config=config,
        facts=facts,
        epochs=epochs or logged_epochs,
        steps=step_rows,
        notes=tuple(notes),
    )


def without_stamp(name: str) -> str:
    """``toy 2026-11-22 00:45 (2)`` is ``toy``: the name of the experiment."""
    return _STAMP.sub("", name)


def _read(file: Path, parse: Callable[[str], T], notes: list[str], *, needed: bool = False) -> T | None:
    try:
        return parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if needed:
            notes.append(f"{file.name} is missing")
    except (OSError, ValueError, TypeError, RecursionError, yaml.YAMLError):
        notes.append(f"{file.name} cannot be read")
    return None


def _object(text: str) -> dict[str, Any]:
    content = json.loads(text)
    if not isinstance(content, dict):
        raise TypeError("not a JSON object")
    return content


def _flat_config(text: str) -> dict[str, Any]:
    # The parser in C is ten times faster; not every installation has it.
    content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    if not isinstance(content, dict):
        raise TypeError("not a mapping")
    return flatten(content)


def _epoch_rows(text: str, notes: list[str]) -> Rows:
    rows, damaged = [], 0
    for line in text.splitlines():
        try:
            rows.append(_object(line))
        except (ValueError, TypeError, RecursionError):
            damaged += bool(line.strip())
    if damaged:
        notes.append(f"{damaged} damaged {'line' if damaged == 1 else 'lines'} in metrics.jsonl")
    return ordered(rows, EPOCH)


def _counts(text: str) -> dict[str, int]:
    return {name: int(count.replace(",", "")) for name, count in _PARAMETERS.findall(text)}


def _started(text: object, name: str) -> datetime | None:
    stamp = _STAMP.search(name)
    for candidate in (text, f"{stamp[1]}:{stamp[2]}" if stamp else None):
        try:
            return datetime.fromisoformat(str(candidate)).astimezone()
        except (ValueError, OverflowError, OSError):
            continue
    return None


def _read_wandb(folder: Path, notes: list[str]) -> tuple[Rows, Rows]:
    """The history in all logs of a run, the oldest first; a resume adds a log."""
    files = sorted(folder.glob("*run-*/run-*.wandb"), key=lambda f: f.parent.name.removeprefix("offline-"))
    rows: list[dict[str, Any]] = []
    for file in files:
        try:
            for row in _history(file):
                rows.append(row)  # noqa: PERF402 - what was read before the damage counts
        except Exception:  # what protobuf raises depends on how it was built
            notes.append(f"{file.name} cannot be read to its end")
    return split_history(rows)


def _history(file: Path) -> Iterator[dict[str, Any]]:
    from tablesense.tracking.wandb_run.log import collect, read_records  # loads wandb

    for record in read_records(file):
        if record.HasField("history"):
            yield collect(item for item in record.history.item if not _is_histogram(item))


def _is_histogram(item: Any) -> bool:  # noqa: ANN401 - a message of wandb
    return bool((item.key or ".".join(item.nested_key)).startswith(_HISTOGRAMS))
