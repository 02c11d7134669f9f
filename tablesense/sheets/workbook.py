"""The one door to workbooks: any supported file becomes a list of sheets, or one clear error."""

import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from tablesense.sheets.sheet import Sheet, SheetError
from tablesense.sheets.xlsx import read_xlsx

_OLE_MAGIC = bytes.fromhex("D0CF11E0A1B11AE1")
_ZIP_MAGIC = b"PK"
_CONTENT_TYPES = "[Content_Types].xml"
_SAVE_AS_XLSX = "open it in a spreadsheet program and save it as .xlsx"


@dataclass(frozen=True)
class ReadLimits:
    """What a file may cost: bytes once unpacked, and cells kept over all sheets that are read."""

    max_unpacked_bytes: int = 512 * 1024**2
    max_cells: int = 2_000_000


DEFAULT_LIMITS = ReadLimits()

_Reader = Callable[[Path, int, Collection[str] | None], list[Sheet]]


def open_workbook(
    path: str | Path,
    *,
    sheet_names: Collection[str] | None = None,
    limits: ReadLimits = DEFAULT_LIMITS,
) -> list[Sheet]:
    """Read a workbook's worksheets in their order, hidden ones too (see ``Sheet.visible``).

    The format is told by the content, whatever the file is called; .xlsx and .xlsm are read.
    ``sheet_names`` limits the work to these sheets; a name that the workbook lacks gives no sheet.
    The file is closed when this returns.

    Raises:
        SheetError: the file cannot be read; the message names the file, the cause and the remedy.
    """
    path = Path(path)
    try:
        reader = _find_reader(path, limits)
        return reader(path, limits.max_cells, sheet_names)
    except SheetError as error:
        raise SheetError(f"{path}: {error}") from error
    except Exception as error:
        # A damaged part can make zipfile, the XML parser or openpyxl raise almost anything.
        raise SheetError(f"{path}: the workbook is damaged ({_in_short(error)}); {_SAVE_AS_XLSX}") from error


def _find_reader(path: Path, limits: ReadLimits) -> _Reader:
    """The reader for the file's format; a SheetError's text leaves the file's name to the caller."""
    head = _head(path)
    if head.startswith(_OLE_MAGIC):
        raise SheetError(
            f"it is an old .xls or is password protected; remove any password, then {_SAVE_AS_XLSX}"
        )
    if not head.startswith(_ZIP_MAGIC):
        raise SheetError("it is not a workbook; give an .xlsx or .xlsm file")
    return _find_zip_reader(path, limits)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except FileNotFoundError:
        raise SheetError("there is no such file; check the path") from None
    except IsADirectoryError:
        raise SheetError("it is a directory; give a workbook file") from None
    except OSError as error:
        raise SheetError(f"it cannot be opened ({error.strerror}); check its permissions") from error
    if not head:
        raise SheetError("the file is empty; copy or download it again")
    return head


def _find_zip_reader(path: Path, limits: ReadLimits) -> _Reader:
    try:
        with zipfile.ZipFile(path) as archive:
            # zipfile never unpacks more than the directory promises, so this bound holds.
            unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked > limits.max_unpacked_bytes:
                raise SheetError(
                    f"it unpacks to {unpacked:,} bytes, more than the {limits.max_unpacked_bytes:,} allowed; "
                    "raise max_unpacked_bytes in ReadLimits if you trust the file"
                )
            names = set(archive.namelist())
            types = archive.read(_CONTENT_TYPES) if _CONTENT_TYPES in names else b""
    except zipfile.BadZipFile as error:
        raise SheetError(
            f"the zip container is truncated or damaged ({_in_short(error)}); copy or download it again"
        ) from error
    if b"ms-excel.sheet.binary" in types or "mimetype" in names:
        raise SheetError(f"it is an .xlsb or OpenDocument workbook, which is not read yet; {_SAVE_AS_XLSX}")
    if b"spreadsheetml" in types:
        return read_xlsx
    raise SheetError("the zip file holds no spreadsheet; give an .xlsx or .xlsm file")


def _in_short(error: Exception) -> str:
    """Kind and first line of an error, for a message of one line."""
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:160]}".removesuffix(": ")
