"""``output.log``: what a run prints, kept with the run.

W&B could capture it too, and would send it; but what is printed may name workbooks and sheets, and
quote annotations that are wrong.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO


class ConsoleLog:
    """Copies standard output and standard error into a file, which a resumed run goes on with."""

    def __init__(self) -> None:
        self._file: TextIO | None = None
        self._originals: list[tuple[TextIO, Callable[[str], int]]] = []

    def start(self, file: Path) -> None:
        """Copy from now on; where the file cannot be opened there is no copy."""
        with suppress(OSError):
            self._file = file.open("a", encoding="utf-8", errors="backslashreplace", buffering=1)
            for stream in (sys.stdout, sys.stderr):
                self._originals.append((stream, stream.write))
                _set_write(stream, self._copying(stream.write))

    def stop(self) -> None:
        """Give the streams back and close the file."""
        for stream, write in self._originals:
            _set_write(stream, write)
        self._originals = []
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def _copying(self, write: Callable[[str], int]) -> Callable[[str], int]:
        def both(text: str) -> int:
            if self._file is not None:
                with suppress(OSError):  # a full disk is no reason to print nothing
                    self._file.write(text)
            return write(text)

        return both


def _set_write(stream: Any, write: Callable[[str], int]) -> None:  # noqa: ANN401 - typed as read-only
    stream.write = write
