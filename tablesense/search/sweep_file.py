"""A W&B sweep file, read for the local search."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from tablesense.errors import UserError
from tablesense.search.command import DEFAULT_COMMAND, check_command
from tablesense.search.parameters import read_parameters
from tablesense.search.space import Parameter
from tablesense.terminal.untrusted import plain
from tablesense.yaml_file import read_yaml

Method = Literal["bayes", "random", "grid"]

# What a name must not hold to be part of the names of folders.
_NOT_IN_A_NAME = set('/\\<>:"|?*')

_SECTIONS = {"method", "metric", "parameters", "early_terminate", "command", "program"}
_DISPLAY = {"apiVersion", "kind", "name", "description", "project", "entity", "controller", "run_cap"}


@dataclass(frozen=True)
class Rungs:
    """When trials are compared: after ``first`` epochs and each ``eta`` times as many.

    At every rung about one trial in ``eta`` goes on.
    """

    first: int
    eta: int


@dataclass(frozen=True)
class SweepFile:
    """What a search needs to know.

    Attributes:
        name: of the search, part of the names of its runs.
        method: how parameters are chosen.
        metric: the column of ``metrics.jsonl`` that counts.
        maximize: whether the best is the largest value.
        command: with the macros of W&B.
        program: what ``${program}`` stands for.
        parameters: by name.
        rungs: None: no trial is stopped early.
        run_cap: the most trials that the file allows; None: as many as one likes.
        definition: the part of the file that decides what a trial is, as text.
    """

    name: str
    method: Method
    metric: str
    maximize: bool
    command: tuple[str, ...]
    program: str
    parameters: dict[str, Parameter]
    rungs: Rungs | None
    run_cap: int | None
    definition: str


def read_sweep(path: Path) -> SweepFile:
    """Read a sweep file.

    Raises:
        UserError: one line with the file, the key, and what is wrong.
    """
    content = _load(path)
    try:
        return _read(content, path.stem)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def _load(path: Path) -> dict[str, Any]:
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise UserError(f"{path}: a sweep file has sections like 'parameters:', this one has none")
    return content


def _read(content: dict[str, Any], stem: str) -> SweepFile:
    for key in content:
        if key not in _SECTIONS | _DISPLAY:
            raise UserError(f"{plain(key)}: there is no such section, or not for the local search")
    method = content.get("method")
    if method not in {"bayes", "random", "grid"}:
        raise UserError(f"method: expected bayes, random or grid, got {plain(method)}")
    parameters = read_parameters(content.get("parameters"))
    if method == "grid":
        _check_grid(parameters)
    metric, maximize = _metric(content.get("metric"))
    return SweepFile(
        name=_name(str(content.get("name", stem))),
        method=cast(Method, method),
        metric=metric,
        maximize=maximize,
        command=check_command(
            content.get("command", list(DEFAULT_COMMAND)), has_program=bool(content.get("program"))
        ),
        program=str(content.get("program", "")),
        parameters=parameters,
        rungs=_rungs(content.get("early_terminate")),
        run_cap=_run_cap(content.get("run_cap")),
        definition=json.dumps({key: content.get(key) for key in sorted(_SECTIONS)}, default=str),
    )


def _name(name: str) -> str:
    if not name or name != name.strip(" .") or not name.isprintable() or _NOT_IN_A_NAME & set(name):
        raise UserError(f"name: {name!r} cannot be part of the name of a folder")
    return name


def _check_grid(parameters: dict[str, Parameter]) -> None:
    for name, parameter in parameters.items():
        if parameter.grid() is None:
            raise UserError(f"parameters.{plain(name)}: a grid needs values that can be counted")


def _metric(section: object) -> tuple[str, bool]:
    if not isinstance(section, dict) or not isinstance(section.get("name"), str):
        raise UserError("metric: expected 'name: val/f1' and 'goal: maximize'")
    goal = section.get("goal", "minimize")  # W&B's default
    if goal not in {"minimize", "maximize"}:
        raise UserError(f"metric.goal: expected minimize or maximize, got {plain(goal)}")
    return section["name"], goal == "maximize"


def _rungs(section: object) -> Rungs | None:
    if section is None:
        return None
    if not isinstance(section, dict) or section.get("type") != "hyperband":
        raise UserError("early_terminate.type: only hyperband is known")
    eta = section.get("eta", 3)
    if not _is_whole(eta, 2):
        raise UserError(f"early_terminate.eta: the local search needs a whole number from 2 up, got {eta}")
    if "min_iter" in section:
        first = section["min_iter"]
        if not _is_whole(first, 1):
            raise UserError(f"early_terminate.min_iter: expected a whole number from 1 up, got {first}")
        return Rungs(int(first), int(eta))
    if not _is_whole(section.get("max_iter"), 1) or not _is_whole(section.get("s"), 1):
        raise UserError("early_terminate: give min_iter, or whole numbers from 1 up for max_iter and s")
    # From the end: max_iter / eta, max_iter / eta^2, ..., s of them as far as they reach one epoch.
    bands = [section["max_iter"] / eta**number for number in range(1, section["s"] + 1)]
    return Rungs(max(1, int(min((band for band in bands if band >= 1), default=1))), int(eta))


def _run_cap(value: object) -> int | None:
    if value is not None and not _is_whole(value, 1):
        raise UserError(f"run_cap: expected a whole number from 1 up, got {plain(value)}")
    return cast(int | None, value)


def _is_whole(value: object, least: int) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return float(value).is_integer() and value >= least
