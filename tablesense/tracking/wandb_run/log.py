"""Reads a run's local W&B log, without a server and without wandb's internals beyond its messages."""

import json
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[attr-defined]  # chosen at run time

_FILE_HEADER = 7
_BLOCK = 32 * 1024
_FRAME = struct.Struct("<IHB")  # checksum, length, kind
_FULL, _LAST = 1, 4


def read_records(file: Path) -> Iterator[Any]:
    """The records of a ``.wandb`` file in order; a tail cut off by a kill ends the reading.

    Raises ``DecodeError`` where the file is damaged.

    The file is LevelDB's log format: blocks of 32 KiB, a record split into pieces where it does
    not fit, and each piece framed by checksum, length and kind.
    """
    data = file.read_bytes()
    position, record = _FILE_HEADER, b""
    while position + _FRAME.size <= len(data):
        left_in_block = _BLOCK - position % _BLOCK
        if left_in_block < _FRAME.size:  # too little for a frame: padding
            position += left_in_block
            continue
        _, length, kind = _FRAME.unpack_from(data, position)
        position += _FRAME.size
        record += data[position : position + length]
        position += length
        if position > len(data) or kind == 0:
            return
        if kind in {_FULL, _LAST}:
            yield Record.FromString(record)
            record = b""


def log_files(wandb_dir: Path, run_id: str) -> list[Path]:
    """Every log of a run; each resume of an offline run adds one."""
    return sorted(wandb_dir.glob(f"*run-*/run-{run_id}.wandb"))


def last_step(files: Iterable[Path]) -> int:
    """The highest step in the logs, -1 when nothing was logged."""
    return max((history.step.num for file in files for history in _histories(file)), default=-1)


def logged_epochs(files: Iterable[Path]) -> set[int]:
    """The epochs whose rows are in the logs."""
    rows = (collect(history.item) for file in files for history in _histories(file))
    # Pictures have an epoch too, but no time.
    return {int(row["epoch"]) for row in rows if "system/epoch_time_seconds" in row}


def _histories(file: Path) -> Iterator[Any]:
    """What was logged, up to where the file is damaged."""
    with suppress(DecodeError):
        yield from (record.history for record in read_records(file) if record.HasField("history"))


def collect(items: Iterable[Any]) -> dict[str, Any]:
    """The key and value pairs of a config or summary update; a nested key is written with dots."""
    return {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in items}
