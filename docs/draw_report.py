"""Draw docs/report.png: ``python docs/draw_report.py RUN [--out FILE]`` shows what a run finds.

The workbooks are generated for the purpose.
Needs Chromium for the picture and Pillow, which torchvision brings, to make it small.
"""

import argparse
import tempfile
from pathlib import Path

from screenshot import screenshot, small_png

from tablesense.boxes import Box, to_a1
from tablesense.corpora.corpus import read_corpus
from tablesense.detection.detect import detect_tables
from tablesense.detection.report import write_report
from tablesense.detection.table import FileResult, SheetTables
from tablesense.model.weights import load_network
from tablesense.sheets.workbook import open_workbook
from tablesense.synthetic.corpus import write_corpus
from tablesense.tracking.run.atomic import atomic_write

WIDTH, HEIGHT = 1400, 800
NUM_SHEETS = 30

Truth = dict[tuple[str, str], tuple[Box, ...]]


def main() -> None:
    """Find the tables of generated workbooks, write the report, let Chromium draw its richest sheet."""
    parser = argparse.ArgumentParser(description="Draw a picture of the report page.")
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run, or other weights")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("report.png"))
    parser.add_argument("--seed", type=int, default=4, help="of the generated workbooks")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        results, truth = find(folder / "corpus", options.run, options.seed)
        write_report(results, folder / "report.html", truth)
        address = f"{(folder / 'report.html').as_uri()}#{richest(results, truth)}"
        data = small_png(screenshot(address, WIDTH, HEIGHT))
    with atomic_write(options.out) as file:
        file.write(data)


def find(folder: Path, run: Path, seed: int) -> tuple[list[FileResult], Truth]:
    """What the run finds in workbooks generated for the purpose, and what is there."""
    write_corpus(folder, NUM_SHEETS, seed)
    corpus = read_corpus(folder)
    truth = {(record.file_name, record.sheet_name): record.tables for record in corpus.annotations}
    detector = load_network(run)
    results = []
    for file in sorted({record.file_name for record in corpus.annotations}):
        path = folder / "workbooks" / file
        tables = detect_tables(path, detector, include_hidden=True)
        sheets = [
            SheetTables(sheet.name, sheet, [table for table in tables if table.sheet == sheet.name])
            for sheet in open_workbook(path)
        ]
        results.append(FileResult(file, sheets))
    return results, truth


def richest(results: list[FileResult], truth: Truth) -> str:
    """The address of a sheet that shows most kinds of frames, with its first exact table chosen."""
    best, address, number = (0, 0), "", 0
    for result in results:
        for sheet in result.sheets:
            number += 1
            there, found = set(truth[result.file, sheet.name]), {table.box for table in sheet.tables}
            exact, wrong, not_found = found & there, found - there, there - found
            rank = (bool(exact) + bool(wrong) + bool(not_found), len(found))
            if exact and rank > best:
                best = rank
                address = f"sheet-{number}-{to_a1(min(exact, key=lambda box: (box.top, box.left)))}"
    return address


if __name__ == "__main__":
    main()
