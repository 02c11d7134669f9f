"""Which files are meant: paths, folders that are walked, and patterns the shell did not expand."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tablesense.errors import UserError
from tablesense.sheets.names import WORKBOOK_SUFFIXES, is_lock_file, is_workbook_name
from tablesense.terminal.untrusted import plain


def find_files(names: Iterable[str]) -> list[str]:
    """Every file that is meant, once, in the order given; folders in the order of names.

    One that is not there stays among others that are: reading it says what is wrong.

    Raises:
        UserError: none of the files is there, a pattern matches nothing, or a folder holds no workbook.
    """
    found: dict[str, str] = {}
    for name in names:
        for file in _expand(name):
            found.setdefault(os.path.realpath(file), file)
    if not any(map(os.path.lexists, found.values())):
        raise UserError(f"{plain(next(iter(found.values())))}: there is no such file; check the path")
    return list(found.values())


def _expand(name: str) -> Iterator[str]:
    if os.path.isdir(name):
        files = list(_walk(Path(name)))
        if not files:
            kinds = " ".join(sorted(WORKBOOK_SUFFIXES))
            raise UserError(f"{plain(name)}: no workbook in this folder ({kinds})")
        yield from files
    elif os.path.lexists(name) or not glob.has_magic(name):
        yield name
    else:
        matches = sorted(glob.glob(os.path.expanduser(name), recursive=True))
        folders = [match for match in matches if os.path.isdir(match)]
        files = [file for folder in folders for file in _walk(Path(folder))]
        files += [match for match in matches if match not in folders and not is_lock_file(match)]
        if not files:
            raise UserError(f"{plain(name)}: no file matches this pattern")
        yield from files


def _walk(folder: Path) -> Iterator[str]:
    """The workbooks below a folder; links to folders are not followed, they may lead in circles.

    A folder that cannot be read stands for the workbooks in it: reading it says what is wrong.
    """
    locked: list[str] = []
    for parent, folders, files in os.walk(
        folder, onerror=lambda error: locked.append(str(Path(error.filename)))
    ):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if is_workbook_name(name):
                yield str(Path(parent) / name)
    yield from locked
