"""The workbooks of a folder, found by the names that annotations call them by."""

import os
import re
import unicodedata
from collections import defaultdict
from pathlib import Path, PurePosixPath

from tablesense.sheets.names import is_workbook_name
from tablesense.sheets.sheet import SheetError
from tablesense.sheets.source import printable

_DRIVE = re.compile(r"[A-Za-z]:")


class NotFoundError(Exception):
    """There is not exactly one workbook of a name; ``kind`` says in what way, the message what to know."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class WorkbookFolder:
    """The workbooks below a folder, in the order of their paths. Links to folders are not followed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder.resolve()
        self.paths = sorted(_walk(folder))
        self._by_name: dict[str, list[PurePosixPath]] = defaultdict(list)
        for path in self.paths:
            self._by_name[plain_case(path.name)].append(path)

    def find(self, stated: str) -> Path:
        r"""The workbook at a path as annotations write it, with ``/`` or ``\`` between folders.

        What does not lie there is looked for by its name; of several, that whose folders agree best.

        Raises:
            NotFoundError: the path leads out of the folder, nothing is there, or several files fit alike.
        """
        parts = path_parts(stated)
        exact = self.folder.joinpath(*parts)
        if os.path.isfile(exact):  # unlike Path.is_file, it takes names that are too long
            return self.inside(exact)
        wanted = [plain_case(part) for part in reversed(parts)]
        agreeing: dict[int, list[PurePosixPath]] = defaultdict(list)
        for path in self._by_name[wanted[0]]:
            agreeing[_agreement(wanted, path)].append(path)
        if not agreeing:
            raise NotFoundError("missing workbook", f"there is no workbook {stated!r}")
        best = agreeing[max(agreeing)]
        return self.only(best, stated)

    def only(self, paths: list[PurePosixPath], stated: str) -> Path:
        """The one path of a list.

        Raises:
            NotFoundError: there are more.
        """
        if len(paths) > 1:
            names = ", ".join(str(path) for path in paths[:3])
            raise NotFoundError("ambiguous workbook", f"{stated!r} may be {names}")
        return self.inside(self.folder / paths[0])

    def inside(self, path: Path) -> Path:
        """The path itself.

        Raises:
            NotFoundError: it is a link that leads out of the folder.
        """
        if not path.resolve().is_relative_to(self.root):
            raise NotFoundError("name leads out", f"{path} is a link that leads out of {self.folder}")
        return path


def path_parts(stated: str) -> list[str]:
    """The folders and the name of a relative path from annotations, whatever system wrote it.

    Raises:
        NotFoundError: it is absolute, leads upwards, or no file can be called so.
    """
    parts = [part for part in stated.replace("\\", "/").split("/") if part not in ("", ".")]
    if stated.startswith(("/", "\\")) or ".." in parts or _DRIVE.match(stated):
        raise NotFoundError("name leads out", f"{stated!r} leads out of the folder")
    if not parts or "\0" in stated or not is_storable(stated):
        raise NotFoundError("missing workbook", f"{stated!r} is no name of a file")
    return parts


def plain_case(text: str) -> str:
    """Text as systems compare file names that know no case, with letters composed alike."""
    return unicodedata.normalize("NFKC", text).casefold()


def reason(error: SheetError, workbook: Path) -> str:
    """Why a workbook cannot be read, without its name: who says this names it already."""
    return str(error).removeprefix(f"{printable(str(workbook))}: ")


def is_storable(text: str) -> bool:
    """Whether a text can be written to a file: half a surrogate cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _walk(folder: Path) -> list[PurePosixPath]:
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        place = PurePosixPath(Path(parent).relative_to(folder).as_posix())
        found += [place / name for name in files if is_workbook_name(name)]
    return found


def _agreement(wanted: list[str], path: PurePosixPath) -> int:
    """How many parts of a path agree with those wanted, both from the name upwards."""
    parts = [plain_case(part) for part in reversed(path.parts)]
    for count, (part, want) in enumerate(zip(parts, wanted, strict=False)):
        if part != want:
            return count
    return min(len(parts), len(wanted))
