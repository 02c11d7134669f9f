"""Reads the files it is given, under a hard limit of memory: ``python -m tests.sheets.read_files FILE...``.

Prints a line of JSON before and after each file, so that whoever waits can name the one that hangs.
"""

import json
import resource
import sys
import time

from tablesense.sheets.sheet import SheetError
from tablesense.sheets.workbook import open_workbook

MEMORY = 2 * 1024**3


def main(files: list[str]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for file in files:
        print(json.dumps({"file": file}), flush=True)  # noqa: T201
        start = time.monotonic()
        answer: dict[str, object] = {"file": file, "error": None, "sheets": {}}
        try:
            sheets = open_workbook(file, include_hidden=True)
            answer["sheets"] = {sheet.name: len(sheet.cells) for sheet in sheets}
            answer["notes"] = [sheet.note for sheet in sheets if sheet.note]
        except SheetError as error:
            answer["error"] = str(error)
        answer["seconds"] = time.monotonic() - start
        print(json.dumps(answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
