"""Runs one rival in whatever environment it is installed in: ``PYTHON rival_worker.py NAME``.

Imports nothing of tablesense. It says in a line of JSON that it is ready, or what is missing; then it answers
a line ``{"path": ..., "sheets": [...]}`` with ``{"tables": {sheet: [ranges]}, "seconds": ...}`` or an error.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

Tables = dict[str, list[str]]


def gridgulp() -> Callable[[str, list[str]], Tables]:
    """The finder gridgulp with its defaults; it looks at every sheet of a file."""
    from gridgulp import GridGulp
    from gridgulp.config import Config

    finder = GridGulp(config=Config(log_level="ERROR"))

    def find(path: str, _: list[str]) -> Tables:
        result = finder.detect_tables_sync(path)
        return {sheet.name: [table.range.excel_range for table in sheet.tables] for sheet in result.sheets}

    return find


def xldetect() -> Callable[[str, list[str]], Tables]:
    """The finder xldetect with its defaults, on the sheets asked for."""
    from xldetect import inspect_path

    def find(path: str, sheets: list[str]) -> Tables:
        report = inspect_path(path, sheets=sheets)
        return {sheet.sheet: [region.range_a1 for region in sheet.regions] for sheet in report.sheets}

    return find


def main() -> None:
    """Answer requests until there are no more."""
    # What the packages print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**fields: object) -> None:
        answers.write(json.dumps(fields) + "\n")
        answers.flush()

    name = sys.argv[1]
    try:
        find = {"gridgulp": gridgulp, "xldetect": xldetect}[name]()
    except ImportError as error:
        answer(missing=str(error))
        return
    answer(ready=version(name))
    for line in sys.stdin:
        request = json.loads(line)
        started = time.perf_counter()
        try:
            tables = find(request["path"], request["sheets"])
        except Exception as error:  # whatever a rival raises on a file is its failure on it
            text = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            answer(error=text, seconds=time.perf_counter() - started)
            continue
        answer(tables=tables, seconds=time.perf_counter() - started)


if __name__ == "__main__":
    main()
