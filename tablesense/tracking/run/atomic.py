"""Files that are either whole or not there, whatever happens while they are written."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4


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


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Make a folder beside ``path`` that takes its name once it is filled; an error removes it.

    Raises:
        OSError: it cannot be made, or there is a folder that is not empty, or a file, at ``path`` by then.
    """
    partial = path.with_name(f".{path.name}.{uuid4().hex[:8]}.partial")  # nobody else's
    partial.mkdir()
    try:
        yield partial
        give_usual_rights(partial)
        partial.rename(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def give_usual_rights(folder: Path) -> None:
    """Give the files that libraries keep for their owner the rights of any other new file."""
    probe = folder / ".rights"
    probe.touch()
    for file in folder.iterdir():
        file.chmod(probe.stat().st_mode)
    probe.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a small text file whole or not at all."""
    with atomic_write(path) as file:
        file.write(text.encode())
