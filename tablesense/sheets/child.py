"""Reading in a process of its own, where memory and time can be bounded whatever the library does.

xlrd can be led into long loops, calamine lays out the whole used range and cannot be interrupted. The
child gets the file through a pipe and sends back plain tuples, which cost a tenth of pickled cells.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tablesense
from tablesense.sheets.detect_format import SAVE_AS_XLSX, damaged
from tablesense.sheets.request import Budget, ReadRequest, too_slow
from tablesense.sheets.sheet import Cell, CellKind, Sheet, SheetError

Reader = Callable[[bytes, ReadRequest, Budget], list[Sheet]]
_TOO_MUCH_MEMORY = "reading it takes more memory than allowed; raise max_memory_bytes in ReadLimits"
_KINDS = tuple(CellKind)


def read_in_child(format_name: str, data: bytes, request: ReadRequest) -> list[Sheet]:
    """Read a workbook with the reader called ``format_name``: xls, xlsb, xlsx or values.

    Raises:
        SheetError: the reader refuses the file, or does not end within the limits.
    """
    # -P: a file called pickle.py in the folder the user works in is not for us to import.
    command = [sys.executable, "-P", "-m", "tablesense.sheets.child"]
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and module)
            command,
            input=pickle.dumps((format_name, request, data)),
            capture_output=True,
            timeout=request.limits.max_seconds,
            # Threads of a numeric library would take up memory for nothing.
            env=os.environ | {"PYTHONPATH": _import_path(), "OMP_NUM_THREADS": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise too_slow(request.limits) from None
    if done.returncode != 0:
        raise SheetError(_cause_of_death(done.stderr))
    answer = pickle.loads(done.stdout)  # noqa: S301  (written by our own child)
    if isinstance(answer, str):
        raise SheetError(answer)
    return [_unpacked(*packed) for packed in answer]


def _import_path() -> str:
    """The child's PYTHONPATH: it must find this same package, however it was found here."""
    package = str(Path(tablesense.__file__).parents[1])
    return os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))


def _cause_of_death(errors: bytes) -> str:
    if any(sign in errors for sign in (b"MemoryError", b"memory allocation", b"capacity overflow")):
        return _TOO_MUCH_MEMORY
    return f"the workbook is damaged (its reader broke down); {SAVE_AS_XLSX}"


def main() -> None:
    """The child's side: a request on stdin, an answer on stdout."""
    format_name, request, data = pickle.load(sys.stdin.buffer)  # noqa: S301  (written by our own parent)
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what a library prints must not get among the answer
        _bound_memory(request.limits.max_memory_bytes)
        answer: str | list[tuple[Any, ...]]
        try:
            reader = _reader(format_name)
            answer = [_packed(sheet) for sheet in reader(data, request, Budget(request.limits))]
        except SheetError as error:
            answer = str(error)
        except MemoryError:
            answer = _TOO_MUCH_MEMORY
        except Exception as error:  # xlrd and calamine raise almost anything over a damaged file
            answer = damaged(error)
        pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)


def _reader(format_name: str) -> Reader:
    """The reader of a format; imported here, so that a child loads one library only."""
    if format_name == "xls":
        from tablesense.sheets.xls import read_xls

        return read_xls
    if format_name == "xlsb":
        from tablesense.sheets.xlsb import read_xlsb

        return read_xlsb
    return _read_large_xlsx if format_name == "xlsx" else _read_values


def _read_large_xlsx(data: bytes, request: ReadRequest, budget: Budget) -> list[Sheet]:
    from tablesense.sheets.fallback import read_xlsx_or_values
    from tablesense.sheets.source import Source

    return read_xlsx_or_values(Source(data), request, budget, lambda: _read_values(data, request, budget))


def _read_values(data: bytes, request: ReadRequest, budget: Budget) -> list[Sheet]:
    from tablesense.sheets.calamine_values import read_values

    note = "only values and merged cells could be read, its formatting is damaged"
    return read_values(data, request, budget, note)


def _bound_memory(size: int) -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limit, macOS may refuse it
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _packed(sheet: Sheet) -> tuple[dict[str, Any], object]:
    fields = {name: value for name, value in vars(sheet).items() if name != "cells"}
    if not isinstance(sheet.cells, dict):  # packed already, as the reader of .xlsx gives them
        return fields, sheet.cells
    cells = [
        (row, column, cell.value, int(cell.kind), cell.style, cell.formula, cell.comment)
        for (row, column), cell in sheet.cells.items()
    ]
    return fields, cells


def _unpacked(fields: dict[str, Any], cells: object) -> Sheet:
    if isinstance(cells, MutableMapping):
        return Sheet(**fields, cells=cells)
    assert isinstance(cells, list)  # noqa: S101 - one of the two is sent
    return Sheet(
        **fields,
        cells={
            (row, column): Cell(value, _KINDS[kind], style, formula, comment)
            for row, column, value, kind, style, formula, comment in cells
        },
    )


if __name__ == "__main__":
    main()
