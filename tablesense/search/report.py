"""What a search prints: a line when something happens, and the best trials at its end."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tablesense.search.command import expand, with_options
from tablesense.search.study import BEST_EPOCH, ERROR, FOLDER, SECONDS, finished, results, values_of
from tablesense.search.sweep_file import SweepFile
from tablesense.terminal.untrusted import plain

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

_SHOWN = 5  # columns of the table


def say(text: str) -> None:
    """Print a line at once, so that a log file can be followed."""
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    console.print(plain(text))
    console.file.flush()


def print_start(sweep: SweepFile, done: int, trials: int, going_on: int) -> None:
    """How far the search is."""
    what = f"Search {sweep.name}: {done} of {trials} trials done"
    say(f"{what}, going on with {going_on} that were interrupted" if going_on else what)


def print_trial(number: int, values: dict[str, Any], *, goes_on: bool) -> None:
    """A trial starts."""
    chosen = " ".join(f"{name}={_short(value)}" for name, value in values.items())
    say(f"trial {number}{' goes on' if goes_on else ''}: {chosen}")


def print_epoch(number: int, metric: str, epoch: int, value: float) -> None:
    """An epoch is over."""
    say(f"trial {number}  epoch {epoch}  {metric} {value:.4g}")


def print_complete(number: int, metric: str, value: float, epoch: int) -> None:
    """A trial has trained to its end."""
    say(f"trial {number} finished: {metric} {value:.4g} in epoch {epoch}")


def print_pruned(number: int, epoch: int) -> None:
    """A trial was stopped."""
    say(f"trial {number} stopped early after epoch {epoch}: others were better")


def print_failed(number: int, message: str) -> None:
    """A trial has ended with an error."""
    say(f"trial {number} failed: {message}")


def print_results(study: "Study", sweep: SweepFile, runs_dir: Path, overrides: list[str]) -> None:
    """The best trials side by side, and the command that trains the best one again."""
    trials = finished(study)
    best = sorted(
        results(study),
        key=lambda trial: -(trial.value or 0) if sweep.maximize else (trial.value or 0),
    )
    failed = sum(ERROR in trial.user_attrs for trial in trials)
    say(f"{len(best)} trials finished, {len(trials) - len(best) - failed} stopped early, {failed} failed.")
    if not best:
        return
    Console(highlight=False).print(results_table(best[:_SHOWN], sweep))
    say(f"Best: {runs_dir / str(best[0].user_attrs[FOLDER])}")
    say("Train it again:")
    say(f"  {again(sweep, values_of(sweep, best[0].params), overrides)}")


def results_table(best: "list[FrozenTrial]", sweep: SweepFile) -> Table:
    """A column a trial, as names of parameters are long and trials few."""
    table = Table("trial", *(str(trial.number) for trial in best))
    table.add_row(_text(sweep.metric), *(_text(f"{trial.value:.4g}") for trial in best), style="bold")
    table.add_row("in epoch", *(_text(trial.user_attrs[BEST_EPOCH]) for trial in best))
    table.add_row(
        "minutes", *(_text(f"{trial.user_attrs[SECONDS] / 60:.1f}") for trial in best), end_section=True
    )
    values = [values_of(sweep, trial.params) for trial in best]
    for name in sweep.parameters:
        table.add_row(_text(name), *(_text(_short(chosen[name])) for chosen in values))
    return table


def again(sweep: SweepFile, values: dict[str, Any], overrides: list[str]) -> str:
    """The command that trains with these values, as one would type it."""
    line = expand(sweep.command, values, program=sweep.program, env=())
    return shlex.join(with_options(line, ["--experiment.wandb_mode=offline", *overrides]))


def _text(value: object) -> Text:
    """A cell: plain text, in which square brackets are no markup."""
    return Text(plain(value))


def _short(value: object) -> object:
    """A parameter's value as the table shows it: four digits are enough."""
    return f"{value:.4g}" if isinstance(value, float) else value
