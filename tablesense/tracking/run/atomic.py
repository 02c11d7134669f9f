"""Files that are either whole or not there, whatever happens while they are written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside ``path`` that takes its name once it is safely on disk.

    A kill leaves the previous file untouched; an error while writing also removes the temporary one, and an
    OSError names ``path``.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink()
        if isinstance(error, OSError) and error.filename in (None, str(partial)):
            error.filename = str(path)  # the file that people asked for
        raise


def write_text(path: Path, text: str) -> None:
    """Write a small text file whole or not at all."""
    with atomic_write(path) as file:
        file.write(text.encode())
