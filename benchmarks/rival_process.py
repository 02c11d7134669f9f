"""A rival in a process of its own, in whatever environment it is installed in."""

import json
import select
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

WORKER = Path(__file__).with_name("rival_worker.py")
_STARTING = 120.0  # seconds to import a rival


class Skipped(Exception):  # noqa: N818 - no error: the others are measured
    """A rival that cannot be measured here, and why."""


class Worker:
    """A rival in a process of its own, started anew when it takes too long or ends.

    Raises:
        Skipped: it is not installed there.
    """

    def __init__(self, name: str, python: str) -> None:
        self._command = [python, str(WORKER), name]
        self.version = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def find(self, path: Path, sheets: Sequence[str], limit: float) -> dict[str, Any]:
        """What it answers for a file, or an error when it takes longer than ``limit`` seconds."""
        assert self._process.stdin is not None
        started = time.perf_counter()
        self._process.stdin.write(json.dumps({"path": str(path), "sheets": list(sheets)}) + "\n")
        self._process.stdin.flush()
        try:
            answer = self._answer(limit)
        except TimeoutError:
            answer = {"error": f"it took more than {limit:g} s", "seconds": limit}
            self._restart()
        if answer is None:
            answer = {"error": "its process ended", "seconds": time.perf_counter() - started}
            self._restart()
        return answer

    def _restart(self) -> None:
        self._stop()
        self._start()

    def _start(self) -> str:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            answer = self._answer(_STARTING) or {}
        except TimeoutError:
            answer = {}
        if "ready" not in answer:
            self._stop()
            raise Skipped(answer.get("missing", "it does not start"))
        return str(answer["ready"])

    def _answer(self, limit: float) -> dict[str, Any] | None:
        """Its next line, None when it has ended; a line is written at once, so one that began is whole soon.

        Raises:
            TimeoutError: none came in time.
        """
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], limit)
        if not ready:
            raise TimeoutError
        line = self._process.stdout.readline()
        answer: dict[str, Any] | None = json.loads(line) if line else None
        return answer

    def _stop(self) -> None:
        self._process.kill()
        self._process.communicate()
