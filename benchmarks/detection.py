"""Detection, from a file to ranges, against openpyxl's load of the file: ``python -m benchmarks.detection``.

By the clock on the wall, in one run, the two in turn, the faster of a few each. The network is loaded once.
With ``--weights RUN model.onnx`` both are measured, one after the other.
"""

import argparse
import gc
import statistics
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import openpyxl
import torch
import yaml
from typing_extensions import override

from benchmarks.features import NO_DATA, real_workbooks
from benchmarks.measure import Row, print_rows, timed
from tablesense.detection.detect import detect_files
from tablesense.detection.find import TableFinder
from tablesense.detection.reading import (
    FoundSheet,
    PreparedFile,
    PreparedSheet,
    ReadOptions,
    prepare_file,
    prepare_sheet,
)
from tablesense.detection.table import FileResult
from tablesense.features.featurize import is_filled
from tablesense.model import weights as models
from tablesense.model.answer import Answering
from tablesense.model.detector import NetworkConfig, TableDetector
from tablesense.sheets.workbook import open_workbook

CONFIG = Path(__file__).parents[1] / "configs" / "real.yaml"
SAMPLE, REPEATS, THREADS = 8, 3, (1, 2)  # every 8th workbook
PARTS = ("reading", "featurizing", "network", "header rows and the like")


class Taken(NamedTuple):
    """Seconds for one workbook of so many filled cells; ``parts`` in the order of ``PARTS``."""

    path: Path
    cells: int
    load: float
    detect: float
    parts: tuple[float, ...]


def load_network(weights: Path | None = None) -> Answering:
    """The network of the weights; without any, that of ``configs/real.yaml`` with random ones."""
    if weights is not None:
        return models.load_network(weights, "cpu")
    torch.manual_seed(0)
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["model"]["init_args"]["network"]
    return TableDetector(replace(NetworkConfig(), **config)).eval()


def detect(path: Path, finder: TableFinder) -> FileResult:
    """The tables of a file, as the command finds them."""
    (result,) = detect_files([prepare_file(str(path), ReadOptions())], lambda: finder)
    return result


class TimedFinder(TableFinder):
    """A finder that says how long it took last."""

    taken = 0.0

    @override
    def find(self, sheets: Sequence[PreparedSheet]) -> list[FoundSheet]:
        found, self.taken = timed(lambda: super(TimedFinder, self).find(sheets))
        return found


def in_parts(path: Path, finder: TimedFinder) -> tuple[float, ...]:
    """Seconds of each of ``PARTS``, as :func:`detect` goes through them."""
    sheets, reading = timed(lambda: open_workbook(path))
    prepared, featurizing = timed(lambda: [prepare_sheet(sheet) for sheet in sheets])
    file = PreparedFile(str(path), prepared)
    finder.taken = 0.0  # it is not asked about empty sheets
    _, rest = timed(lambda: list(detect_files([file], lambda: finder)))
    return reading, featurizing, finder.taken, rest - finder.taken


def filled_cells(path: Path) -> int:
    """Cells with a value on the sheets that are looked at."""
    return sum(sum(map(is_filled, sheet.cells.values())) for sheet in open_workbook(path))


def take(path: Path, finder: TimedFinder, repeats: int) -> Taken:
    """Both on one file, the faster of a few each.

    Raises:
        Exception: either cannot read it.
    """
    cells = filled_cells(path)
    times: list[tuple[float, float, tuple[float, ...]]] = []
    for _ in range(repeats):
        gc.collect()  # neither pays for what the other left
        load = timed(lambda: openpyxl.load_workbook(path))[1]
        gc.collect()
        ours = timed(lambda: detect(path, finder))[1]
        gc.collect()
        times.append((load, ours, in_parts(path, finder)))
    loads, totals, parts = zip(*times, strict=True)
    return Taken(path, cells, min(loads), min(totals), min(parts, key=sum))


def take_all(files: Iterable[Path], finder: TimedFinder, repeats: int = REPEATS) -> list[Taken]:
    """Every file that both can read, in the order of their cells."""
    taken = []
    for path in files:
        try:
            taken.append(take(path, finder, repeats))
        except Exception:  # damaged files raise anything
            continue
    return sorted(taken, key=lambda one: one.cells)


def rows(taken: Sequence[Taken], threads: int) -> list[Row]:
    """What to say of all files, and of the one that has as many cells as half of them have at most."""
    middle = taken[len(taken) // 2]
    ratio = statistics.median(one.detect / one.load for one in taken)
    total = sum(one.detect for one in taken) / sum(one.load for one in taken)
    count = "1 thread" if threads == 1 else f"{threads} threads"
    return [
        Row(
            f"detect, {count}, median of {len(taken)} files",
            _ms(statistics.median(one.detect for one in taken)),
            f"{ratio:.2f} x the time of openpyxl.load_workbook "
            f"({_ms(statistics.median(one.load for one in taken))}), {total:.2f} x over all files together",
        ),
        Row(
            f"detect, {count}, the median sheet ({middle.cells} cells)",
            _ms(middle.detect),
            f"{middle.detect / middle.load:.2f} x the time of openpyxl.load_workbook ({_ms(middle.load)})",
        ),
        Row(f"parts of detect, {count}, median of files", "", _parts(taken)),
    ]


def _parts(taken: Sequence[Taken]) -> str:
    """Milliseconds and share of each part in the middle file of each."""
    times = list(zip(*(one.parts for one in taken), strict=True))
    shares = list(zip(*([part / sum(one.parts) for part in one.parts] for one in taken), strict=True))
    middles = [
        f"{name} {_ms(statistics.median(time))} ({statistics.median(share):.0%})"
        for name, time, share in zip(PARTS, times, shares, strict=True)
    ]
    return ", ".join(middles)


def _ms(taken: float) -> str:
    return f"{1e3 * taken:.1f} ms"


def measure(files: Sequence[Path], weights: Path | None = None, repeats: int = REPEATS) -> list[Row]:
    """The comparison with each number of threads."""
    figures, threads_before = [], torch.get_num_threads()
    gc.collect()
    gc.freeze()  # torch's own objects would make every collection slow
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's remarks on odd files, and ours on large ones
            for threads in THREADS:
                torch.set_num_threads(threads)
                finder = TimedFinder(load_network(weights))  # onnxruntime takes its threads at the start
                take_all(files[:3], finder, 1)  # warms up
                figures += rows(take_all(files, finder, repeats), threads)
    finally:
        torch.set_num_threads(threads_before)
        gc.unfreeze()
    return [
        Row("network that detects", str(weights.name if weights else CONFIG.name), _known(weights)),
        *figures,
    ]


def _known(weights: Path | None) -> str:
    return "its weights" if weights else "random weights: the time is right, the tables are not"


def sample(*, with_all: bool = False) -> list[Path]:
    """Real workbooks, every 8th or all."""
    return real_workbooks(None)[:: 1 if with_all else SAMPLE]


def main() -> None:
    """Compare over the real workbooks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="all real workbooks, not a sample of them")
    parser.add_argument(
        "--weights",
        type=Path,
        nargs="+",
        default=[None],
        help="runs or .onnx files, as of detect (default: random weights)",
    )
    parser.add_argument("--repeats", type=int, default=REPEATS, metavar="N")
    options = parser.parse_args()
    files = sample(with_all=options.all)
    measured = [measure(files, weights, options.repeats) for weights in options.weights if files]
    print_rows("detection", [row for rows in measured for row in rows] or [NO_DATA])


if __name__ == "__main__":
    main()
