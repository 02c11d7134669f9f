"""The files that W&B writes for an online run and leaves out of an offline one."""

import json
import math
import time
from pathlib import Path
from typing import Any

import yaml
from google.protobuf.json_format import MessageToDict

from tablesense.tracking.run.atomic import write_text
from tablesense.tracking.wandb_run.log import collect, read_records

_VERSIONS = "environment/"


def complete_offline_files(log: Path, wait_seconds: float = 10.0) -> None:
    """Write ``wandb-summary.json``, ``wandb-metadata.json`` and ``config.yaml`` beside a log.

    Args:
        log: the ``.wandb`` file.
        wait_seconds: how long to wait for the last record of a run that has just ended.
    """
    _wait_for_exit(log, wait_seconds)
    summary: dict[str, Any] = {}
    config: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    for record in read_records(log):
        if record.HasField("summary"):
            summary |= collect(record.summary.update)
            for item in record.summary.remove:
                summary.pop(item.key, None)
        elif record.HasField("run"):
            config |= collect(record.run.config.update)
        elif record.HasField("config"):
            config |= collect(record.config.update)
        elif record.HasField("environment"):
            metadata |= MessageToDict(record.environment)
    if not metadata:
        return  # killed before anything was written
    versions = {
        name.removeprefix(_VERSIONS): value for name, value in config.items() if name.startswith(_VERSIONS)
    }
    if versions:  # of the libraries that results depend on; W&B itself notes Python and the system alone
        metadata["environment"] = versions
    files = log.parent / "files"
    files.mkdir(exist_ok=True)
    _write_missing(files / "wandb-summary.json", json.dumps(_finite(summary)))
    _write_missing(files / "wandb-metadata.json", json.dumps(metadata, indent=2))
    wrapped = {key: {"value": value} for key, value in sorted(config.items())}
    _write_missing(files / "config.yaml", yaml.safe_dump(wrapped, sort_keys=False))


def _finite(summary: dict[str, Any]) -> dict[str, Any]:
    """The log has NaN, which JSON has not."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in summary.items()}


def _write_missing(file: Path, text: str) -> None:
    if not file.exists():
        write_text(file, text)


def _wait_for_exit(log: Path, seconds: float) -> None:
    """Wait until W&B's service, another process, has written the last record."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not any(r.HasField("exit") for r in read_records(log)):
        time.sleep(0.1)
