"""What the workbooks in a folder are called; one that is named itself is read whatever its name."""

from pathlib import Path

WORKBOOK_SUFFIXES = frozenset(
    {".xlsx", ".xlsm", ".xltx", ".xltm", ".xls", ".xlt", ".xlsb", ".ods", ".ots", ".csv", ".tsv", ".tab"}
)

_LOCK_PREFIXES = ("~$", ".~lock.", ".")  # of Excel, of LibreOffice, and hidden files


def is_workbook_name(name: str) -> bool:
    """Whether a file of this name, in a folder that is walked, counts as a workbook."""
    return Path(name).suffix.lower() in WORKBOOK_SUFFIXES and not is_lock_file(name)


def is_lock_file(file: str) -> bool:
    """Whether a spreadsheet program keeps the file while a workbook is open."""
    return Path(file).name.startswith(_LOCK_PREFIXES)
