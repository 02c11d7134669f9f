"""TableSense's published ranges: a line a sheet, with tabs between file, sheet, split, folder and ranges."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tablesense.corpora.corpus import Problem
from tablesense.corpora.imports.files import (
    NotFoundError,
    WorkbookFolder,
    plain_case,
)
from tablesense.corpora.imports.source import Reading, Request, SourceSheet, annotation_file, read_lines
from tablesense.sheets.names import WORKBOOK_SUFFIXES

USUAL_NAME = "Table range annotations.txt"

_VERSION = re.compile(r"^\d+_")  # 12_name.xls: the twelfth version of a workbook
_APART = re.compile(r"[\W_]+")


class RangeLine(NamedTuple):
    """A line of the file; ``folder`` is ``VEnron2/493``, the versions of one workbook."""

    where: str
    file_name: str
    sheet_name: str
    split: str
    folder: str
    ranges: tuple[str, ...]


def read_ranges(request: Request) -> Reading:
    """Read the published ranges, and find their workbooks among VEnron2, VEUSES and VFUSE.

    Raises:
        UserError: the file with the ranges cannot be read.
    """
    file = annotation_file(request, USUAL_NAME)
    folder = WorkbookFolder(request.source)
    reading = Reading(num_workbooks=len(folder.paths))
    lines = []
    for number, text in enumerate(read_lines(file), start=1):
        if text.strip():
            reading.num_read += 1
            try:
                lines.append(_parse(text, f"{file.name}, line {number}"))
            except ValueError as error:
                reading.tally.sheets.append(Problem("annotation", f"{file.name}, line {number}", str(error)))
    matcher = NameMatcher(folder, lines)
    for line in lines:
        try:
            workbook, is_sure = matcher.find(line)
        except NotFoundError as error:
            where = f"{line.folder}/{line.file_name}, sheet {line.sheet_name!r}"
            reading.tally.sheets.append(Problem(error.kind, where, str(error)))
            continue
        sheet = SourceSheet(
            line.where, workbook, line.sheet_name, line.ranges, line.folder, line.split, must_fit=not is_sure
        )
        reading.sheets.append(sheet)
    return reading


def _parse(text: str, where: str) -> RangeLine:
    file_name, sheet_name, split, folder, *ranges = text.split("\t") + [""] * max(0, 4 - text.count("\t"))
    found = tuple(part.strip() for part in ranges if part.strip())
    if not (file_name.strip() and sheet_name.strip() and folder.strip() and found):
        raise ValueError("expected file, sheet, split, folder and ranges, with tabs between")
    return RangeLine(where, file_name.strip(), sheet_name, split, version_folder(folder), found)


def version_folder(stated: str) -> str:
    r"""``VEnron2\VEnron2\493`` -> ``VEnron2/493``: the folder is packed in one of its own name.

    Only ever compared: wherever it leads, nothing is read there.
    """
    parts = [part for part in stated.strip().replace("\\", "/").split("/") if part]
    return "/".join(part for place, part in enumerate(parts) if place == 0 or part != parts[place - 1])


class NameMatcher:
    """Finds the workbook of a line, as names really differ; what is not clear is not found.

    In order, and the first that finds anything decides:

    1. in the folder of the line's versions, the name without regard to suffix, case, blanks and marks;
    2. so called, in no folder of versions, where no line of another folder calls a workbook the same;
    3. converted sheets called ``owner__number__name__sheet``, where no line of another folder has the same
       name, less its version, and sheet. Versions are called alike, so these are not sure.
    """

    def __init__(self, folder: WorkbookFolder, lines: Sequence[RangeLine]) -> None:
        self.folder = folder
        self._corpora = {plain_case(line.folder.split("/")[0]) for line in lines}
        self._in_folders: dict[tuple[str, str], list[PurePosixPath]] = defaultdict(list)
        self._flat: dict[str, list[PurePosixPath]] = defaultdict(list)
        self._converted: dict[tuple[str, str], list[PurePosixPath]] = defaultdict(list)
        for path in folder.paths:
            self._file(path)
        self._claims: dict[object, set[str]] = defaultdict(set)
        for line in lines:
            self._claims[plain_stem(line.file_name)].add(line.folder)
            self._claims[_converted_key(line)].add(line.folder)

    def find(self, line: RangeLine) -> tuple[Path, bool]:
        """The workbook of a line, and whether it is sure to be the one that was annotated.

        Raises:
            NotFoundError: there is none, or more than one.
        """
        stem, version = plain_stem(line.file_name), line.folder.split("/")[-1]
        if near := self._of_corpus(line, self._in_folders[version, stem]):
            exact = [path for path in near if path.name == line.file_name]
            return self.folder.only(exact if len(exact) == 1 else near, line.file_name), True
        converted = _converted_key(line)
        for key, found in ((stem, self._flat[stem]), (converted, self._converted[converted])):
            paths = self._of_corpus(line, found)
            if paths and len(self._claims[key]) > 1:
                folders = ", ".join(sorted(self._claims[key])[:3])
                raise NotFoundError("ambiguous workbook", f"{paths[0]} may be of {folders}")
            if paths:
                return self.folder.only(paths, line.file_name), key == stem
        raise NotFoundError("missing workbook", f"there is no workbook {line.file_name!r}")

    def _file(self, path: PurePosixPath) -> None:
        """Put a path under every key it can be found by."""
        parent = path.parent.name or self.folder.root.name
        self._in_folders[parent, plain_stem(path.name)].append(path)
        if not parent.isdigit():
            self._flat[plain_stem(path.name)].append(path)
            for key in _converted_keys(path.name):
                self._converted[key].append(path)

    def _of_corpus(self, line: RangeLine, paths: Sequence[PurePosixPath]) -> list[PurePosixPath]:
        """The paths that name the line's corpus or none."""
        wanted, above = plain_case(line.folder.split("/")[0]), self.folder.root.parts[-2:]
        named = ({*map(plain_case, (*above, *path.parent.parts))} & self._corpora for path in paths)
        return [path for path, corpora in zip(paths, named, strict=True) if not corpora or wanted in corpora]


def plain_stem(file_name: str) -> str:
    """A name without its suffix, in one case, with one mark wherever there are blanks and marks."""
    suffix = PurePosixPath(file_name).suffix
    return _plain(file_name.removesuffix(suffix) if suffix.lower() in WORKBOOK_SUFFIXES else file_name)


def _plain(text: str) -> str:
    return _APART.sub("_", plain_case(text)).strip("_")


def _converted_key(line: RangeLine) -> tuple[str, str]:
    return plain_stem(_VERSION.sub("", line.file_name)), _plain(line.sheet_name)


def _converted_keys(file_name: str) -> Iterable[tuple[str, str]]:
    """Name and sheet of ``owner__number__name__sheet.xlsx``; both may hold ``__`` as well."""
    parts = file_name.removesuffix(PurePosixPath(file_name).suffix).split("__")
    if len(parts) < 4 or not parts[1].isdigit():
        return set()
    return {(_plain("_".join(parts[2:cut])), _plain("_".join(parts[cut:]))) for cut in range(3, len(parts))}
