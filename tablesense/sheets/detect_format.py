"""What a file is, told by its content and never by its name; what cannot be read is refused by name."""

import re
import zipfile
from enum import Enum

from tablesense.sheets.bounded_zip import BoundedZip
from tablesense.sheets.request import ReadLimits, too_large
from tablesense.sheets.sheet import SheetError
from tablesense.sheets.source import Source, printable

SAVE_AS_XLSX = "open it in a spreadsheet program and save it as .xlsx"

_OLE_MAGIC = bytes.fromhex("D0CF11E0A1B11AE1")
# BIFF 2 to 5 without an OLE container: the record "beginning of file" and its length.
_BARE_XLS = tuple(
    bytes.fromhex(magic) for magic in ("09000400", "09020600", "09040600", "09080600", "09080800", "09081000")
)
_HEAD = 4096
_MOST_OF_PART = 4 * 1024**2
_READ = "give an .xlsx, .xlsm, .xlsb, .xls, .ods, .csv or .tsv file"

_BINARY = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a gzip archive: unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it"),
    (b"Rar!", "a RAR archive: unpack it"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
)
_TEXTS = (
    (rb"\{\\rtf", "a rich text document"),
    (rb"ID;P", "a SYLK sheet (.slk)"),
    (rb"TABLE\s+0,1\s", "a DIF sheet"),
    (rb"[\s\S]{0,2000}urn:schemas-microsoft-com:office:spreadsheet", "an XML spreadsheet of Excel 2003"),
    (
        rb"[\s\S]{0,2000}application/vnd\.oasis\.opendocument\.spreadsheet",
        "a flat OpenDocument sheet (.fods)",
    ),
    (rb"(?i)<(!doctype html|html|head|body|table|meta|div|script|style)\b", "an HTML page"),
    (rb"(?i)mime-version:|from: <saved by", "a web archive (.mht)"),
    (rb"<\?xml|<!doctype\b", "an XML file"),
)
_STREAMS = (
    ("EncryptedPackage", "it is password protected; remove the password"),
    ("WordDocument", "it is a Word document, not a workbook"),
    ("PowerPoint Document", "it is a PowerPoint file, not a workbook"),
    ("__nameid_version1.0", "it is an Outlook message, not a workbook"),
)


class Format(Enum):
    """The formats that have a reader."""

    XLSX = "xlsx"
    XLSB = "xlsb"
    XLS = "xls"
    ODS = "ods"
    DELIMITED = "csv"


def find_format(source: Source, limits: ReadLimits) -> tuple[Format, int]:
    """The format of a file that may be read within the limits, and its size once unpacked.

    Raises:
        SheetError: there is no reader, or the file is too large; the text leaves its name to the caller.
    """
    size, head = source.size(), source.read(_HEAD)
    if size > limits.max_unpacked_bytes:
        raise too_large(size, limits, "it has")
    if head.startswith(b"PK"):
        return _find_in_zip(source, limits)
    if head.startswith(_OLE_MAGIC):
        return _find_in_ole(source.read()), size
    if head.startswith(_BARE_XLS):
        return Format.XLS, size
    _refuse_others(head)
    return Format.DELIMITED, size


def _refuse_others(head: bytes) -> None:
    """Raise a SheetError unless the start of a file could be that of a table as text."""
    if not head:
        raise SheetError("the file is empty; copy or download it again")
    for magic, name in _BINARY:
        if head.startswith(magic):
            raise SheetError(f"it is {name}, not a workbook; {_READ}")
    start = _as_ascii(head)
    for pattern, name in _TEXTS:
        if re.match(pattern, start):
            raise SheetError(f"it is {name}, not a workbook, whatever it is called; {SAVE_AS_XLSX}")
    if not _is_text(head):
        raise SheetError(f"it is not a workbook; {_READ}")


