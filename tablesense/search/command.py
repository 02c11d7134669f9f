"""The command of a sweep file, filled in as W&B's agent fills it in."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain

Values = Mapping[str, Any]

DEFAULT_COMMAND = ("${env}", "${interpreter}", "${program}", "${args}")

_ENVIRONMENT = re.compile(r"\$\{envvar:([A-Z0-9_]*)\}")
_MACRO = re.compile(r"\$\{(.*)\}")

# The forms of the parameters that the command line of tablesense.fit understands.
_ARGUMENTS: dict[str, Callable[[Values], list[str]]] = {
    "args": lambda values: [f"--{name}={value}" for name, value in values.items()],
    "args_no_equals": lambda values: [
        part for name, value in values.items() for part in (f"--{name}", str(value))
    ],
}
_PROGRAMS = ("env", "interpreter", "program")


def check_command(command: object, *, has_program: bool) -> tuple[str, ...]:
    """The command of a sweep file, as a tuple.

    Raises:
        UserError: it is no list, holds a macro that cannot be filled in, or has no place for parameters.
    """
    if not isinstance(command, list) or not command:
        raise UserError("command: expected a list like [${env}, python, -m, tablesense.fit, ${args}]")
    parts = tuple(str(part) for part in command)
    macros = [
        match[1] for part in parts if (match := _MACRO.fullmatch(part)) and not _ENVIRONMENT.search(part)
    ]
    for macro in macros:
        if macro not in _ARGUMENTS and macro not in _PROGRAMS:
            known = ", ".join(f"${{{name}}}" for name in (*_PROGRAMS, *_ARGUMENTS))
            raise UserError(f"command: ${{{plain(macro)}}} is not supported here; known are {known}")
    if not any(macro in _ARGUMENTS for macro in macros):
        raise UserError("command: ${args} is missing, so no trial would get its parameters")
    if "program" in macros and not has_program:
        raise UserError("program: the command asks for ${program}, and the file names none")
    return parts


def expand(
    command: Sequence[str],
    values: Values,
    *,
    program: str = "",
    interpreter: str = "python",
    env: Sequence[str] = ("/usr/bin/env",),
) -> list[str]:
    """The command line that runs a trial, argument by argument.

    Args:
        command: of the sweep file.
        values: the parameters of the trial.
        program: stands for ``${program}``.
        interpreter: stands for ``${interpreter}``.
        env: stands for ``${env}``; nothing does on Windows.
    """
    replacements = {"env": list(env), "interpreter": [interpreter], "program": [program]}
    replacements |= {name: write(values) for name, write in _ARGUMENTS.items()}
    line: list[str] = []
    for part in command:
        # W&B leaves the name itself where there is no such variable.
        filled = _ENVIRONMENT.sub(lambda match: os.environ.get(match[1], match[1]), part)
        macro = _MACRO.fullmatch(filled)
        line += replacements[macro[1]] if macro else [filled]
    return line


def with_options(line: Sequence[str], options: Sequence[str]) -> list[str]:
    """The command line with options at its end; one that is given anew as ``--KEY=VALUE`` is left out before.

    ``--config`` stays: several files are read one after the other.
    """
    keys = {option.partition("=")[0] for option in options if option.startswith("--")} - {"--config"}
    kept = [part for part in line if "=" not in part or part.partition("=")[0] not in keys]
    return [*kept, *options]
