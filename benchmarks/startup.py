"""How soon the commands answer, against Python doing nothing: ``python -m benchmarks.startup``."""

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import Row, print_rows, timed

COMMANDS = (
    "--help",
    "detect --help",
    "detect nowhere.xlsx",
    "runs --help",
    "runs compare nowhere",
    "sweep --help",
    "sweep nowhere.yaml",
    "fit --help",
    "fit --config nowhere.yaml",
)
_REPEATS = 5
_SLOW = 2.0  # seconds: what takes longer is not repeated


def measure() -> list[Row]:
    """The median of a few starts of each command, in turn with Python's own.

    The modules are compiled before, as they are after a first start, wherever this environment keeps that.
    """
    rows, nothing = [], []
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for command in COMMANDS:
            given = ("-m", "tablesense", *command.split())
            _start(given, environment)
            taken: list[float] = []
            while not taken or (len(taken) < _REPEATS and taken[0] < _SLOW):
                nothing.append(_start(("-c", "pass"), environment))
                taken.append(_start(given, environment))
            middle = statistics.median(taken)
            ratio = f"{middle / statistics.median(nothing):.1f} x `python -c pass`"
            rows.append(Row(f"tablesense {command}", f"{middle:.2f} s", ratio))
    return rows


def _start(given: Sequence[str], environment: Mapping[str, str]) -> float:
    root = Path(__file__).parents[1]
    command = [sys.executable, *given]
    return timed(
        lambda: subprocess.run(command, capture_output=True, check=False, cwd=root, env=environment)
    )[1]


if __name__ == "__main__":
    print_rows("start-up", measure())
