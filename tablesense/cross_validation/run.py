"""What the command does: trains what is missing, measures what is there, writes and prints the figures."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from tablesense import __version__
from tablesense.cross_validation.measure import Measured, measure
from tablesense.cross_validation.others import other_runs
from tablesense.cross_validation.recipe import Recipe, check_folds, check_runs, read_recipe
from tablesense.cross_validation.text import ALL, tables
from tablesense.cross_validation.train import Say, train
from tablesense.cross_validation.turns import Plan, Turn, check_idle
from tablesense.detection.outputs import Messages, writing
from tablesense.errors import UserError
from tablesense.evaluation.evaluation import Evaluation, evaluate
from tablesense.evaluation.predictions import Found, Predictions, prediction_lines
from tablesense.scoring.command import failed_rows, say_failed
from tablesense.scoring.text import best_line
from tablesense.terminal.output import refuse_input
from tablesense.terminal.untrusted import plain
from tablesense.tracking.run.atomic import write_text
from tablesense.trainings.processes import only_one

Finished = list[tuple[Turn, Path]]


@dataclass(frozen=True)
class Options:
    """How a cross-validation is run.

    Attributes:
        jobs: trainings at once.
        out: where the figures are written, if anywhere.
        predictions: where what was found with the first seed is written, if anywhere.
        threshold: a box scored lower is no table; None takes the recipe's.
        measure_only: train nothing, measure the runs that are finished.
        with_runs: folders of other cross-validations, whose networks detect together with these.
        command: the command line, for the file of figures.
    """

    jobs: int
    out: Path | None
    predictions: Path | None
    threshold: float | None
    measure_only: bool
    with_runs: tuple[Path, ...]
    command: tuple[str, ...]


def cross_validate(plan: Plan, options: Options, console: Console) -> bool:
    """Run a cross-validation; returns whether every turn is in the figures and every sheet could be read.

    Raises:
        UserError: wrong input, a training failed, or nothing is finished yet.
        KeyboardInterrupt: stopped; the running trainings have saved and ended.
    """

    def say(text: str) -> None:
        console.print(text, soft_wrap=True)
        console.file.flush()

    recipe = read_recipe(plan)
    turns = list(plan.turns())
    _refuse_inputs(plan, recipe, options)
    check_folds(recipe, turns)
    finished = _train(plan, recipe, turns, options, say)
    measured: dict[int, list[Measured]] = {}
    whole = [
        (turn, [*runs, *other_runs(options.with_runs, turn, recipe)])
        for turn, runs in _whole(finished, plan.networks)
    ]
    for turn, runs in whole:
        say(f"measuring {', '.join(plain(run.name) for run in runs)}")
        measured.setdefault(turn.seed, []).append(measure(recipe, turn, runs))
    threshold = recipe.threshold if options.threshold is None else options.threshold
    figures = Figures(plan, measured, threshold, networks=len(whole[0][1]))
    _write(options, figures, [run.name for _, runs in whole for run in runs])
    _print(figures, console, say)
    if len(finished) < len(turns):
        say(f"\nOnly {len(finished)} of {len(turns)} trainings are finished: sheets are missing above.")
    return len(finished) == len(turns) and not figures.failed


def _refuse_inputs(plan: Plan, recipe: Recipe, options: Options) -> None:
    """Nothing that is read, and nothing of a run, is written over."""
    inputs = [str(plan.config)]
    for corpus in recipe.corpora:
        inputs += [str(Path(corpus.path) / "annotations.jsonl"), *filter(None, [corpus.corrections])]
    for file in filter(None, (options.out, options.predictions)):
        refuse_input(file, inputs)
        if any((folder / "run.json").exists() for folder in file.absolute().parents):
            raise UserError(f"{plain(file)}: lies in the folder of a run; give another place")


def _train(plan: Plan, recipe: Recipe, turns: list[Turn], options: Options, say: Say) -> Finished:
    """Train what is left, if asked to; the runs that are finished."""
    begun = (turn.finished or turn.begun for turn in turns)
    check_runs(plan, recipe, [run for run in begun if run is not None])
    if not options.measure_only:
        left = [turn for turn in turns if turn.finished is None]
        say(f"{len(turns) - len(left)} of {len(turns)} trainings are finished")
        plan.runs_dir.mkdir(parents=True, exist_ok=True)
        with only_one(plan.runs_dir / "running.lock"):
            check_idle(left)
            train(left, options.jobs, say)
    finished = [(turn, run) for turn in turns if (run := turn.finished) is not None]
    if not finished:
        raise UserError(f"--runs-dir: no training is finished in {plain(plan.runs_dir)} yet")
    return finished


def _whole(finished: Finished, networks: int) -> list[tuple[Turn, list[Path]]]:
    """The folds of which every network is trained, and their runs.

    Raises:
        UserError: there is none yet.
    """
    folds: dict[Turn, list[Path]] = {}
    for turn, run in finished:
        folds.setdefault(replace(turn, network=0), []).append(run)
    whole = [(turn, runs) for turn, runs in folds.items() if len(runs) == networks]
    if not whole:
        raise UserError(f"--networks: no fold is trained {networks} times yet")
    return whole


class Figures:
    """What was measured: by seed, and all seeds together.

    Args:
        plan: what was trained.
        measured: the folds of each seed.
        threshold: a box scored lower is no table.
        networks: how many detect together.
    """

    def __init__(
        self, plan: Plan, measured: dict[int, list[Measured]], threshold: float, networks: int
    ) -> None:
        self.plan, self.threshold, self.networks = plan, threshold, networks
        self.parts = [part for parts in measured.values() for part in parts]
        self.first_seed = next(iter(measured.values()))
        results = {
            str(seed): [one for part in parts for one in part.results] for seed, parts in measured.items()
        }
        self.by_seed = {seed: evaluate(sheets, threshold) for seed, sheets in results.items()}
        self.pooled = evaluate([one for sheets in results.values() for one in sheets], threshold)
        self.failed = {
            key: error
            for part in self.parts
            for key, error in Predictions(part.found, threshold).failed(part.gold.sheets).items()
        }

    def rows(self) -> dict[str, Evaluation]:
        """By seed; with several, all of them as well."""
        return self.by_seed if len(self.by_seed) == 1 else {**self.by_seed, ALL: self.pooled}

    def problems(self) -> Iterator[str]:
        """The lines of annotations that could not be read, each once."""
        yield from dict.fromkeys(str(problem) for part in self.parts for problem in part.gold.problems)

    def predictions(self) -> str:
        """What was found on each sheet by those of the first seed that left it out, as JSON lines."""
        found: dict[tuple[str, str, str], Found] = {}
        for part in self.first_seed:
            found |= part.found
        sheets = [sheet for part in self.first_seed for sheet in part.gold.sheets]
        return prediction_lines(Predictions(found, self.threshold), sheets)

    def as_json(self, command: tuple[str, ...], runs: list[str]) -> dict[str, Any]:
        """In the form of ``tablesense evaluate --out``: all seeds together, and each under ``seeds``."""
        return {
            **self.pooled.as_json(),
            "tablesense": __version__,
            "command": shlex.join(command),
            "failed": failed_rows(self.failed),
            "folds": self.plan.folds,
            "networks": self.networks,
            "runs": runs,
            "seeds": {seed: one.as_json() for seed, one in self.by_seed.items()},
        }


def _write(options: Options, figures: Figures, runs: list[str]) -> None:
    save, messages = writing(write_text), Messages()
    if options.out is not None:
        content = figures.as_json(options.command, runs)
        save(options.out, json.dumps(content, indent=1, allow_nan=False) + "\n")
    if options.predictions is not None:
        save(options.predictions, figures.predictions())
    for file in filter(None, (options.out, options.predictions)):
        messages.say(f"Wrote {plain(file)}")


def _print(figures: Figures, console: Console, say: Say) -> None:
    say_failed(list(figures.problems()), figures.failed, Messages())
    for title, grid in tables(figures.rows()):
        say(f"\n{title}")
        console.print(grid)
    if (line := best_line(figures.pooled)) is not None:
        say(f"\n{line}")
