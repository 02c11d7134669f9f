"""The search: trials are started, followed epoch by epoch, stopped when they fall behind, and recorded."""

import math
import shutil
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tablesense.errors import UserError
from tablesense.search import report
from tablesense.search.command import expand, with_options
from tablesense.search.study import (
    BEST_EPOCH,
    ERROR,
    FOLDER,
    PROCESS,
    SECONDS,
    ask,
    finished,
    open_study,
    require_optuna,
    results,
    take_over,
    values_of,
)
from tablesense.search.sweep_file import SweepFile
from tablesense.terminal.untrusted import plain
from tablesense.trainings.processes import only_one
from tablesense.trainings.training import POLL_SECONDS, Training, epochs_of, stop_all

if TYPE_CHECKING:
    from optuna import Study, Trial

_WRONG_INPUT = 2
# So many trainings that refuse their input, and none that does not: it is not the parameters.
_WRONG_FROM_THE_START = 3


@dataclass(frozen=True)
class Options:
    """How a search is run.

    Attributes:
        runs_dir: where the run folders of the trials go.
        trials: how many trials there shall be in all, those of earlier starts included.
        jobs: how many at once.
        timeout: start no trial later than so many seconds after the start; None: no limit.
        overrides: added to the command of every trial.
        grace: seconds that a training gets to save before it is killed.
    """

    runs_dir: Path
    trials: int
    jobs: int = 1
    timeout: float | None = None
    overrides: list[str] = field(default_factory=list)
    grace: float = 30.0


@dataclass
class _Live:
    """A trial that runs."""

    trial: "Trial"
    run: Training
    seen: set[int] = field(default_factory=set)
    pruned: bool = False


def search(sweep: SweepFile, options: Options) -> bool:
    """Run a search to its end; returns whether any trial has a result.

    Raises:
        UserError: wrong input, the first trainings refuse theirs, or optuna is not installed.
        KeyboardInterrupt: stopped; the running trainings have saved and ended.
    """
    require_optuna()
    folder = options.runs_dir / f"{sweep.name}.search"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--runs-dir: cannot write in {options.runs_dir}: {error.strerror}") from error
    with only_one(folder / "running.lock"):
        study = open_study(folder, sweep, options.overrides)
        try:
            Search(sweep, options, study, folder).run()
        except UserError:
            if not results(study):
                shutil.rmtree(folder)  # nothing was learnt: the next try need not agree with this one
                with suppress(OSError):
                    options.runs_dir.rmdir()  # where it is empty
            raise
        finally:
            if folder.exists():
                report.print_results(study, sweep, options.runs_dir, options.overrides)
        return bool(results(study))


