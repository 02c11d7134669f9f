"""What ``tablesense evaluate`` does, from its options to the last file written."""

from __future__ import annotations

import json
import math
import shlex
from argparse import Namespace
from pathlib import Path
from typing import Any

from rich.progress import track

from tablesense import __version__
from tablesense.detection.outputs import Messages, writing
from tablesense.detection.strips import MAX_GRID_CELLS
from tablesense.evaluation.evaluation import Evaluation, evaluate
from tablesense.evaluation.gold import Gold, GoldSheet, Key
from tablesense.evaluation.predictions import Found, Predictions, prediction_lines, read_predictions
from tablesense.scoring.text import best_line, tables
from tablesense.terminal.output import terminal
from tablesense.tracking.run.atomic import write_text

_LEARNT = (
    "The model that ships has learnt from the corpora that its model card names: on their sheets this says "
    "how well it learnt them, not how good it is"
)
_NAMED = 20  # sheets that failed are named one by one up to here; the results file names all


def run(options: Namespace, gold: Gold, command: list[str]) -> bool:
    """Measure, print, write what is asked for; returns whether a sheet failed or a line was bad.

    Args:
        options: of the command line.
        gold: the annotated sheets.
        command: the command line, for the results file.

    Raises:
        UserError: something asked for cannot be done.
    """
    messages = Messages()
    predictions = _predictions(options, gold, messages)
    failed = predictions.failed(gold.sheets)
    say_failed(list(map(str, gold.problems)), failed, messages)
    if failed:
        messages.say(f"{len(failed)} of {len(gold.sheets)} sheets failed; their tables count as missed")
    results = predictions.results(gold.sheets)
    evaluation = evaluate(
        results,
        predictions.threshold,
        has_scores=predictions.has_scores,
        samples=options.samples,
        seed=options.seed,
    )
    _write(options, gold.sheets, predictions, _results(options, evaluation, predictions, failed, command))
    console = terminal()
    for title, table in tables(evaluation):
        console.print(title)
        console.print(table)
        console.print()
    line = best_line(evaluation)
    if line is not None:
        console.print(line, soft_wrap=True)
    _say_written(options, gold.sheets, predictions, messages)
    return bool(failed or gold.problems)


def _predictions(options: Namespace, gold: Gold, messages: Messages) -> Predictions:
    if options.from_predictions is not None:
        return read_predictions(options.from_predictions, options.threshold)

    from tablesense.model.weights import is_released, load_network
    from tablesense.scoring.look import files_of, look, make_finder

    if is_released(options.weights):
        messages.say(_LEARNT)
    network = load_network(options.weights, options.device)
    threshold = network.score_threshold if options.threshold is None else options.threshold
    finder = make_finder(network, threshold, options.max_grid_cells or MAX_GRID_CELLS)
    files = files_of(gold.sheets)
    found: dict[Key, Found] = {}
    hidden = not messages.console.is_terminal  # in a file the bar would be blank lines
    parts = look(files, finder)
    for part in track(
        parts, "looking for tables", len(files), console=messages.console, transient=True, disable=hidden
    ):
        found |= part
    return Predictions(found, threshold)


def say_failed(problems: list[str], failed: dict[Key, str], messages: Messages) -> None:
    """Name what could not be read: lines of annotations, and sheets, whose tables count as missed."""
    lines = list(problems)
    lines += [f"{corpus}/{file}, sheet {sheet}: {error}" for (corpus, file, sheet), error in failed.items()]
    for line in lines[:_NAMED]:
        messages.say(line)
    if len(lines) > _NAMED:
        messages.say(f"and {len(lines) - _NAMED} more")


def failed_rows(failed: dict[Key, str]) -> list[dict[str, str]]:
    """The sheets that could not be read, for the results file."""
    names = ("corpus", "file_name", "sheet_name")
    return [dict(zip(names, key, strict=True)) | {"error": error} for key, error in failed.items()]


def _results(
    options: Namespace,
    evaluation: Evaluation,
    predictions: Predictions,
    failed: dict[Key, str],
    command: list[str],
) -> dict[str, Any]:
    seconds = [found.seconds for found in predictions.sheets.values() if found.seconds is not None]
    return {
        **evaluation.as_json(),
        "tablesense": __version__,
        "command": shlex.join(command),
        "split": options.split,
        "seconds_a_sheet": math.fsum(seconds) / len(seconds) if seconds else None,
        "failed": failed_rows(failed),
    }


def _write(
    options: Namespace, gold: list[GoldSheet], predictions: Predictions, results: dict[str, Any]
) -> None:
    save = writing(write_text)
    if options.predictions is not None:
        save(options.predictions, prediction_lines(predictions, gold))
    if options.out is not None:
        save(options.out, json.dumps(results, indent=1, allow_nan=False) + "\n")


def _say_written(
    options: Namespace, gold: list[GoldSheet], predictions: Predictions, messages: Messages
) -> None:
    for file in filter(None, (options.predictions, options.out)):
        messages.say(f"Wrote {Path(file)}")
    if options.report is not None:
        from tablesense.scoring.worst import write_worst

        shown = write_worst(gold, predictions, options.worst, options.report)
        wrote = f"Wrote {options.report}: the {shown} worst sheets"
        messages.say(wrote if shown else "--report: no page, every table was found exactly")
