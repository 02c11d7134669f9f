"""What is written of the results: the listing, tables as files, annotated copies, the report page.

Every output checks its target when it is made, before a file is read, and takes in one result at a time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

from rich.console import Console

from tablesense.detection.annotate import SUFFIXES, annotate
from tablesense.detection.annotations import read_annotations, without_sheet
from tablesense.detection.extract import Extractor
from tablesense.detection.free_names import FreeNames
from tablesense.detection.listing import Listing, TableKey, counted, render, table_key
from tablesense.detection.reading import names_without_sheet
from tablesense.detection.table import FileResult
from tablesense.errors import UserError
from tablesense.sheets.names import WORKBOOK_SUFFIXES
from tablesense.terminal.output import check_folder, check_target, refuse_input
from tablesense.terminal.untrusted import folder_name, plain
from tablesense.tracking.run.atomic import write_text

_ANY_WIDTH = 100_000  # of a listing that no terminal shows
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Output(Protocol):
    """Something that is written of the results; what cannot be written is a UserError."""

    def add(self, result: FileResult) -> None:
        """Take in the result of one file."""

    def finish(self) -> None:
        """Write what could not be written before the last file."""


class Messages:
    """What is said while the command works, on the standard error so that listings can be piped."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)

    def say(self, line: str) -> None:
        """Print a line; text out of files is made plain."""
        self.console.print(plain(line))

    def attempt(self, step: Callable[_P, None], *args: _P.args, **kwargs: _P.kwargs) -> bool:
        """Take a step; False where it fails, which is said: the work on other files is not to be lost."""
        try:
            step(*args, **kwargs)
        except UserError as error:
            self.say(f"error: {error}")
            return False
        return True


class ListingOutput:
    """The listing, on the standard output or in a file; errors and notes are said as they come.

    Args:
        output: one of the formats of :func:`render`.
        file: where to; None is the standard output.
        inputs: files that are read, which are not written over.
        messages: where errors are said.
        extracted: says where each table was written; it takes in every result before this does.

    Raises:
        UserError: the file cannot be meant.
    """

    def __init__(
        self,
        output: str,
        file: Path | None,
        inputs: Sequence[str],
        messages: Messages,
        extracted: ExtractOutput | None = None,
    ) -> None:
        self.listing = Listing(None if extracted is None else extracted.files)
        self._output, self._file, self._messages = output, file, messages
        if file is not None:
            check_target("--out", str(file), (file.suffix.lower(),))
            refuse_input(file, inputs)

    def add(self, result: FileResult) -> None:
        """Put in what was found in a file."""
        self.listing.add(result)
        if result.error is not None:
            self._messages.say(f"{result.file}: {result.error}")
        for sheet in result.sheets:
            if sheet.note is not None and not sheet.empty:  # empty sheets are common, and no surprise
                self._messages.say(f"{result.file}, sheet {sheet.name}: {sheet.note}")

    def finish(self) -> None:
        """Write the listing, then say the counts.

        Raises:
            UserError: the file cannot be written; the listing went to the standard output.
        """
        if self._file is None:
            self._print()
        else:
            self._write(self._file)
        self._messages.say(self.listing.summary())

    def _write(self, file: Path) -> None:
        try:
            writing(write_text)(file, render(self.listing, self._output, _ANY_WIDTH))
        except UserError:
            self._print()
            self._messages.say(self.listing.summary())
            raise
        self._messages.say(f"Wrote {file}")

    def _print(self) -> None:
        terminal = Console()
        width = terminal.width if terminal.is_terminal else _ANY_WIDTH
        encoding = sys.stdout.encoding or "utf-8"
        text = render(self.listing, self._output, width)
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
        sys.stdout.flush()


class SheetNames:
    """Writes nothing, but says which of the names that were asked for no sheet has."""

    def __init__(self, names: Sequence[str], messages: Messages) -> None:
        self._names, self._messages = names, messages
        self._sheets: set[str] = set()

    def add(self, result: FileResult) -> None:
        """Note the sheets of a file."""
        self._sheets.update(sheet.name for sheet in result.sheets)

    def finish(self) -> None:
        """Say which names are left.

        Raises:
            UserError: all of them.
        """
        missing = names_without_sheet(self._names, self._sheets)
        line = f"--sheet: no file that could be read has a sheet called {' or '.join(map(repr, missing))}"
        if missing and len(missing) == len(self._names):
            raise UserError(line)
        if missing:
            self._messages.say(line)


