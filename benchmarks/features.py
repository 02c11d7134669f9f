"""Reading and featurizing workbooks, against openpyxl on the same: ``python -m benchmarks.features``."""

import argparse
import time
import warnings
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import openpyxl
from openpyxl.cell.cell import Cell, MergedCell
from rich.console import Console
from rich.table import Table

from benchmarks.measure import Row, peak_memory_mb
from tablesense.features.featurize import SheetGrid, featurize
from tablesense.sheets.sheet import SheetError
from tablesense.sheets.workbook import open_workbook

REAL_DATA = Path(__file__).parents[1].parent / "shared" / "data"
REAL_CORPORA = ("tablesense", "deco", "fuste", "saus", "silver")
REAL_FILES = 150
GROWTH = (10_000, 100_000, 1_000_000)
_COLUMNS = 20

Given = TypeVar("Given")
Result = TypeVar("Result")


def real_workbooks(count: int | None = REAL_FILES) -> list[Path]:
    """Every n-th workbook of the real corpora, where they are on this machine; all without a count."""
    folders = [REAL_DATA / name / "workbooks" for name in REAL_CORPORA]
    files = [path for folder in folders for path in sorted(folder.glob("*.xls[xm]"))]
    return files if count is None else files[:: max(len(files) // count, 1)]


def featurized(path: Path) -> list[SheetGrid]:
    """The grids of all sheets, hidden ones too; none of a workbook that cannot be read."""
    try:
        return [featurize(sheet) for sheet in open_workbook(path, include_hidden=True)]
    except SheetError:
        return []


def load_with_openpyxl(path: Path) -> openpyxl.Workbook | None:
    """What reading alone costs with openpyxl; None for a workbook that it cannot load."""
    try:
        return openpyxl.load_workbook(path)
    except Exception:  # damaged files raise anything
        return None


def walk(book: openpyxl.Workbook | None) -> int:
    """Read of every cell the value and the style attributes that the features depend on."""
    cells = 0
    for sheet in book.worksheets if book else ():
        for row in sheet.iter_rows():
            for cell in row:
                look_at(cell)
            cells += len(row)
    return cells


def look_at(cell: Cell | MergedCell) -> tuple[object, ...]:
    """The value and the style attributes of a cell."""
    font, border, alignment, protection = cell.font, cell.border, cell.alignment, cell.protection
    sides = (border.left, border.right, border.top, border.bottom)
    return (
        (cell.value, cell.data_type, cell.number_format, cell.comment),
        (font.b, font.i, font.u, font.strike, font.sz, font.color, cell.fill.fill_type, cell.fill.fgColor),
        [side and side.style for side in sides],
        (alignment.horizontal, alignment.indent, protection.locked, protection.hidden),
    )


def compare(name: str, files: Iterable[Path]) -> tuple[Row, list[SheetGrid]]:
    """How much faster than openpyxl a file becomes grids, file by file in turn; and the grids.

    The time of the processor counts, not the clock on the wall: others may be at work on the machine.
    """
    grids: list[SheetGrid] = []
    ours = loading = walking = 0.0
    count = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's remarks on odd files
        for path in files:
            count += 1
            found, taken = _timed(featurized, path)
            grids += found
            ours += taken
            book, taken = _timed(load_with_openpyxl, path)
            loading += taken
            walking += _timed(walk, book)[1]
    row = Row(
        f"featurize, {name} ({count} files)",
        f"{len(grids) / ours:.0f} sheets/s",
        f"{(loading + walking) / ours:.1f} x faster than openpyxl's load and walk over cells and styles, "
        f"{loading / ours:.1f} x faster than its load alone",
    )
    return row, grids


def growth(cells: int, folder: Path) -> Row:
    """Time and memory for one sheet of so many cells: texts that come again, and numbers that do not."""
    path = folder / f"{cells}.xlsx"
    write_large(path, cells)
    before = peak_memory_mb()
    _, taken = _timed(featurized, path)
    return Row(
        f"featurize, one sheet of {cells:,} cells",
        f"{taken:.2f} s",
        f"{taken / cells * 1e6:.1f} us a cell, peak memory {peak_memory_mb():.0f} MB ({before:.0f} before)",
    )


def write_large(path: Path, cells: int) -> None:
    """A workbook written as Excel writes it, without holding it in memory."""
    openpyxl.Workbook().save(path)
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    start, _, end = parts["xl/worksheets/sheet1.xml"].partition(b"<sheetData></sheetData>")
    letters = [chr(ord("A") + column) for column in range(_COLUMNS)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            if name != "xl/worksheets/sheet1.xml":
                archive.writestr(name, part)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(start + b"<sheetData>")
            for row in range(1, cells // _COLUMNS + 1):
                texts = (
                    f'<c r="A{row}" t="inlineStr"><is><t>item {row % 97}</t></is></c>',
                    *(f'<c r="{x}{row}"><v>{row * i / 7!r}</v></c>' for i, x in enumerate(letters) if i),
                )
                sheet.write(f'<row r="{row}">{"".join(texts)}</row>'.encode())
            sheet.write(b"</sheetData>" + end)


def _timed(work: Callable[[Given], Result], given: Given) -> tuple[Result, float]:
    start = time.process_time()
    result = work(given)
    return result, time.process_time() - start


def main() -> None:
    """Compare over the real workbooks, and measure how time grows with cells."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="all real workbooks, not a sample of them")
    with_all = parser.parse_args().all
    table = Table("what", "figure", "against", title="featurizing workbooks")
    with TemporaryDirectory() as folder:
        for cells in GROWTH:
            table.add_row(*growth(cells, Path(folder)))
    if files := real_workbooks(None if with_all else REAL_FILES):
        table.add_row(*compare("real", files)[0])
    Console().print(table)


if __name__ == "__main__":
    main()
