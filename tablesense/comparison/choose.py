"""Which run a person means by a name."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from tablesense.comparison.local import find_runs, is_run, without_stamp
from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain

T = TypeVar("T")

_NAMED = 5


def choose_folder(name: str, runs_dir: Path) -> Path:
    """The run folder at a path, or the one in ``runs_dir`` that a name or a part of it means.

    Raises:
        UserError: there is none, or more than one.
    """
    path = Path(name)
    if is_run(path):
        return path
    if path.is_absolute() or name.startswith(("./", "../")):
        raise UserError(f"{plain(name)} is not the folder of a run")
    runs = [(folder.name, folder) for folder in find_runs(runs_dir)]
    return choose(name, runs, f"in {plain(runs_dir)}")


def choose(name: str, runs: Sequence[tuple[str, T]], where: str) -> T:
    """The one run that a name means.

    A whole name is preferred to the name of an experiment, and that to a part of a name, so that
    ``toy`` can be asked for although there is a ``toy_large``.

    Raises:
        UserError: there is none, or more than one.
    """
    tests = (
        [run for run in runs if run[0] == name],
        [run for run in runs if without_stamp(run[0]) == name],
        [run for run in runs if name in run[0]],
    )
    found = next(filter(None, tests), [])
    if not found:
        raise UserError(f"no run {plain(name)!r} {where}; `python -m tablesense.runs` lists the runs")
    if len(found) > 1:
        names = ", ".join(repr(plain(candidate)) for candidate, _ in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise UserError(f"{plain(name)!r} may be {names}{more}; give more of the name")
    return found[0][1]