class ExtractOutput:
    """Every table as a file in a folder.

    Attributes:
        files: of the tables that were written.

    Raises:
        UserError: nothing can be written there.
    """

    def __init__(self, extractor: Extractor, messages: Messages) -> None:
        check_folder("--extract", extractor.folder)
        self._extractor, self._messages = extractor, messages
        self.files: dict[TableKey, str] = {}

    def add(self, result: FileResult) -> None:
        """Write the tables of a file."""
        for table in result.tables:
            self.files[table_key(table)] = str(writing(self._extractor.write)(table))

    def finish(self) -> None:
        """Say how many were written."""
        self._messages.say(f"Wrote {counted(len(self.files), 'table')} to {self._extractor.folder}")


class AnnotateOutput:
    """An annotated copy of every workbook: in the file that is named, or in a folder.

    Raises:
        UserError: the target cannot be meant.
    """

    def __init__(
        self, target: Path, inputs: Sequence[str], messages: Messages, *, native_tables: bool
    ) -> None:
        self._target, self._messages, self._native_tables = target, messages, native_tables
        self._names = FreeNames(target, ".xlsx", inputs)
        self._is_file = target.suffix.lower() in SUFFIXES and not target.is_dir()
        if self._is_file and len(inputs) > 1:
            raise UserError("--annotate: name a folder, there are several workbooks")
        if self._is_file:
            check_target("--annotate", str(target), SUFFIXES)
            refuse_input(target, inputs)
        elif not target.is_dir() and (target.exists() or target.suffix.lower() in WORKBOOK_SUFFIXES):
            raise UserError(f"--annotate: {plain(target)} is to end in .xlsx or .xlsm, or to be a folder")
        else:
            check_folder("--annotate", target)

    def add(self, result: FileResult) -> None:
        """Write the copy of a workbook that could be read."""
        if result.error is not None:
            return
        target = self._target if self._is_file else self._in_folder(result.file)
        lack = writing(annotate)(result, target, native_tables=self._native_tables)
        self._messages.say(f"Wrote {target}" + (f" ({lack})" if lack else ""))

    def finish(self) -> None:
        """Nothing is left to do."""

    def _in_folder(self, file: str) -> Path:
        """A name that no other copy has: two workbooks may share theirs."""
        writing(self._target.mkdir)(parents=True, exist_ok=True)
        return self._names.take(folder_name(Path(file).stem) or "workbook")


class ReportOutput:
    """One page that shows all sheets; it keeps them in memory until the end.

    Raises:
        UserError: the file cannot be meant, or the annotations cannot be read.
    """

    def __init__(
        self, file: Path, annotations: Path | None, inputs: Sequence[str], messages: Messages
    ) -> None:
        check_target("--report", str(file), (".html", ".htm"))
        refuse_input(file, inputs)
        self._file, self._messages = file, messages
        self._annotations = {} if annotations is None else read_annotations(annotations)
        self._results: list[FileResult] = []

    def add(self, result: FileResult) -> None:
        """Keep a result for the page."""
        self._results.append(result)

    def finish(self) -> None:
        """Write the page."""
        from tablesense.detection.report import write_report

        if self._results:
            writing(write_report)(self._results, self._file, self._annotations)
            self._messages.say(f"Wrote {self._file}")
        left = without_sheet(self._annotations, self._results)
        if left:
            file, sheet = left[0]
            self._messages.say(
                f"--annotations: {len(left)} of {counted(len(self._annotations), 'annotated sheet')} "
                f"fit no sheet that was looked at, the first is {file}, sheet {sheet}"
            )


def writing(write: Callable[_P, _T]) -> Callable[_P, _T]:
    """The same function, with what the disk refuses as a UserError."""

    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return write(*args, **kwargs)
        except OSError as error:
            where: Any = error.filename or ""
            raise UserError(f"{plain(where)}: cannot be written: {error.strerror or plain(error)}") from error

    return wrapped