class Search:
    """One start of a search; see :func:`search`."""

    def __init__(self, sweep: SweepFile, options: Options, study: "Study", folder: Path) -> None:
        self._sweep, self._options, self._study, self._folder = sweep, options, study, folder
        self._live: list[_Live] = []
        self._wrong = 0
        self._started = time.monotonic()

    def run(self) -> None:
        """Start trials and follow them until there are enough."""
        going_on = take_over(self._study, self._options.grace)
        report.print_start(self._sweep, len(finished(self._study)), self._options.trials, going_on)
        try:
            while self._start_trials() or self._live:
                for live in list(self._live):
                    self._follow(live)
                if self._live:
                    self._live[0].run.wait(POLL_SECONDS)
        except BaseException:
            stop_all([live.run for live in self._live])
            raise

    def _start_trials(self) -> bool:
        """Fill the free places; returns whether there may be more trials to start."""
        limit = self._options.timeout
        while len(finished(self._study)) + len(self._live) < self._options.trials:
            if len(self._live) >= self._options.jobs:
                return True
            if limit is not None and time.monotonic() - self._started >= limit:
                return False
            trial = ask(self._study, self._sweep)
            if trial is None:
                return False
            self._live.append(_Live(trial, self._start(trial)))
        return False

    def _start(self, trial: "Trial") -> Training:
        values = values_of(self._sweep, trial.params)
        name = f"{self._sweep.name}_trial_{trial.number:03}"
        earlier = self._checkpointed(trial.user_attrs.get(FOLDER))
        report.print_trial(trial.number, values, goes_on=earlier is not None)
        run = Training(
            trial_line(self._sweep, values, self._options, name, earlier),
            self._options.runs_dir,
            name,
            self._folder / "logs" / f"trial_{trial.number:03}.log",
            folder=earlier,
            grace=self._options.grace,
        )
        trial.set_user_attr(PROCESS, run.identity)
        return run

    def _checkpointed(self, folder: str | None) -> Path | None:
        """The run folder of an interrupted trial, where there is something to go on from."""
        path = None if folder is None else self._options.runs_dir / folder
        return path if path is not None and (path / "checkpoints" / "last.pt").exists() else None

    def _follow(self, live: _Live) -> None:
        code = live.run.poll()  # before the rows are read: what ends now has written them all
        rows = live.run.rows()
        if live.run.folder is not None and FOLDER not in live.trial.user_attrs:
            live.trial.set_user_attr(FOLDER, live.run.folder.name)
        for epoch, value in epochs_of(rows, self._sweep.metric).items():
            if epoch not in live.seen and not live.pruned:  # what it trains until it ends does not count
                live.seen.add(epoch)
                self._judge(live, epoch, value)
        if code is not None:
            self._live.remove(live)
            self._record(live, code, rows)

    def _judge(self, live: _Live, epoch: int, value: float) -> None:
        """Tell the study of an epoch, and stop a trial that has fallen behind."""
        live.trial.report(value, epoch)
        report.print_epoch(live.trial.number, self._sweep.metric, epoch, value)
        if epoch < live.run.max_epochs() and live.trial.should_prune():
            live.pruned = True
            live.run.stop()

    def _record(self, live: _Live, code: int, rows: list[dict[str, Any]]) -> None:
        """Tell the study how a trial ended.

        Raises:
            UserError: the metric is not measured, or the first trainings refuse their input.
        """
        from optuna.trial import TrialState

        trial = live.trial
        epochs = epochs_of(rows, self._sweep.metric)
        measured = {epoch: value for epoch, value in epochs.items() if math.isfinite(value)}
        if code != 0 and live.pruned:
            self._study.tell(trial, state=TrialState.PRUNED)
            report.print_pruned(trial.number, max(live.seen))
        elif code == 0 and measured:
            best = (max if self._sweep.maximize else min)(measured, key=lambda epoch: measured[epoch])
            trial.set_user_attr(BEST_EPOCH, best)
            trial.set_user_attr(SECONDS, sum(row.get("system/epoch_time_seconds", 0) for row in rows))
            self._study.tell(trial, measured[best])
            report.print_complete(trial.number, self._sweep.metric, measured[best], best)
        else:
            message = f"{self._sweep.metric} was never a number" if code == 0 else live.run.error_line()
            trial.set_user_attr(ERROR, message)
            self._study.tell(trial, state=TrialState.FAIL)
            report.print_failed(trial.number, message)
            self._check_input(code, message, rows)

    def _check_input(self, code: int, message: str, rows: list[dict[str, Any]]) -> None:
        """End the search where no trial can do better."""
        if code == 0 and rows and all(self._sweep.metric not in row for row in rows):
            known = ", ".join(sorted({name for row in rows for name in row if "/" in name}))
            raise UserError(f"metric.name: the training has no {plain(self._sweep.metric)}; it has {known}")
        self._wrong += code == _WRONG_INPUT
        some = any(ERROR not in trial.user_attrs for trial in finished(self._study))
        if not some and self._wrong >= min(_WRONG_FROM_THE_START, self._options.trials):
            raise UserError(f"every trial refuses its input: {message}")


def trial_line(
    sweep: SweepFile, values: dict[str, Any], options: Options, name: str, earlier: Path | None
) -> list[str]:
    """The command line of a trial: that of W&B's agent, with a W&B log that is only written, not sent."""
    env = [] if sys.platform == "win32" else ["/usr/bin/env"]
    line = expand(sweep.command, values, program=sweep.program, interpreter=sys.executable, env=env)
    ours = [f"--experiment.name={name}", f"--experiment.runs_dir={options.runs_dir}"]
    resume = [] if earlier is None else [f"--resume={earlier}"]
    return with_options(line, ["--experiment.wandb_mode=offline", *options.overrides, *ours, *resume])
