"""A zip file whose directory is not read when it is too long: zipfile makes an object of every entry."""

from typing import IO
from zipfile import ZipFile

from tablesense.sheets.sheet import SheetError

MAX_DIRECTORY = 2 * 1024**2
"""Bytes of a directory: 45,000 entries at most, which take 40 MB. Workbooks have 2,000 and fewer."""


class BoundedZip(ZipFile):
    """A zip file that is open for reading.

    What counts is the length that zipfile reads, not the number of entries that the file says it has:
    zipfile takes no notice of that number.

    Args:
        file: the file; the caller closes it.

    Raises:
        SheetError: the directory is longer than ``MAX_DIRECTORY``.
        zipfile.BadZipFile: it is no zip file.
    """

    def __init__(self, file: IO[bytes]) -> None:
        guard = _Guard(file)
        super().__init__(guard)
        guard.most = None


class _Guard:
    """A file that refuses long reads as long as there is a ``most``."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.most: int | None = MAX_DIRECTORY
        # What zipfile asks for beside reads.
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self.close, self.flush = file.close, file.flush

    def read(self, size: int = -1, /) -> bytes:
        """As any file's ``read``."""
        if self.most is not None and size > self.most:
            raise SheetError(
                f"the directory of its zip container takes {size:,} bytes, more than any workbook's; "
                "open it in a spreadsheet program and save it as .xlsx"
            )
        return self._file.read(size)
