"""Reading in a process of its own, where memory and time can be bounded whatever the library does.

xlrd can be led into long loops, calamine lays out the whole used range and cannot be interrupted. The
child gets the file through a pipe, piece by piece, and sends back arrays, which cost a tenth of pickled
cells. The answer is unpacked when the child is gone: at no time is there more than what the child may
take and the longest answer, and what is unpacked is no more than the child held.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import Any

import tablesense
from tablesense.sheets.detect_format import SAVE_AS_XLSX, damaged
from tablesense.sheets.packed import packed_cells
from tablesense.sheets.request import Budget, ReadRequest
from tablesense.sheets.sheet import Sheet, SheetError
from tablesense.sheets.source import Source

Reader = Callable[[bytes, ReadRequest, Budget], list[Sheet]]
MAX_ANSWER = 256 * 1024**2
"""Bytes of an answer; a million cells take 40 to 60 MB."""
_PIECE = 1 << 20
_TOO_MUCH_MEMORY = "reading it takes more memory than allowed; raise max_memory_bytes in ReadLimits"
_TOO_LONG = f"what its cells hold takes more than {MAX_ANSWER:,} bytes; name the sheets to read"


def read_in_child(format_name: str, source: Source, request: ReadRequest, budget: Budget) -> list[Sheet]:
    """Read a workbook with the reader called ``format_name``: xls, xlsb, xlsx or values.

    Raises:
        SheetError: the reader refuses the file, or does not end within the limits.
    """
    # -P: a file called pickle.py in the folder the user works in is not for us to import.
    command = [sys.executable, "-P", "-m", "tablesense.sheets.child"]
    # Threads of a numeric library would take up memory for nothing.
    environment = os.environ | {"PYTHONPATH": _import_path(), "OMP_NUM_THREADS": "1"}
    with (
        # A file, so that a child that complains at length does not wait for somebody to listen.
        TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment
        ) as child,
    ):
        clock = threading.Timer(max(budget.seconds_left, 0), child.kill)
        clock.start()
        try:
            answer = _talk(child, (format_name, request, source.size(), budget.seconds_left), source)
            if child.wait() != 0:
                budget.check_time()  # or the clock did it
                errors.seek(0)
                raise SheetError(_cause_of_death(errors.read()))
        finally:
            clock.cancel()
            child.kill()
    sheets: list[Sheet] | str = pickle.loads(answer)  # noqa: S301  (written by our own child)
    if isinstance(sheets, str):
        raise SheetError(sheets)
    return sheets


def _talk(child: subprocess.Popen[bytes], request: tuple[Any, ...], source: Source) -> bytes:
    """Send the request and the file; returns the answer."""
    assert child.stdin is not None  # noqa: S101 - both are pipes
    assert child.stdout is not None  # noqa: S101
    with suppress(BrokenPipeError), child.stdin as stdin, source.open() as file:
        pickle.dump(request, stdin)
        copyfileobj(file, stdin, _PIECE)
    answer = child.stdout.read(MAX_ANSWER + 1)
    if len(answer) > MAX_ANSWER:
        raise SheetError(_TOO_LONG)
    return answer


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
    format_name, request, size, seconds = pickle.load(sys.stdin.buffer)  # noqa: S301  (by our own parent)
    data = sys.stdin.buffer.read(size)
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what a library prints must not get among the answer
        answer: str | list[Sheet]
        try:
            reader = _reader(format_name)
            _bound_memory(request.limits.max_memory_bytes)
            answer = reader(data, request, Budget(request.limits, seconds))
            for sheet in answer:
                sheet.cells = packed_cells(sheet.cells)
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


if __name__ == "__main__":
    main()
