"""Names of files to be written that no other file of the same call has, and no file that is read."""

import os
from collections.abc import Iterable
from pathlib import Path


class FreeNames:
    """Gives names that are free, with a number where one is taken.

    Args:
        folder: where the files go.
        suffix: of the files, with its dot.
        inputs: files that are read: none of them is ever written over.
    """

    def __init__(self, folder: Path, suffix: str, inputs: Iterable[str]) -> None:
        self._folder, self._suffix = folder, suffix
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}  # the last one given to a name
        self._inputs = {os.path.realpath(name) for name in inputs}

    def take(self, name: str) -> Path:
        """The file of this name, or of the name and the first number that is free."""
        candidate, number = name, self._numbers.get(name.casefold(), 1)
        while self._is_taken(candidate):
            number += 1
            candidate = f"{name} ({number})"
        self._numbers[name.casefold()] = number
        self._taken.add(candidate.casefold())
        return self._path(candidate)

    def _is_taken(self, name: str) -> bool:
        # Not every file system tells letters of different case apart.
        return name.casefold() in self._taken or os.path.realpath(self._path(name)) in self._inputs

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{self._suffix}"
