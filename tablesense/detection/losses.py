"""What openpyxl would lose of a workbook: told by comparing the files, not by a list of what it knows."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from xml.parsers import expat
from zipfile import BadZipFile

from tablesense.boxes import parse_a1
from tablesense.sheets.bounded_zip import BoundedZip

_PARTS = {
    "macros": "vbaProject.bin",
    "charts": "xl/charts/chart",
    "images": "xl/media/",
    "pivot tables": "xl/pivotTables/",
    "slicers": "xl/slicers/",
    "form controls": "xl/ctrlProps/",
    "ActiveX controls": "xl/activeX/",
    "embedded objects": "xl/embeddings/",
    "threaded comments": "xl/threadedComments/",
    "diagrams": "xl/diagrams/data",
}
_PIECES = {
    "drawn shapes": ("xl/drawings/", re.compile(rb"<xdr:(?:sp|cxnSp)[ >]")),
    "sparklines": ("xl/worksheets/", re.compile(rb"<x14:sparkline[ >]")),
    "formulas with results (a spreadsheet program computes them anew)": (
        "xl/worksheets/",
        re.compile(rb"</(?:x:)?f>\s*<(?:x:)?v>|<(?:x:)?f [^<>]*/>\s*<(?:x:)?v>"),
    ),
}
# openpyxl makes an object of every cell of a merged range and of a linked one.
_SPREADING = frozenset({"mergeCell", "hyperlink"})
_MAX_RANGE_CELLS = 1_000_000
_PLURAL = re.compile(r"s\b")


def is_plain_xlsx(data: bytes) -> bool:
    """Whether a file is an .xlsx or .xlsm by its content."""
    try:
        with BoundedZip(io.BytesIO(data)) as archive:
            return any(name.lower().endswith("xl/workbook.xml") for name in archive.namelist())
    except BadZipFile:
        return False


def has_macros(data: bytes) -> bool:
    """Whether a file is a workbook with macros."""
    if not is_plain_xlsx(data):
        return False
    with BoundedZip(io.BytesIO(data)) as archive:
        return any(_PARTS["macros"] in name for name in archive.namelist())


def is_cheap_to_load(data: bytes) -> bool:
    """Whether openpyxl can load it without filling memory with the cells of merged and linked ranges."""
    with BoundedZip(io.BytesIO(data)) as archive:  # a worksheet may lie anywhere, and be called anything
        return sum(_spread_cells(archive.read(name)) for name in archive.namelist()) <= _MAX_RANGE_CELLS


def _spread_cells(part: bytes) -> int:
    """The cells of the merged and linked ranges in a part, however it is written; 0 of what is no XML."""
    is_ascii = b"\0" not in part[:4] and not part.startswith((b"\xff\xfe", b"\xfe\xff"))
    if is_ascii and not any(name.encode() in part for name in _SPREADING):
        return 0
    cells = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal cells
        if name.rpartition(" ")[2] in _SPREADING and cells <= _MAX_RANGE_CELLS:
            try:
                cells += parse_a1(attributes.get("ref", "A1")).area
            except ValueError:  # such as whole columns
                cells += _MAX_RANGE_CELLS + 1

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    with suppress(expat.ExpatError):  # openpyxl will say what is wrong
        parser.Parse(part, True)
    return cells


def losses(original: bytes, copy: bytes) -> str | None:
    """One line that says what of the original is not in the copy; None when nothing is known to miss."""
    before, after = _contents(original), _contents(copy)
    missing = [
        _counted(count - after[name], name) if name != "macros" else name
        for name, count in before.items()
        if count > after[name]
    ]
    return f"the copy lacks {', '.join(missing)}" if missing else None


def _counted(number: int, things: str) -> str:
    return f"{number} {things}" if number > 1 else f"{number} {_PLURAL.sub('', things, count=1)}"


def _contents(data: bytes) -> dict[str, int]:
    """How many of each kind of thing a workbook holds."""
    with BoundedZip(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if not name.endswith((".rels", "/"))]
        counts = {kind: sum(part in name for name in names) for kind, part in _PARTS.items()}
        for kind, (folder, pattern) in _PIECES.items():
            parts = (name for name in names if folder in name and name.endswith(".xml"))
            counts[kind] = sum(len(pattern.findall(archive.read(name))) for name in parts)
    return counts
