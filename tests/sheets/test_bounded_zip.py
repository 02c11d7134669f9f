"""The directory of a zip file is not read where it is too long, whoever opens the file."""

import io
import struct
from collections.abc import Callable

import pytest

from tablesense.detection.losses import has_macros, is_plain_xlsx
from tablesense.sheets import bounded_zip
from tablesense.sheets.bounded_zip import MAX_DIRECTORY, BoundedZip
from tablesense.sheets.ods import read_ods
from tablesense.sheets.request import Budget, ReadLimits, ReadRequest
from tablesense.sheets.sheet import SheetError
from tablesense.sheets.source import Source
from tablesense.sheets.workbook import open_workbook
from tablesense.sheets.xlsb import read_xlsb
from tablesense.sheets.xlsx import read_xlsx

from .bad_books import message
from .books import ods_bytes, unzipped, xlsb_bytes, xlsx_bytes

_ENTRY = b"PK\1\2" + struct.pack("<6H3I5H2I", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
_REQUEST, _BUDGET = ReadRequest(), Budget(ReadLimits())


def directory(entries: int, *, zip64: bool) -> bytes:
    """A zip file of nothing but a directory, which says that it has one entry."""
    listed = _ENTRY * entries
    size, offset = len(listed), 0
    tail = b""
    if zip64:
        tail = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, size, 0)
        tail += b"PK\6\7" + struct.pack("<IQI", 0, size, 1)
        size = offset = 0xFFFFFFFF
    return listed + tail + b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 1, 1, size, offset, 0)


@pytest.mark.parametrize("zip64", [False, True])
def test_a_directory_that_is_too_long_is_not_read(zip64: bool) -> None:
    """A million entries took 20 seconds and 270 MB; a file may have five times as many."""
    most = MAX_DIRECTORY // len(_ENTRY)
    with BoundedZip(io.BytesIO(directory(most, zip64=zip64))) as archive:
        assert len(archive.infolist()) == most
    text = message(directory(most + 1, zip64=zip64))
    assert "the directory of its zip container takes 2,097," in text
    assert "save it as .xlsx" in text


@pytest.mark.parametrize(
    "open_it",
    [
        open_workbook,
        lambda book: read_xlsx(Source(book), _REQUEST, _BUDGET),
        lambda book: read_ods(Source(book), _REQUEST, _BUDGET),
        lambda book: read_xlsb(book, _REQUEST, _BUDGET),
        is_plain_xlsx,
        has_macros,
    ],
)
def test_whoever_opens_the_file_refuses_it(open_it: Callable[[bytes], object]) -> None:
    with pytest.raises(SheetError, match="the directory"):
        open_it(directory(100_000, zip64=False))


@pytest.mark.parametrize("make", [xlsx_bytes, xlsb_bytes, ods_bytes])
def test_parts_may_be_longer_than_the_directory(
    make: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    book = make()
    longest = 46 * len(unzipped(book)) + sum(map(len, unzipped(book)))
    monkeypatch.setattr(bounded_zip, "MAX_DIRECTORY", longest)
    assert open_workbook(book)[0].cells
    monkeypatch.setattr(bounded_zip, "MAX_DIRECTORY", longest - 1)
    assert "the directory" in message(book)
