"""Books of openpyxl, saved, changed part by part, and read."""

import zipfile
from pathlib import Path

from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tablesense.boxes import parse_a1
from tablesense.sheets.sheet import Cell, Sheet, Style
from tablesense.sheets.workbook import open_workbook

SHEET_PART = "xl/worksheets/sheet1.xml"
NO_ROWS = "<sheetData></sheetData>"


def new_book() -> tuple[Workbook, Worksheet]:
    book = Workbook()
    return book, book.worksheets[0]


def read(book: Workbook, folder: Path) -> list[Sheet]:
    path = folder / "book.xlsx"
    book.save(path)
    return open_workbook(path)


def rewrite(path: Path, part: str, *changes: tuple[str, str], rename: str | None = None) -> Path:
    """The same package with texts replaced in one part (each must be there), or the part renamed."""
    target = path.with_name(f"edited-{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name == part:
                for before, after in changes:
                    assert before.encode() in text
                    text = text.replace(before.encode(), after.encode())
            new.writestr(rename if rename and name == part else name, text)
    return target


def with_sheet_data(folder: Path, rows: str) -> Sheet:
    """A sheet whose rows are written as XML, for what openpyxl does not write."""
    book, _ = new_book()
    path = folder / "book.xlsx"
    book.save(path)
    edited = rewrite(path, SHEET_PART, (NO_ROWS, f"<sheetData>{rows}</sheetData>"))
    return open_workbook(edited)[0]


def at(sheet: Sheet, ref: str) -> Cell:
    box = parse_a1(ref)
    return sheet.cells[box.top, box.left]


def style_at(sheet: Sheet, ref: str) -> Style:
    return sheet.styles[at(sheet, ref).style]
