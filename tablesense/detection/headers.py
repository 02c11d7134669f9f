"""How many of a table's first rows are its header, told from kinds of values, formatting and merges.

Every row near the top gets evidence for (above zero) or against being a header, by how much it differs
from the body of its columns. The header is the run of first rows with the most evidence in all.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tablesense.boxes import Box
from tablesense.features.featurize import display_text, is_filled, is_numeric
from tablesense.features.text import is_separator, is_year
from tablesense.sheets.packed import some_cells
from tablesense.sheets.sheet import Cell, CellKind, Sheet, Style

MAX_HEADER_ROWS = 10
_MAX_COLUMNS = 100  # of a wide table the first columns tell
_BODY_ROWS = 60

_NUMBERS = 0.6  # share of a column's body that makes it a column of numbers
_BLANK = -0.05  # of two equally likely ends, the one before the blank row
_FIRST_ROW = 0.15  # most tables have a header


def count_header_rows(sheet: Sheet, box: Box) -> int:
    """The number of header rows of a table, 0 when its first row is data already.

    A native Excel table that begins in the same row says it itself.
    """
    for table in sheet.tables:
        if table.box.top == box.top and table.box.intersection(box):
            return max(min(table.header_rows, box.height, MAX_HEADER_ROWS), 0)
    columns = range(box.left, min(box.right, box.left + _MAX_COLUMNS))
    first_rows = range(box.top, box.top + min(MAX_HEADER_ROWS, box.height - 1))
    # Of a large sheet only what is looked at is worth unpacking.
    sheet = replace(sheet, cells=some_cells(sheet.cells, [*first_rows, *_body_rows(box)], columns))
    bodies = [_Body.of(sheet, column, box) for column in columns]
    merged = {
        merge.top
        for merge in sheet.merges
        if merge.height == 1 and box.contains(merge) and 1 < merge.width < box.width
    }
    total, best, count = _FIRST_ROW, 0.0, 0
    for row in first_rows:
        total += _evidence(sheet, row, columns, bodies) + 0.3 * (row in merged)
        if total > best:
            best, count = total, row - box.top + 1
    return count


@dataclass(frozen=True)
class _Body:
    """What a column looks like below any header: numbers or not, dates, years, its usual look, its texts."""

    numbers: bool
    kinds: frozenset[CellKind]
    years: bool
    look: tuple[object, ...] | None
    texts: frozenset[str]

    @classmethod
    def of(cls, sheet: Sheet, column: int, box: Box) -> "_Body":
        cells = list(_body_cells(sheet, column, box))
        if not cells:
            return cls(False, frozenset(), False, None, frozenset())
        looks = Counter(_look(sheet.styles[cell.style]) for cell in cells)
        texts = frozenset(display_text(cell).strip() for cell in cells)
        return cls(
            numbers=sum(map(is_numeric, cells)) >= _NUMBERS * len(cells),
            kinds=frozenset(cell.kind for cell in cells),
            years=all(map(is_year, texts)),
            look=looks.most_common(1)[0][0],
            texts=texts,
        )


def _body_rows(box: Box) -> range:
    """Rows spread over the table below its first third (short of a long header)."""
    first = box.top + min(max(1, box.height // 3), MAX_HEADER_ROWS)
    return range(first, box.bottom, max(1, (box.bottom - first) // _BODY_ROWS))


def _body_cells(sheet: Sheet, column: int, box: Box) -> Iterator[Cell]:
    """Filled cells of a column in those rows."""
    for row in _body_rows(box):
        cell = sheet.cells.get((row, column))
        if cell is not None and is_filled(cell) and not is_separator(display_text(cell)):
            yield cell


def _look(style: Style) -> tuple[object, ...]:
    """What of a style sets headers off; borders and number formats vary inside a body as well."""
    return (style.bold, style.italic, style.underline, style.fill_color, style.font_color, style.font_size)


def _evidence(sheet: Sheet, row: int, columns: range, bodies: list[_Body]) -> float:
    """Evidence that a row belongs to the header: the mean over its filled cells."""
    cells = [sheet.cells.get((row, column)) for column in columns]
    filled = [
        (cell, body)
        for cell, body in zip(cells, bodies, strict=True)
        if cell is not None and is_filled(cell) and not is_separator(display_text(cell))
    ]
    if not filled:
        return _BLANK
    if len(filled) == 1 and len(columns) > 2 and filled[0][0] is cells[0]:
        # The name of a group below a header, or a title above one: with it only if more header follows.
        return -0.1
    return sum(_by_kind(cell, body) + _by_look(sheet, cell, body) for cell, body in filled) / len(filled)


def _by_kind(cell: Cell, body: _Body) -> float:
    """Text over numbers is a header; numbers over numbers are data, unless they are years or dates."""
    text = display_text(cell).strip()
    if is_numeric(cell):
        is_series = is_year(text) and not body.years
        # A date over numbers, and text over real numbers even when it says one: `June 2016`, `(1,000)`.
        is_other = cell.kind in (CellKind.DATE, CellKind.TEXT) and cell.kind not in body.kinds
        return 0.5 if (is_series or is_other) and any(map(str.isalnum, text)) else -1.0
    if text in body.texts:
        return -0.6
    return 1.0 if body.numbers else 0.15


def _by_look(sheet: Sheet, cell: Cell, body: _Body) -> float:
    if not sheet.has_formatting or body.look is None:
        return 0.0
    return 0.4 if _look(sheet.styles[cell.style]) != body.look else -0.25
