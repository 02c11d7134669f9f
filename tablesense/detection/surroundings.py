"""What stands around tables and tells what they are: titles above them, notes below them.

Only lines count that stand alone in their row, within the columns of their table (or a little left of
them): what is there is quoted, never made up, and where it is not clear what a line is, it is nothing.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from tablesense.boxes import Box
from tablesense.features.featurize import display_text, is_filled, is_numeric
from tablesense.features.text import has_note_start, is_separator
from tablesense.sheets.packed import some_cells
from tablesense.sheets.sheet import Cell, CellKind, Sheet

MAX_TEXT = 500  # characters of a line
MAX_TITLE_LINES = 6
MAX_NOTES = 30

_ROWS_ABOVE, _ROWS_BELOW = 12, 40  # that are looked at
_GAP = 3  # blank rows between a line and the table, or the next line
_INDENT = 3  # columns that a line may begin left of its table
_SENTENCE = 40  # characters: a longer line with a full stop is no name

# Notes below are what `has_note_start`, and `NA Not available`, `X: Not applicable`, `(1) Net`, a link.
_BELOW_NOTE = re.compile(
    r"[A-Z]{1,4}(:|\s[-=\u2013])\s?\w|\(?(NA|[XZDS])\)? [A-Z]|[A-Za-z]\s?=\s|\(\d{1,2}\)|https?://|www\."
)
# Above, `1. Costs`, `Sources of funds` and `Data for 2001` are titles: only what names no table is a note.
_HEAD_NOTE = re.compile(r"[*†‡]|(sources?|notes?)\s?\d*\s?[:.]|see\b", re.IGNORECASE)
_UNITS = re.compile(r"[\[(]|[$€£¥]? ?(in )?([$€£¥] ?)?(thousands|millions|billions)\b", re.IGNORECASE)
_MARK = re.compile(r"[*†‡]+|[\[(\\]?\w{1,2}[/.)\]]|(notes?|sources?)\W*", re.IGNORECASE)

_Row = list[tuple[int, Cell]]


class Line(NamedTuple):
    """A line of text: the row and column of its cell, from zero, and what it says, ``MAX_TEXT`` at most."""

    row: int
    column: int
    text: str


class Surroundings(NamedTuple):
    """The lines that belong to a table, from the top down."""

    title: tuple[Line, ...] = ()
    notes: tuple[Line, ...] = ()

    @property
    def title_text(self) -> str | None:
        """The lines of the title with line ends between them; None when there is no title."""
        return "\n".join(line.text for line in self.title) or None

    @property
    def note_texts(self) -> tuple[str, ...]:
        """What each note says."""
        return tuple(line.text for line in self.notes)


def find_surroundings(sheet: Sheet, boxes: Sequence[Box]) -> list[Surroundings]:
    """The title and the notes of each table of a sheet.

    Looks at the rows near each table, and at no other cell of a sheet that is still packed.

    Args:
        sheet: the sheet.
        boxes: all its tables; a line goes to the table it belongs to, or to none.
    """
    if not boxes:
        return []
    around = _Around(sheet, boxes)
    above = [_above(around, box) for box in boxes]
    titles = {line[:2] for one in above for line in one.title}
    return [
        Surroundings(one.title, (*one.notes, *_below(around, box, titles))[:MAX_NOTES])
        for one, box in zip(above, boxes, strict=True)
    ]


class _Around:
    """The rows near the tables of a sheet: their filled cells, and the tables that lie across them."""

    def __init__(self, sheet: Sheet, boxes: Sequence[Box]) -> None:
        near = sorted({row for box in boxes for row in _rows_near(box)})
        self.sheet = sheet = replace(sheet, cells=some_cells(sheet.cells, near))
        self._tables: dict[int, list[Box]] = {row: [] for row in near}
        for box in boxes:
            for row in near[bisect_left(near, box.top) : bisect_left(near, box.bottom)]:
                self._tables[row].append(box)
        columns: dict[int, list[int]] = defaultdict(list)
        for (row, column), cell in sheet.cells.items():
            if row in self._tables and _shows(cell):
                columns[row].append(column)
        self._columns = {row: sorted(found) for row, found in columns.items()}
        self.merged_to = {(m.top, m.left): m.right for m in sheet.merges if m.top in self._tables}

    def ceiling(self, box: Box) -> int:
        """The first row below the table above a table; 0 when there is none near."""
        rows = range(box.top - 1, box.top - 1 - _ROWS_ABOVE, -1)
        return next((row + 1 for row in rows if self._is_in_table(row, box)), 0)

    def floor(self, box: Box) -> int:
        """The first row that is another table's, or too far to look at."""
        rows = range(box.bottom, box.bottom + _ROWS_BELOW)
        return next((row for row in rows if self._is_in_table(row, box)), rows.stop)

    def _is_in_table(self, row: int, box: Box) -> bool:
        """Whether a table lies across a row in the columns of a box."""
        return any(other.left < box.right and box.left < other.right for other in self._tables[row])

    def row(self, row: int, box: Box) -> _Row | None:
        """What stands in a row in the columns of a table; None where another table is.

        A text that comes again in the row, as where merged cells were written out, is there once.
        Of the cells to the left only the nearest is part of it: one that is merged into the table's
        columns, or one a little left, where no table stands beside this one.
        """
        columns = self._columns.get(row, [])
        first = bisect_left(columns, box.left)
        if first and self._reaches_over(row, columns[first - 1], box):
            first -= 1
        found: dict[object, tuple[int, Cell]] = {}
        for column in columns[first:]:
            if column >= box.right or len(found) > 2:
                break
            if any(other.left <= column < other.right for other in self._tables[row]):
                return None
            cell = self.sheet.cells[row, column]
            found.setdefault(cell.value, (column, cell))
        cells = list(found.values())
        return cells if any(any(map(str.isalnum, _text(cell))) for _, cell in cells) else []

    def _reaches_over(self, row: int, column: int, box: Box) -> bool:
        if self.merged_to.get((row, column), 0) > box.left:
            return True
        beside = self._tables[box.top] + self._tables[box.bottom - 1]
        return box.left - column <= _INDENT and not any(column < o.right <= box.left for o in beside)


