"""Reading and featurizing workbooks, against openpyxl on the same: ``python -m benchmarks.features``."""

import argparse
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import openpyxl
from openpyxl.cell.cell import Cell, MergedCell

from benchmarks.measure import Row, cpu_seconds, print_rows, timed
from tablesense.features.featurize import SheetGrid, featurize
from tablesense.sheets.sheet import SheetError
from tablesense.sheets.workbook import open_workbook

REAL_DATA = Path(__file__).parents[1].parent / "shared" / "data"
REAL_CORPORA = ("tablesense", "deco", "fuste", "saus", "silver")
REAL_FILES = 150
NO_DATA = Row("real workbooks", "left out", f"there is no {REAL_DATA}")


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


def compare(name: str, files: Sequence[Path]) -> Row:
    """How much faster than openpyxl a file becomes grids, file by file in turn, in time of the processor."""
    ours = loading = walking = 0.0
    sheets = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's remarks on odd files
        walk(load_with_openpyxl(files[0])), featurized(files[0])  # the first call of anything is slow
        for path in files:
            grids, taken = timed(partial(featurized, path), cpu_seconds)
            sheets += len(grids)
            ours += taken
            book, taken = timed(partial(load_with_openpyxl, path), cpu_seconds)
            loading += taken
            walking += timed(partial(walk, book), cpu_seconds)[1]
    return Row(
        f"featurize, {name} ({len(files)} files)",
        f"{sheets / ours:.0f} sheets/s",
        f"{(loading + walking) / ours:.1f} x faster than openpyxl's load and walk over cells and styles, "
        f"{loading / ours:.1f} x faster than its load alone",
    )


def measure(*, with_all: bool = False) -> list[Row]:
    """The comparison over the real workbooks."""
    files = real_workbooks(None if with_all else REAL_FILES)
    return [compare("real", files)] if files else [NO_DATA]


def main() -> None:
    """Compare over the real workbooks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="all real workbooks, not a sample of them")
    print_rows("featurizing workbooks", measure(with_all=parser.parse_args().all))


if __name__ == "__main__":
    main()
