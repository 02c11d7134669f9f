"""What a sheet is, whatever file it came from: cells, interned styles, merges, native tables."""

import datetime as dt
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from enum import IntEnum

from tablesense.boxes import MAX_COLS, MAX_ROWS, Box
from tablesense.errors import UserError

CellValue = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None


# Excel allows 255 characters. To read a format takes time that grows with the square of its length.
_LONGEST_FORMAT = 512


class SheetError(UserError):
    """A workbook or sheet that cannot be used; the message is one line for the user."""


class CellKind(IntEnum):
    """What a cell's value is; the result of a formula counts, not the formula."""

    EMPTY = 0
    TEXT = 1
    NUMBER = 2
    BOOLEAN = 3
    DATE = 4
    ERROR = 5


@dataclass(frozen=True, slots=True)
class Style:
    """The formatting of a cell. Colours are resolved ``RRGGBB`` (theme, tint and index applied) or None."""

    font_color: str | None = None
    fill_color: str | None = None
    font_size: float | None = None
    bold: bool = False
    italic: bool = False
    underline: bool = False
    strikethrough: bool = False
    border_left: bool = False
    border_right: bool = False
    border_top: bool = False
    border_bottom: bool = False
    horizontal: str = "general"
    vertical: str = "bottom"
    wrap: bool = False
    indent: int = 0
    number_format: str = "General"
    locked: bool = True
    hidden: bool = False


@dataclass(slots=True)
class Cell:
    """One cell. ``style`` indexes ``Sheet.styles``; ``formula`` keeps the text when there is one."""

    value: CellValue
    kind: CellKind
    style: int = 0
    formula: str | None = None
    comment: bool = False


@dataclass(frozen=True, slots=True)
class NativeTable:
    """An Excel table object: its whole range and how many of its first rows are the header."""

    box: Box
    header_rows: int = 1


@dataclass
class Sheet:
    """A worksheet as a sparse grid; keys of ``cells`` are ``(row, column)`` from zero.

    ``styles[0]`` is the workbook's default style. ``has_formatting`` is False for a format that
    carries none (CSV), so that a missing border is not read as a border that is not there.
    ``note`` is a sentence for the user when less than the whole sheet could be read, else empty.
    """

    name: str
    cells: MutableMapping[tuple[int, int], Cell] = field(default_factory=dict)
    styles: list[Style] = field(default_factory=lambda: [Style()])
    merges: list[Box] = field(default_factory=list)
    tables: list[NativeTable] = field(default_factory=list)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    visible: bool = True
    has_formatting: bool = True
    note: str = ""

    @property
    def hidden(self) -> bool:
        """Whether the sheet is hidden from the user."""
        return not self.visible


def real_merges(boxes: Iterable[Box]) -> list[Box]:
    """The ranges of more than one cell that lie in a sheet, among those a file calls merged."""
    return [
        box
        for box in boxes
        if 0 <= box.left < box.right <= MAX_COLS and 0 <= box.top < box.bottom <= MAX_ROWS and box.area > 1
    ]


def sane_format(code: str) -> str:
    """A number format as the file has it; ``General`` for one that is longer than any program writes."""
    return code if len(code) <= _LONGEST_FORMAT else "General"


def outside(row: int, column: int) -> ValueError:
    """The error of a cell that lies where no sheet has one."""
    return ValueError(f"a cell lies at row {row + 1}, column {column + 1}")
