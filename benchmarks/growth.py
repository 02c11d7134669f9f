"""Time and memory by the number of cells: ``python -m benchmarks.growth``.

Each figure comes from a process of its own, as the most memory that a process ever held never sinks.
"""

import argparse
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import openpyxl

from benchmarks.features import featurized, load_with_openpyxl
from benchmarks.measure import Row, cpu_seconds, peak_memory_mb, peak_memory_of_children_mb, print_rows, timed

CELLS = (10_000, 100_000, 1_000_000)
_COLUMNS = 20
_WORKS = ("featurize", "detect", "openpyxl")


def measure(weights: Path | None = None) -> list[Row]:
    """Time and memory of each work for sheets of each size: texts that come again, numbers that do not."""
    rows = []
    with TemporaryDirectory() as folder:
        paths = {cells: Path(folder) / f"{cells}.xlsx" for cells in CELLS}
        for cells, path in paths.items():
            write_large(path, cells)
        for work in _WORKS:
            taken = {cells: _in_child(work, path, weights) for cells, path in paths.items()}
            rows += [_row(work, cells, taken) for cells in CELLS]
    return rows


def _row(work: str, cells: int, taken: dict[int, dict[str, float]]) -> Row:
    here, smallest = taken[cells], taken[CELLS[0]]
    name = "openpyxl.load_workbook" if work == "openpyxl" else work
    grown = here["seconds"] / smallest["seconds"]
    memory = f"{here['peak']:.0f} MB" + (f" and {here['reader']:.0f} in its reader" if here["reader"] else "")
    size = f"{grown:.0f} x the time for {cells // CELLS[0]} x the cells"
    return Row(
        f"{name}, one sheet of {cells:,} cells",
        f"{here['seconds']:.2f} s",
        f"{here['seconds'] / cells * 1e6:.1f} us a cell, {size}, "
        f"peak memory {memory} ({here['before']:.0f} before)",
    )


def _in_child(work: str, path: Path, weights: Path | None) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.growth", "--work", work, "--file", str(path)]
    if weights is not None:
        command += ["--weights", str(weights)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _work(work: str, path: Path, weights: Path | None) -> dict[str, float]:
    """The child's side: seconds of the processor, and megabytes."""
    do: Callable[[Path], object]
    if work == "detect":
        from benchmarks.detection import detect, load_network  # torch takes memory that the others do not
        from tablesense.detection.find import TableFinder

        do = partial(detect, finder=TableFinder(load_network(weights)))
    else:
        do = featurized if work == "featurize" else load_with_openpyxl
    with TemporaryDirectory() as folder:  # the first call of anything imports and warms up
        small = Path(folder) / "small.xlsx"
        write_large(small, 10 * _COLUMNS)
        do(small)
    before = peak_memory_mb()
    _, taken = timed(lambda: do(path), cpu_seconds)
    # With torch in this process, its own memory hides the reader's, which is the same as without.
    own = peak_memory_of_children_mb() if work == "featurize" else 0.0
    return {"seconds": taken, "before": before, "peak": peak_memory_mb(), "reader": own}


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


def main() -> None:
    """Print the table; or, as a child, the figures of one work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, help="of the network that detects (default: random)")
    parser.add_argument("--work", choices=_WORKS, help="this work only, with --file, and JSON on the output")
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    if options.work:
        json.dump(_work(options.work, options.file, options.weights), sys.stdout)
    else:
        print_rows("time and memory by cells", measure(options.weights))


if __name__ == "__main__":
    main()
