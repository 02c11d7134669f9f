"""Where a workbook's bytes come from, a file or memory, with a clock on every read."""

import io
import stat
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, cast

from tablesense.sheets.request import Budget
from tablesense.sheets.sheet import SheetError


class Openable(Protocol):
    """Whatever ``open("rb")`` gives a file of: a :class:`Source`, a path."""

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Open for reading bytes."""


class Source:
    """A workbook as a caller gave it.

    Args:
        given: a path, or a whole file as bytes.
    """

    def __init__(self, given: str | Path | bytes) -> None:
        self._data = given if isinstance(given, bytes) else None
        self._path = None if isinstance(given, bytes) else Path(given)
        self.budget: Budget | None = None  # the clock that reads are held to

    @property
    def name(self) -> str:
        """How messages call it: one printable line."""
        return printable(str(self._path)) if self._path is not None else "the given bytes"

    @property
    def stem(self) -> str:
        """What a format without sheet names calls its sheet."""
        return self._path.stem if self._path is not None else "Sheet1"

    def size(self) -> int:
        """Number of bytes.

        Raises:
            SheetError: it is no file that can be read.
        """
        if self._path is None:
            return len(self._data or b"")
        try:
            status = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise SheetError("there is no such file; check the path") from None
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
            raise SheetError(f"it cannot be opened ({_reason(error)}); check its permissions") from error
        if stat.S_ISDIR(status.st_mode):
            raise SheetError("it is a directory; give a workbook file")
        if not stat.S_ISREG(status.st_mode):  # a pipe or a device may never end
            raise SheetError("it is not a regular file; give a workbook file")
        return status.st_size

    def open(self, mode: Literal["rb"] = "rb", /) -> BinaryIO:
        """Open it; the caller closes.

        Raises:
            SheetError: it cannot be opened.
        """
        if self._path is None:
            return cast(BinaryIO, _TimedFile(io.BytesIO(self._data or b""), self.budget))
        try:
            return cast(BinaryIO, _TimedFile(self._path.open(mode, buffering=0), self.budget))
        except OSError as error:
            raise SheetError(f"it cannot be opened ({_reason(error)}); check its permissions") from error

    def read(self, size: int = -1) -> bytes:
        """Its first ``size`` bytes, by default all."""
        with self.open() as file:
            return file.read(size)


class _TimedFile(io.BufferedReader):
    """A file whose reads stop when the time is up, inside whatever library is reading."""

    def __init__(self, raw: io.FileIO | io.BytesIO, budget: Budget | None) -> None:
        super().__init__(cast(io.RawIOBase, raw))
        self._budget = budget

    def read(self, size: int | None = -1, /) -> bytes:
        """As any file's ``read``."""
        if self._budget is not None:
            self._budget.check_time()
        return super().read(size)


def printable(text: str) -> str:
    """Text on one line, with what could steer a terminal written as an escape."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or printable(str(error))
