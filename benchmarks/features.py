"""Reading and featurizing workbooks, against openpyxl alone on the same files."""

import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import openpyxl

from benchmarks.measure import Row
from tablesense.features.featurize import SheetGrid, featurize
from tablesense.sheets.sheet import SheetError
from tablesense.sheets.workbook import open_workbook

REAL_DATA = Path(__file__).parents[1].parent / "shared" / "data"
REAL_CORPORA = ("tablesense", "deco", "fuste", "saus")
REAL_FILES = 40


def real_workbooks() -> list[Path]:
    """Every n-th workbook of the real corpora, where they are on this machine."""
    folders = [REAL_DATA / name / "workbooks" for name in REAL_CORPORA]
    files = [path for folder in folders for path in sorted(folder.glob("*.xlsx"))]
    return files[:: max(len(files) // REAL_FILES, 1)]


def featurized(files: Iterable[Path]) -> list[SheetGrid]:
    """The grids of all sheets; a workbook that cannot be read is left out."""
    grids = []
    for path in files:
        try:
            grids += [featurize(sheet) for sheet in open_workbook(path)]
        except SheetError:
            continue
    return grids


def load_with_openpyxl(files: Iterable[Path]) -> None:
    """What reading costs at the least."""
    for path in files:
        try:
            openpyxl.load_workbook(path)
        except Exception:  # damaged files raise anything
            continue


def compare(name: str, files: list[Path]) -> tuple[Row, list[SheetGrid]]:
    """Sheets a second from file to grid, once through all files, and the grids."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's remarks on odd files
        grids: list[SheetGrid] = []
        taken = _once(lambda: grids.extend(featurized(files)))
        bare = _once(lambda: load_with_openpyxl(files))
    row = Row(
        f"featurize, {name} ({len(files)} files)",
        f"{len(grids) / taken:.1f} sheets/s",
        f"{taken / bare:.2f} x the time of openpyxl.load_workbook",
    )
    return row, grids


def _once(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
