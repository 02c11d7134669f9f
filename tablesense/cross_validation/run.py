"""What the command does: trains what is missing, measures what is there, prints and writes the figures."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from tablesense import __version__
from tablesense.cross_validation.measure import Measured, measure
from tablesense.cross_validation.text import ALL, tables
from tablesense.cross_validation.train import Say, train
from tablesense.cross_validation.turns import Plan, Turn, check_recipe
from tablesense.detection.outputs import writing
from tablesense.errors import UserError
from tablesense.evaluation.evaluation import Evaluation, evaluate
from tablesense.evaluation.predictions import Predictions, prediction_lines
from tablesense.scoring.text import best_line
from tablesense.search.processes import only_one
from tablesense.terminal.untrusted import plain
from tablesense.tracking.run.atomic import write_text


@dataclass(frozen=True)
class Options:
    """How a cross-validation is run.

    Attributes:
        jobs: trainings at once.
        out: where the figures are written, if anywhere.
        predictions: where what was found with the first seed is written, if anywhere.
        threshold: a box scored lower is no table.
        measure_only: train nothing, measure the runs that are finished.
        command: the command line, for the file of figures.
    """

    jobs: int
    out: Path | None
    predictions: Path | None
    threshold: float
    measure_only: bool
    command: tuple[str, ...]


Finished = list[tuple[Turn, Path]]


def cross_validate(plan: Plan, options: Options, console: Console) -> bool:
    """Run a cross-validation; returns whether every turn is in the figures.

    Raises:
        UserError: wrong input, a training failed, or nothing is finished yet.
        KeyboardInterrupt: stopped; the running trainings have saved and ended.
    """

    def say(text: str) -> None:
        console.print(text, soft_wrap=True)
        console.file.flush()

    turns = list(plan.turns())
    finished = _train(plan, turns, options, say)
    measured: dict[int, list[Measured]] = {}
    for turn, run in finished:
        say(f"measuring {plain(run.name)}")
        measured.setdefault(turn.seed, []).append(measure(turn, run))
    by_seed, pooled = _figures(measured, options.threshold)
    for title, grid in tables(by_seed if len(by_seed) == 1 else {**by_seed, ALL: pooled}):
        say(f"\n{title}")
        console.print(grid)
    if (line := best_line(pooled)) is not None:
        say(f"\n{line}")
    if len(finished) < len(turns):
        say(f"\nOnly {len(finished)} of {len(turns)} trainings are finished: sheets are missing above.")
    save = writing(write_text)
    if options.out is not None:
        save(options.out, _json(plan, options, by_seed, pooled, finished))
        say(f"Wrote {plain(options.out)}")
    if options.predictions is not None:
        save(options.predictions, _predictions(next(iter(measured.values())), options.threshold))
        say(f"Wrote {plain(options.predictions)}")
    return len(finished) == len(turns)


def _train(plan: Plan, turns: list[Turn], options: Options, say: Say) -> Finished:
    """Train what is left, if asked to; the runs that are finished."""
    _check(plan, turns)
    if not options.measure_only:
        left = [turn for turn in turns if turn.finished is None]
        say(f"{len(turns) - len(left)} of {len(turns)} trainings are finished")
        with only_one(plan.runs_dir / "running.lock"):
            train(left, options.jobs, say)
        _check(plan, turns)
    finished = [(turn, run) for turn in turns if (run := turn.finished) is not None]
    if not finished:
        raise UserError(f"{plain(plan.runs_dir)}: no training is finished yet")
    return finished


def _figures(
    measured: dict[int, list[Measured]], threshold: float
) -> tuple[dict[str, Evaluation], Evaluation]:
    """The figures by seed, and those of all sheets with all seeds."""
    results = {str(seed): [one for part in parts for one in part.results] for seed, parts in measured.items()}
    by_seed = {seed: evaluate(sheets, threshold) for seed, sheets in results.items()}
    return by_seed, evaluate([sheet for sheets in results.values() for sheet in sheets], threshold)


def _predictions(parts: list[Measured], threshold: float) -> str:
    """What was found on each sheet by the training that left it out."""
    found = {key: one for part in parts for key, one in part.found.items()}
    return prediction_lines(Predictions(found, threshold), [sheet for part in parts for sheet in part.gold])


def _check(plan: Plan, turns: list[Turn]) -> None:
    plan.runs_dir.mkdir(parents=True, exist_ok=True)
    runs = (turn.finished or turn.begun for turn in turns)
    check_recipe(plan, [run for run in runs if run is not None])


def _json(
    plan: Plan, options: Options, by_seed: dict[str, Evaluation], pooled: Evaluation, finished: Finished
) -> str:
    """In the form of ``tablesense evaluate --out``: all seeds together, and each under ``seeds``."""
    content: dict[str, Any] = {
        **pooled.as_json(),
        "tablesense": __version__,
        "command": shlex.join(options.command),
        "folds": plan.folds,
        "runs": [run.name for _, run in finished],
        "seeds": {seed: one.as_json() for seed, one in by_seed.items()},
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"
