"""A LOCAL STAND-IN of ``wandb.Api()``: no server and no network; what W&B would answer is read from a
recorded run, the log that a run of ours left on disk.

Names, arguments, types and errors are those of ``wandb/apis/public`` in wandb 0.31: ``Api.runs`` fails
when it is iterated, ``Api.run`` at once; a scan of the history gives only the rows with all its keys;
``File.download`` hands back an open file, and refuses to replace one.
"""

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wandb.errors import CommError

from tablesense.tracking.wandb_run.log import collect, read_records


class FakeFile:
    """``wandb.apis.public.File``."""

    def __init__(self, name: str, content: bytes, *, sent: bytes | None = None) -> None:
        self.name = name
        self.size = len(content)
        self.mimetype = "application/octet-stream"
        self.updated_at = "2025-12-10T13:14:57"
        self._sent = content if sent is None else sent
        self.roots: list[Path] = []

    def download(
        self, root: str = ".", replace: bool = False, exist_ok: bool = False, api: Any = None
    ) -> io.TextIOWrapper:
        # wandb before 0.31 writes wherever the name leads to, and so does this.
        self.roots.append(Path(root))
        path = Path(root) / self.name
        if path.exists() and not replace:
            if exist_ok:
                return path.open()
            raise CommError("File already exists, pass replace=True to overwrite")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._sent)
        return path.open()


class FakeSummary:
    """``wandb.apis.public.summary.HTTPSummary``: like a dictionary, and not one."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def keys(self) -> list[str]:
        return [key for key in self._values if key != "_wandb"]

    def get(self, key: str, default: Any = None) -> Any:
        return self._values.get(key, default)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __getitem__(self, key: str) -> Any:
        return self._values[key]


class FakeRun:
    """``wandb.apis.public.Run``."""

    def __init__(self, path: str, name: str, **recorded: Any) -> None:
        self.entity, self.project, self.id = path.split("/")
        self.name: str | None = name
        self.state = "finished"
        self.created_at = "2025-12-10T13:13:57Z"
        self.config: dict[str, Any] = recorded.get("config", {})
        self.summary = FakeSummary(recorded.get("summary", {}))
        self._history: list[dict[str, Any]] = recorded.get("history", [])
        self._files: list[FakeFile] = recorded.get("files", [])
        self.scans: list[list[str] | None] = []

    @property
    def path(self) -> list[str]:
        return [self.entity, self.project, self.id]

    def scan_history(
        self,
        keys: list[str] | None = None,
        page_size: int = 1_000,
        min_step: int = 0,
        max_step: int | None = None,
        use_cache: bool = True,
    ) -> Iterator[dict[str, Any]]:
        self.scans.append(keys)
        for row in self._history:
            if keys is None:
                yield dict(row)
            elif all(key in row for key in keys):
                yield {key: row[key] for key in keys}

    def files(
        self, names: list[str] | None = None, pattern: str | None = None, per_page: int = 50
    ) -> list[FakeFile]:
        return [file for file in self._files if not names or file.name in names]


class FakeRuns:
    """``wandb.apis.public.Runs``: asks the server when it is iterated."""

    def __init__(self, path: str, runs: list[FakeRun]) -> None:
        self._project = path.split("/")[-1]
        self._runs = runs

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[FakeRun]:
        if not self._runs:
            raise ValueError(f"Could not find project {self._project}")
        return iter(self._runs)


class FakeApi:
    """``wandb.Api``: ``FakeApi(runs)`` is the server's content."""

    def __init__(self, *runs: FakeRun) -> None:
        self._runs = runs

    def runs(
        self,
        path: str | None = None,
        filters: dict[str, Any] | None = None,
        order: str = "+created_at",
        per_page: int = 50,
        include_sweeps: bool = False,
        lazy: bool = True,
    ) -> FakeRuns:
        found = [run for run in self._runs if "/".join(run.path[:2]) == path]
        found.sort(key=lambda run: run.created_at, reverse=order.startswith("-"))
        return FakeRuns(path or "", found)

    def run(self, path: str = "") -> FakeRun:
        for run in self._runs:
            if "/".join(run.path) == path.replace("/runs/", "/"):
                return run
        raise CommError(f"Could not find run <Run {path} (not found)>")


def recorded_run(folder: Path, entity: str = "we", project: str = "tables") -> FakeRun:
    """What the server would have of a run after ``wandb sync`` of its folder."""
    logs = sorted(folder.glob("wandb/*run-*/run-*.wandb"))
    config: dict[str, Any] = {}
    summary: dict[str, Any] = {}
    history: list[dict[str, Any]] = []
    files: dict[str, FakeFile] = {}
    name, run_id = folder.name, ""
    for log in logs:
        for record in read_records(log):
            if record.HasField("run"):
                name, run_id = record.run.display_name, record.run.run_id
                config |= collect(record.run.config.update)
            elif record.HasField("config"):
                config |= collect(record.config.update)
            elif record.HasField("summary"):
                summary |= collect(record.summary.update)
            elif record.HasField("history"):
                history.append(collect(record.history.item))
        content = log.parent / "files"
        for file in content.rglob("*"):
            if file.is_file():
                path = file.relative_to(content).as_posix()
                files[path] = FakeFile(path, file.read_bytes())
    config.pop("_wandb", None)
    return FakeRun(
        f"{entity}/{project}/{run_id}",
        name,
        config=json.loads(json.dumps(config)),
        summary=summary,
        history=history,
        files=list(files.values()),
    )