def _rows_near(box: Box) -> Iterable[int]:
    """The rows that are looked at above a table and below it, and its own first and last."""
    return chain(range(box.top - _ROWS_ABOVE, box.top + 1), range(box.bottom - 1, box.bottom + _ROWS_BELOW))


def _shows(cell: Cell) -> bool:
    return is_filled(cell) and not is_separator(display_text(cell))


def _above(around: _Around, box: Box) -> Surroundings:
    """The title above a table, and what stands with it: units, sources, a description."""
    ceiling = around.ceiling(box)
    lines = list(_lines_above(around, box, ceiling))
    lines.reverse()
    title: list[Line] = []
    notes: list[Line] = []
    open_brackets = 0  # of a note that goes over several lines
    for line in lines:
        if open_brackets or _UNITS.match(line.text):
            open_brackets = max(0, open_brackets + _opened(line.text))
            notes.append(line)
        elif _HEAD_NOTE.match(line.text):
            notes.append(line)
        elif len(lines) == 1 or not _is_sentence(line.text):
            title.append(line)
        elif title:  # before any title a sentence speaks of the sheet
            notes.append(line)
    if ceiling and (not title or _is_nearer(around, lines, ceiling, box)):
        title, notes = [], []
    return Surroundings((*title[-MAX_TITLE_LINES:], *_spanning(around, box)), tuple(notes))


def _opened(text: str) -> int:
    """Brackets that a line opens, less those that it closes."""
    return sum((letter in "([") - (letter in ")]") for letter in text)


