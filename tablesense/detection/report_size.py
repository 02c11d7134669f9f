"""How wide columns and how high rows are drawn, from what is in them: readers do not tell the file's own."""

import math
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from tablesense.boxes import Box
from tablesense.detection.report_look import SIZES, usual_size
from tablesense.sheets.sheet import Cell, CellKind, Sheet

COLUMN, ROW = 64, 21  # pixels of a blank column and row
_NARROWEST = 40
_LETTER, _PADDING, _LINE = 7, 14, 17
_WIDEST_NUMBER, _WIDEST_TEXT, _WIDEST_WRAPPED = 36, 34, 22  # letters
_BOLD = 1.15  # as wide as others of bold letters
_MOST_LINES = 8


class Sizes:
    """Measures the texts of a sheet, cell by cell."""

    def __init__(self, sheet: Sheet, width: int) -> None:
        self._styles = sheet.styles
        self._usual = usual_size(sheet)
        self._most: dict[int, int] = defaultdict(int)  # letters that must be seen whole
        self._lengths: dict[int, list[int]] = defaultdict(list)
        self._tall: list[tuple[int, int, str, float]] = []
        self._width = width
        self._starts = {(box.top, box.left) for box in sheet.merges}

    def add(self, row: int, column: int, cell: Cell, text: str, *, runs_over: bool) -> None:
        """Take note of a text; one that may run over blank cells needs no wide column."""
        style = self._styles[cell.style]
        is_text = cell.kind is CellKind.TEXT
        size = (style.font_size or self._usual) / self._usual
        length = round(len(text) * min(size, SIZES[1]) * (_BOLD if style.bold else 1)) + min(style.indent, 10)
        if not is_text:
            self._most[column] = max(self._most[column], min(length, _WIDEST_NUMBER))
        elif (row, column) not in self._starts and (style.wrap or not runs_over):
            self._lengths[column].append(min(length, _WIDEST_WRAPPED if style.wrap else _WIDEST_TEXT))
        if (style.wrap and is_text) or size > 1:
            self._tall.append((row, column, text if style.wrap and is_text else "", size))

    @cached_property
    def widths(self) -> list[int]:
        """Pixels of each column; to be asked for when all texts are known."""
        return [self._column(column) for column in range(self._width)]

    def heights(self, merges: Sequence[Box]) -> list[tuple[int, int]]:
        """Row and pixels of each row that is higher than a blank one."""
        spans = {(box.top, box.left): box for box in merges}
        heights: dict[int, int] = {}
        for row, column, text, size in self._tall:
            merged = spans.get((row, column), Box(column, row, column + 1, row + 1))
            room = max((sum(self.widths[merged.left : merged.right]) - _PADDING) / _LETTER, 3)
            lines = sum(max(math.ceil(len(line) / room), 1) for line in text[:500].split("\n"))
            if merged.height > 1:
                lines = 1  # it has the rows below as well
            wanted = round(_LINE * min(lines, _MOST_LINES) * min(max(size, 1), SIZES[1])) + ROW - _LINE
            heights[row] = max(heights.get(row, ROW), wanted)
        return [(row, height) for row, height in sorted(heights.items()) if height > ROW]

    def _column(self, column: int) -> int:
        lengths = sorted(self._lengths.get(column, ()))
        # A few long texts may be cut: the status line shows them whole.
        usual = lengths[int(len(lengths) * 0.95)] if lengths else 0
        letters = max(self._most.get(column, 0), usual)
        return max(letters * _LETTER + _PADDING, _NARROWEST) if letters else COLUMN
