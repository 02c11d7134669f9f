"""What the commands' options share: a parser whose errors are one line, and numbers that are checked."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

from typing_extensions import override

from tablesense.errors import UserError

_Number = TypeVar("_Number", int, float)


class Parser(argparse.ArgumentParser):
    """Tells what is wrong in one line."""

    @override
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; see `{self.prog} --help`")


def command_parser(prog: str, description: str) -> Parser:
    """A parser that shows the description as it is written, and takes no options cut short."""
    return Parser(
        prog=prog,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def program(command: str) -> str:
    """How a command was started: ``tablesense detect`` or ``python -m tablesense.detect``."""
    as_module = Path(sys.argv[0]).name == f"{command}.py"
    return f"python -m tablesense.{command}" if as_module else f"tablesense {command}"


def count(text: str) -> int:
    """A whole number from 1.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    return _at_least(1, text)


def whole(text: str) -> int:
    """A whole number from 0.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    return _at_least(0, text)


def _at_least(lowest: int, text: str) -> int:
    number = _number(int, text, "a whole number")
    if number < lowest:
        raise argparse.ArgumentTypeError(f"must be {lowest} or more, got {number}")
    return number


def share(text: str) -> float:
    """A number from 0 to 1.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    number = _number(float, text, "a number")
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"must lie between 0 and 1, got {text}")
    return number


def seconds(text: str) -> float:
    """A finite number above 0.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    number = _number(float, text, "a number")
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be more than 0, got {text}")
    return number


def _number(kind: Callable[[str], _Number], text: str, what: str) -> _Number:
    try:
        return kind(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be {what}, got {text!r}") from None
