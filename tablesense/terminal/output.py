"""Where the command writes: the terminal, and files that are whole or not there."""

import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO

from rich.console import Console

from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain
from tablesense.tracking.run.atomic import write_text

STDOUT = "-"
_PIPED_WIDTH = 120


def terminal() -> Console:
    """The console to print on; what goes into a pipe is laid out for a wide terminal."""
    _write_what_can_be()
    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(highlight=False, markup=False, emoji=False, width=_PIPED_WIDTH if piped else None)


def print_text(text: str) -> None:
    """Write a text to the standard output as it is."""
    _write_what_can_be()
    sys.stdout.write(text)


def _write_what_can_be() -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without Unicode shows question marks


def check_target(option: str, name: str | None, suffixes: tuple[str, ...]) -> None:
    """Refuse a file that cannot be meant, before any work is done.

    An earlier report may be replaced; the suffix keeps a slip of the pen from replacing a checkpoint.

    Raises:
        UserError: it has another suffix, is a folder, or is to be in a folder that is not there or in which
            nothing can be written.
    """
    if name is None or (name == STDOUT and ".csv" in suffixes):
        return
    file = Path(name)
    if file.suffix.lower() not in suffixes:
        raise UserError(f"{option}: {plain(name)} is to end in {' or '.join(suffixes)}")
    if file.is_dir():
        raise UserError(f"{option}: {plain(name)} is a folder")
    if not file.parent.is_dir():
        raise UserError(f"{option}: there is no folder {plain(file.parent)}")
    _check_writable(option, file.parent)


def refuse_input(target: Path, inputs: Sequence[str]) -> None:
    """Refuse to write over a file that is read.

    Raises:
        UserError: the target is one of the inputs, under whatever name.
    """
    if os.path.realpath(target) in {os.path.realpath(name) for name in inputs}:
        raise UserError(f"{plain(target)} is an input; it would be written over: give another name")


def check_folder(option: str, folder: Path) -> None:
    """Refuse a folder in which nothing can be written, before any work is done; it need not be there.

    Raises:
        UserError: it or what it is to be in is a file, or is not to be written in.
    """
    there = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), Path())
    if not there.is_dir():
        raise UserError(f"{option}: {plain(there)} is a file; name a folder")
    _check_writable(option, there)


def _check_writable(option: str, folder: Path) -> None:
    try:
        TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UserError(f"{option}: cannot write in {plain(folder)}: {error.strerror}") from error


def write_csv_to(name: str, write: Callable[[TextIO], None], console: Console) -> None:
    """Write a CSV to a file, or to the standard output for ``-``.

    Raises:
        UserError: the file cannot be written.
    """
    text = io.StringIO(newline="")
    write(text)
    if name == STDOUT:
        print_text(text.getvalue())
        return
    save("--csv", Path(name), lambda file: write_text(file, text.getvalue()), console)


def save(option: str, file: Path, write: Callable[[Path], None], console: Console) -> None:
    """Write a file and say where it is.

    Raises:
        UserError: it cannot be written.
    """
    try:
        write(file)
    except OSError as error:
        raise UserError(f"{option}: {plain(file)} cannot be written: {error.strerror}") from error
    console.print(f"Wrote {plain(file)}", soft_wrap=True)
