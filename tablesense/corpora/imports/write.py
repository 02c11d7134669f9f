"""A corpus folder, written whole or not at all."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tablesense.corpora.corpus import Problem
from tablesense.corpora.imports.files import is_storable, plain_case
from tablesense.corpora.record import SheetAnnotation
from tablesense.errors import UserError

SKIPPED = "skipped.jsonl"


def check_destination(dest: Path, source: Path) -> None:
    """Refuse a folder that must not be written.

    Raises:
        UserError: it holds something, is no folder, or lies in the source.
    """
    if dest.is_symlink() or (dest.exists() and not dest.is_dir()):
        raise UserError(f"{dest}: is no folder; name one that is new or empty")
    if dest.is_dir() and any(dest.iterdir()):
        raise UserError(f"{dest}: is not empty; name a folder that is new or empty")
    if dest.resolve().is_relative_to(source.resolve()):
        raise UserError(f"{dest}: lies in {source}, which is not to be changed; name another folder")


@contextmanager
def whole_folder(dest: Path) -> Iterator[Path]:
    """A new folder beside ``dest`` that takes its name at the end; after an error nothing is left of it.

    Raises:
        UserError: it cannot be written.
    """
    place = Path(os.path.abspath(dest))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".partial", dir=place.parent))
        try:
            folder = (
                partial / place.name
            )  # its rights are the usual ones, those of a temporary folder are not
            folder.mkdir()
            yield folder
            if place.is_dir():
                place.rmdir()  # only ever an empty one
            folder.rename(place)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{dest}: cannot be written ({error.strerror or error})") from error


def write_corpus(
    folder: Path, annotations: Iterable[SheetAnnotation], names: dict[Path, str], link: bool
) -> None:
    """Fill a new folder with ``workbooks/`` and ``annotations.jsonl``.

    Args:
        folder: an empty folder.
        annotations: a line each.
        names: what each workbook of the source is called in the corpus.
        link: make hard links, not copies.

    Raises:
        UserError: a link cannot be made.
        OSError: something else cannot be written.
    """
    workbooks = folder / "workbooks"
    workbooks.mkdir()
    for source, name in names.items():
        if link:
            _link(source.resolve(), workbooks / name)
        else:
            shutil.copyfile(source, workbooks / name)
    lines = "".join(f"{annotation.to_json()}\n" for annotation in annotations)
    (folder / "annotations.jsonl").write_text(lines, encoding="utf-8", newline="\n")


def _link(source: Path, link: Path) -> None:
    try:
        link.hardlink_to(source)
    except OSError as error:
        raise UserError(f"{source}: cannot be linked ({error.strerror}); leave out --link") from error


def write_skipped(folder: Path, skipped: Iterable[Problem]) -> None:
    """Name everything that was left out, an object a line."""
    rows = ({"reason": item.kind, "where": item.where, "message": item.message} for item in skipped)
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)  # ASCII: names may hold half surrogates
    if lines:
        (folder / SKIPPED).write_text(lines, encoding="utf-8", newline="\n")


def unique_names(workbooks: Sequence[Path]) -> dict[Path, str]:
    """A name for each workbook: its own, numbered where another has it, be it in another case."""
    taken: set[str] = set()
    names: dict[Path, str] = {}
    for workbook in workbooks:
        whole = workbook.name if is_storable(workbook.name) else f"workbook{workbook.suffix}"
        name, number = whole, 2
        while plain_case(name) in taken:
            name = f"{Path(whole).stem} ({number}){Path(whole).suffix}"
            number += 1
        taken.add(plain_case(name))
        names[workbook] = name
    return names
