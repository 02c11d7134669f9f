"""Our detector beside others, on the same sheets with the same measure: ``python -m benchmarks.rivals``.

gridgulp and xldetect run in a process of their own, with ``--python`` in an environment of their own
(``pip install gridgulp==0.3.4 xldetect==1.0.1``, or the extra ``rivals``); where one is not installed it is
left out, and that is said. Seconds are by the clock on the wall, from file to ranges, imports aside; those
of a file are shared out among its annotated sheets (gridgulp looks at the others too).
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import track

from benchmarks.features import REAL_DATA
from benchmarks.rival_process import Skipped, Worker
from benchmarks.rival_rules import components, used_range
from tablesense.boxes import Box, parse_a1
from tablesense.detection.find import TableFinder
from tablesense.detection.strips import MAX_GRID_CELLS
from tablesense.errors import UserError
from tablesense.evaluation.figures import Scored, score
from tablesense.evaluation.gold import GoldSheet, Key, read_gold
from tablesense.evaluation.predictions import Found, Predictions, prediction_lines, read_predictions
from tablesense.model.weights import load_network
from tablesense.scoring.look import files_of, look, make_finder
from tablesense.sheets.sheet import Sheet
from tablesense.sheets.workbook import open_workbook
from tablesense.tracking.run.atomic import write_text

GOLD = ("deco", "fuste", "tablesense", "saus")

console = Console(stderr=True, markup=False, highlight=False)

Files = dict[Path, list[GoldSheet]]


def by_rule(files: Files, rule: Callable[[Sheet], list[Box]]) -> Iterator[dict[Key, Found]]:
    """A rule on the cells of each sheet, as our reader gives them."""
    for path, sheets in files.items():
        started = time.perf_counter()
        error, boxes = None, {}
        try:
            names = [sheet.annotation.sheet_name for sheet in sheets]
            boxes = {sheet.name: rule(sheet) for sheet in open_workbook(path, sheet_names=names)}
        except UserError as reason:
            error = str(reason)
        seconds = (time.perf_counter() - started) / len(sheets)
        yield {sheet.key: _found(boxes.get(sheet.annotation.sheet_name), error, seconds) for sheet in sheets}


def _found(boxes: Sequence[Box] | None, error: str | None, seconds: float) -> Found:
    if error is None and boxes is None:
        error = "it found no such sheet"
    return Found(tuple((box, 1.0) for box in boxes or ()), error, seconds)


def by_worker(files: Files, worker: Worker, limit: float) -> Iterator[dict[Key, Found]]:
    """What a rival finds; ``limit`` is for each annotated sheet of a file."""
    for path, sheets in files.items():
        answer = worker.find(path, [s.annotation.sheet_name for s in sheets], limit * len(sheets))
        tables = {name: list(map(parse_a1, ranges)) for name, ranges in answer.get("tables", {}).items()}
        seconds = answer["seconds"] / len(sheets)
        error = answer.get("error")
        yield {sheet.key: _found(tables.get(sheet.annotation.sheet_name), error, seconds) for sheet in sheets}


class Measured(NamedTuple):
    """A row of the table."""

    name: str
    predictions: Predictions
    scored: Scored
    failed: int


Source = Callable[[Files], Iterator[dict[Key, Found]]]


def measure(name: str, gold: Sequence[GoldSheet], find: Source, threshold: float = 0.0) -> Measured:
    """Let one detector look at all sheets, and score it."""
    files = files_of(gold)
    found: dict[Key, Found] = {}
    hidden = not console.is_terminal
    for part in track(find(files), name, len(files), console=console, transient=True, disable=hidden):
        found |= part
    predictions = Predictions(found, threshold, has_scores=threshold > 0)
    scored = score(predictions.results(gold), threshold, has_scores=predictions.has_scores)
    return Measured(name, predictions, scored, len(predictions.failed(gold)))


def markdown(rows: Sequence[Measured]) -> str:
    """One table: EoB-0 and EoB-2 F1 by corpus and as their mean, seconds a sheet, sheets that failed."""
    names = list(rows[0].scored.corpora)
    head = ["detector", *names, "macro EoB-0 F1", "macro EoB-2 F1", "s a sheet: mean (most)", "failed"]
    lines = [head, ["---"] * len(head), *map(_cells, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cells(row: Measured) -> list[str]:
    corpora = [f"{one.value.eob0_f1:.3f} / {one.value.eob2_f1:.3f}" for one in row.scored.corpora.values()]
    macro = row.scored.macro
    means = [
        f"{value:.3f} ({low:.2f} to {high:.2f})"
        for value, low, high in (
            (macro.value.eob0_f1, macro.low.eob0_f1, macro.high.eob0_f1),
            (macro.value.eob2_f1, macro.low.eob2_f1, macro.high.eob2_f1),
        )
    ]
    seconds = [found.seconds or 0.0 for found in row.predictions.sheets.values()]
    time_taken = f"{sum(seconds) / len(seconds):.3f} ({max(seconds):.1f})"
    return [row.name, *corpora, *means, time_taken, str(row.failed)]


def ours(weights: str | None) -> tuple[Source, float]:
    """Our detector a file at a time, as the others work, and its threshold."""
    network = load_network(weights, "cpu")
    finder: TableFinder = make_finder(network, network.score_threshold, MAX_GRID_CELLS)
    return lambda files: look(files, finder, at_once=1), network.score_threshold


def measure_all(options: argparse.Namespace, gold: Sequence[GoldSheet]) -> Iterator[Measured]:
    """Every detector that is there."""
    if options.ours is not None:
        predictions = read_predictions(options.ours)
        scored = score(predictions.results(gold), predictions.threshold, has_scores=predictions.has_scores)
        yield Measured("tablesense", predictions, scored, len(predictions.failed(gold)))
    if options.weights is not None:
        find, threshold = ours(options.weights)
        yield measure("tablesense", gold, find, threshold)
    for name in ("gridgulp", "xldetect"):
        try:
            with Worker(name, options.python) as worker:
                full = f"{name} {worker.version}"
                yield measure(full, gold, partial(by_worker, worker=worker, limit=options.limit))
        except Skipped as reason:
            console.print(f"{name} is left out: {reason} (--python names an environment that has it)")
    yield measure("connected components", gold, partial(by_rule, rule=components))
    yield measure("used range", gold, partial(by_rule, rule=_whole))


def _whole(sheet: Sheet) -> list[Box]:
    box = used_range(sheet)
    return [] if box is None else [box]


def main(args: list[str] | None = None) -> None:
    """Measure all, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("--data", type=Path, action="append", metavar="DIR", help=f"corpora (default: {', '.join(GOLD)})")
    add("--split", choices=("all", "train", "val", "test"), default="all", help="(all)")
    add("--weights", metavar="MODEL", help="of our detector (default: it is left out)")
    add("--ours", type=Path, metavar="FILE.jsonl", help="score these of ours (cross-validate --predictions)")
    add("--python", default=sys.executable, help="the Python that the rivals are installed for (this one)")
    add("--limit", type=float, default=30.0, metavar="SECONDS", help="a sheet, for rivals (30)")
    add("--predictions", type=Path, metavar="DIR", help="write what each found there, for evaluate")
    options = parser.parse_args(args)
    gold = read_gold(options.data or [REAL_DATA / name for name in GOLD], options.split).sheets
    rows = []
    for row in measure_all(options, gold):
        rows.append(row)
        if options.predictions is not None:
            options.predictions.mkdir(parents=True, exist_ok=True)
            file = options.predictions / f"{row.name.replace(' ', '_')}.jsonl"
            write_text(file, prediction_lines(row.predictions, gold))
    print(markdown(rows))


if __name__ == "__main__":
    main()