def _find_in_ole(data: bytes) -> Format:
    """.xls, unless the names in the container's directory say otherwise."""
    if not any(name.encode("utf-16-le") in data for name in ("Workbook", "Book")):
        for name, cause in _STREAMS:
            if name.encode("utf-16-le") in data:
                raise SheetError(
                    f"{cause}, then {SAVE_AS_XLSX}" if "password" in cause else f"{cause}; {_READ}"
                )
        raise SheetError(f"it holds no workbook, or its end is missing; copy it again, or {SAVE_AS_XLSX}")
    return Format.XLS


def _find_in_zip(source: Source, limits: ReadLimits) -> tuple[Format, int]:
    try:
        with source.open() as file, BoundedZip(file) as archive:
            unpacked = _check_size(archive, limits)
            return _find_by_parts(archive), unpacked
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError) as error:
        raise SheetError(
            f"the zip container is truncated or damaged ({in_short(error)}); copy or download it again"
        ) from error


def _check_size(archive: zipfile.ZipFile, limits: ReadLimits) -> int:
    # zipfile never unpacks more than the directory promises, so this bound holds for whom it serves.
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > limits.max_unpacked_bytes:
        raise too_large(unpacked, limits)
    if any(entry.flag_bits & 1 for entry in archive.infolist()):
        raise SheetError(f"it is password protected; remove the password, then {SAVE_AS_XLSX}")
    return unpacked


def _find_by_parts(archive: zipfile.ZipFile) -> Format:
    # Some writers use backslashes, or another case, in names that the standard compares without case.
    parts = {entry.filename.replace("\\", "/").lstrip("/").lower(): entry for entry in archive.infolist()}
    types, kind, manifest = (
        _start_of(archive, parts[name]) if name in parts else b""
        for name in ("[content_types].xml", "mimetype", "meta-inf/manifest.xml")
    )
    types = _as_ascii(types)
    if b"ms-excel.sheet.binary" in types or "xl/workbook.bin" in parts:
        return Format.XLSB
    if b"spreadsheetml" in types or "xl/workbook.xml" in parts:
        return Format.XLSX
    if b"opendocument.spreadsheet" in kind or b"opendocument.spreadsheet" in manifest:
        if b"encryption-data" in manifest:
            raise SheetError(f"it is password protected; remove the password, then {SAVE_AS_XLSX}")
        return Format.ODS
    for mark, name in (
        (b"wordprocessingml" in types, "a Word document"),
        (b"presentationml" in types, "a PowerPoint file"),
        (b"opendocument" in kind, "an OpenDocument file of another kind"),
        (b"vnd.sun.xml" in kind, "an OpenOffice 1 file"),
        ("index/document.iwa" in parts or "index.zip" in parts, "an Apple iWork file"),
    ):
        if mark:
            raise SheetError(f"the zip file holds no spreadsheet but {name}; {SAVE_AS_XLSX}")
    raise SheetError(f"the zip file holds no spreadsheet; {_READ}")


def _start_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The start of a part, long enough for whatever an honest one says."""
    with archive.open(entry) as part:
        return part.read(_MOST_OF_PART)


def _as_ascii(head: bytes) -> bytes:
    """The start of a text without byte order mark, leading blanks and the zero bytes of UTF-16."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe\x00").replace(b"\0", b"").lstrip()


def _is_text(head: bytes) -> bool:
    """Whether the bytes could be text: few control characters, and zeros only where UTF-16 has them."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")):
        return True
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > 0 and (min(even, odd) > len(head) // 50 or max(even, odd) < len(head) // 4):
        return False
    controls = sum(byte < 32 and byte not in b"\0\t\n\v\f\r\x1a\x1b" for byte in head)
    return controls <= len(head) // 100


def damaged(error: BaseException) -> str:
    """The message about a workbook whose reader failed with ``error``."""
    return f"the workbook is damaged ({in_short(error)}); {SAVE_AS_XLSX}"


def in_short(error: BaseException) -> str:
    """Kind and first line of an error, for a message of one line."""
    lines = str(error).splitlines() or [""]
    return printable(f"{type(error).__name__}: {lines[0][:160]}".removesuffix(": "))