def _lines_above(around: _Around, box: Box, ceiling: int) -> Iterator[Line]:
    """The lines above a table, from the lowest up, as far as they may belong to it."""
    gap = count = 0
    for row in range(box.top - 1, max(ceiling, box.top - _ROWS_ABOVE) - 1, -1):
        cells = around.row(row, box)
        if not cells:
            gap += 1
            # Beyond a blank row there may be notes of the table above.
            if cells is None or gap > _GAP or (ceiling and count):
                return
            continue
        gap = 0
        line = _line(row, cells)
        if line is not None and not (ceiling and _HEAD_NOTE.match(line.text)):
            count += 1
            yield line
        elif ceiling or count or not _is_of_the_sheet(cells):
            return


def _is_nearer(around: _Around, lines: Sequence[Line], ceiling: int, box: Box) -> bool:
    """Whether lines stand nearer to the table above them, or to its notes, than to the one below."""
    top, below = lines[0].row, box.top - 1 - lines[-1].row
    return top - ceiling < below or any(around.row(row, box) for row in range(top - below, top))


def _spanning(around: _Around, box: Box) -> Iterator[Line]:
    """A title that was found as the table's first row: one text, merged or written over all columns."""
    cell = around.sheet.cells.get((box.top, box.left))
    if cell is None or box.width < 2 or box.height < 3:
        return
    line = _line(box.top, [(box.left, cell)])
    if line is None or not _shows(cell):
        return
    if around.merged_to.get((box.top, box.left), 0) >= box.right or all(
        (other := around.sheet.cells.get((box.top, column))) is not None and other.value == cell.value
        for column in range(box.left, box.right)
    ):
        yield line


def _below(around: _Around, box: Box, titles: Collection[tuple[int, int]]) -> list[Line]:
    """The notes below a table: lines with a mark, whole sentences, and lines that go on right below them."""
    notes: list[Line] = []
    gap = 0
    for row in range(box.bottom, around.floor(box)):
        cells = around.row(row, box)
        if not cells:
            gap += 1
            if cells is None or gap > _GAP:
                break
            continue
        line = _marked_line(row, cells) or _line(row, cells)
        if line is None or line[:2] in titles:
            break
        is_marked = has_note_start(line.text) or _BELOW_NOTE.match(line.text) is not None
        goes_on = bool(notes) and (gap == 0 or line.text[0].islower())
        if not (is_marked or goes_on or (gap <= 1 and _is_sentence(line.text))):
            break
        notes.append(line)
        gap = 0
    return notes


def _line(row: int, cells: _Row) -> Line | None:
    """The one text of a row, with nothing beside it but dates."""
    texts = [(column, cell) for column, cell in cells if cell.kind is not CellKind.DATE]
    if len(texts) != 1:
        return None
    ((column, cell),) = texts
    text = _text(cell)
    if cell.kind is not CellKind.TEXT or is_numeric(cell) or not any(map(str.isalpha, text)):
        return None
    return Line(row, column, text)


def _marked_line(row: int, cells: _Row) -> Line | None:
    """A note whose mark has a cell of its own: ``*`` or ``Source:``, and the text beside it."""
    if len(cells) != 2 or any(cell.kind is not CellKind.TEXT for _, cell in cells):
        return None
    (column, mark), (_, text) = cells
    if not _MARK.fullmatch(_text(mark)):
        return None
    return Line(row, column, f"{_text(mark)} {_text(text)}"[:MAX_TEXT])


def _is_of_the_sheet(cells: _Row) -> bool:
    """Whether a row says one thing of what is below: a date, a number, ``Facility: | Conover``."""
    return len(cells) == 1 or (len(cells) == 2 and _text(cells[0][1]).endswith(":"))


def _is_sentence(text: str) -> bool:
    return len(text) >= _SENTENCE and text.rstrip(" \"')]").endswith(".")


def _text(cell: Cell) -> str:
    """What a cell says, on one line."""
    return " ".join(display_text(cell)[: 4 * MAX_TEXT].split())[:MAX_TEXT]
