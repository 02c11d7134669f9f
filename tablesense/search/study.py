"""The study of a search: an optuna study in a file, that goes on where it was left."""

import json
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tablesense.errors import UserError
from tablesense.search.sweep_file import SweepFile
from tablesense.terminal.untrusted import plain
from tablesense.trainings.processes import find, stop

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

# What is kept with a trial.
FOLDER, PROCESS, ERROR, BEST_EPOCH, SECONDS = "folder", "process", "error", "best_epoch", "seconds"

_DEFINITION, _OVERRIDES = "definition", "overrides"
_SEED = 42


def require_optuna() -> None:
    """Refuse to go on without optuna, and keep its log to what matters.

    Raises:
        UserError: it is not installed.
    """
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise UserError("the local search needs optuna: pip install optuna") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def open_study(folder: Path, sweep: SweepFile, overrides: list[str]) -> "Study":
    """The study in ``folder``, made there when there is none.

    The caller holds the lock of the folder: what a killed search left half-done is put right.

    Raises:
        UserError: the study there is of a search with other settings.
    """
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    file = folder / "study.journal"
    _mend(file)
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(file), JournalFileOpenLock(str(file))))
    study = optuna.create_study(
        storage=storage,
        study_name=sweep.name,
        direction="maximize" if sweep.maximize else "minimize",
        load_if_exists=True,
        pruner=make_pruner(sweep),
    )
    # Seeded anew by its length: with one seed a search that goes on would draw its first trials again.
    study.sampler = make_sampler(sweep, _SEED + len(study.get_trials(deepcopy=False)))
    _check_definition(study, folder, {**json.loads(sweep.definition), _OVERRIDES: overrides})
    return study


def make_sampler(sweep: SweepFile, seed: int) -> "BaseSampler":
    """What chooses the parameters; the points of a grid are enqueued instead."""
    from optuna.samplers import RandomSampler, TPESampler

    return TPESampler(seed=seed) if sweep.method == "bayes" else RandomSampler(seed=seed)


def make_pruner(sweep: SweepFile) -> "BasePruner":
    """What stops trials early: one bracket of successive halving, as W&B's ``hyperband`` has it."""
    from optuna.pruners import NopPruner, SuccessiveHalvingPruner

    if sweep.rungs is None:
        return NopPruner()
    return SuccessiveHalvingPruner(min_resource=sweep.rungs.first, reduction_factor=sweep.rungs.eta)


def ask(study: "Study", sweep: SweepFile) -> "Trial | None":
    """The next trial: one to go on with, else a new one; None when a grid has no more points."""
    from optuna.trial import TrialState

    waiting = study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
    if sweep.method == "grid" and not waiting:
        point = next(_untried(study, sweep), None)
        if point is None:
            return None
        study.enqueue_trial(point)
    return study.ask({name: parameter.distribution() for name, parameter in sweep.parameters.items()})


def values_of(sweep: SweepFile, raw: Mapping[str, Any]) -> dict[str, Any]:
    """What the training gets, by the names and in the order of the file."""
    return {name: parameter.value(raw[name]) for name, parameter in sweep.parameters.items()}


def finished(study: "Study") -> "list[FrozenTrial]":
    """The trials that count: with a result, stopped early, or failed; not those that were interrupted."""
    from optuna.trial import TrialState

    over = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL))
    return [trial for trial in over if trial.state != TrialState.FAIL or ERROR in trial.user_attrs]


def results(study: "Study") -> "list[FrozenTrial]":
    """The trials that trained to their end."""
    return [trial for trial in finished(study) if BEST_EPOCH in trial.user_attrs]


def take_over(study: "Study", grace: float) -> int:
    """Put the trials of a search that was stopped in the queue again; returns how many."""
    from optuna.trial import TrialState

    interrupted = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    for trial in interrupted:
        orphan = find(trial.user_attrs.get(PROCESS, ""))
        if orphan is not None:  # the search was killed, its training was not
            stop(orphan, grace)
        kept = {FOLDER: trial.user_attrs[FOLDER]} if FOLDER in trial.user_attrs else {}
        if trial.params:
            study.enqueue_trial(trial.params, user_attrs=kept)
        study.tell(trial.number, state=TrialState.FAIL)
    return len(interrupted)


def _untried(study: "Study", sweep: SweepFile) -> Iterator[dict[str, Any]]:
    """The points of the grid that no trial has, in the order of the file."""
    from optuna.trial import TrialState

    begun = [*finished(study), *study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))]
    tried = {tuple(trial.params.get(name) for name in sweep.parameters) for trial in begun}
    for point in product(*(parameter.grid() or () for parameter in sweep.parameters.values())):
        if point not in tried:
            yield dict(zip(sweep.parameters, point, strict=True))


def _check_definition(study: "Study", folder: Path, definition: dict[str, Any]) -> None:
    before = study.user_attrs.get(_DEFINITION)
    if before is None:
        study.set_user_attr(_DEFINITION, definition)
        return
    changed = [key for key, value in definition.items() if before.get(key) != value]
    if changed:
        raise UserError(
            f"{plain(folder.parent)} holds a search of this name with other settings "
            f"({', '.join(changed)}): choose another folder with --runs-dir, or undo the change"
        )


def _mend(file: Path) -> None:
    """Remove the lock and the half line that a kill in the midst of writing leaves."""
    file.with_name(f"{file.name}.lock").unlink(missing_ok=True)
    if file.exists():
        content = file.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            with file.open("r+b") as out:
                out.truncate(len(whole))
