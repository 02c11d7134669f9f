"""One sheet as the report embeds it: rows as patterns of looks and numbers of texts, folds, sizes, merges."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import itemgetter

import numpy as np

from tablesense.boxes import Box
from tablesense.detection.report_fold import (
    Numbers,
    Span,
    fold,
    rows_that_fit,
    spans_of,
    spans_where,
    without,
)
from tablesense.detection.report_look import Looks
from tablesense.detection.report_numbers import shown_text
from tablesense.detection.report_size import Sizes
from tablesense.features.featurize import is_filled
from tablesense.features.styles import pattern_code
from tablesense.pages.text import Json, visible
from tablesense.sheets.sheet import Cell, Sheet

MAX_TEXT = 1_000
_FEW_COLUMNS = 40  # wider sheets have theirs folded where they are alike
_CELL_COST = 16  # bytes: a look and a text by number, in a row whose pattern no other row has
_ESCAPED_COST = 6  # bytes a character takes at most
_ROW_COST, _MERGE_COST, _SPAN_COST = 24, 32, 20  # bytes: its step, pattern and height; four numbers; two

Row = list[tuple[int, Cell]]


class Texts:
    """The distinct texts of a page, made harmless to look at, numbered in the order they are met."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text."""
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self.texts)
            self.texts.append(visible(text.replace("\r\n", "\n"), MAX_TEXT, keep="\n"))
        return found


class SheetPlan:
    """What of a sheet there is to show, and what it would cost.

    Args:
        sheet: the sheet.
        looks: those of the page.
        boxes: found and annotated tables; they count as part of the sheet, blank or not.
    """

    def __init__(self, sheet: Sheet, looks: Looks, boxes: Sequence[Box]) -> None:
        self.sheet, self.boxes = sheet, boxes
        self.looks = looks.of_sheet(sheet)
        self.rows = self._rows()
        self.numbers: Numbers = np.fromiter(self.rows, dtype=np.int64, count=len(self.rows))
        self.costs: Numbers = np.fromiter(
            map(_cost, self.rows.values()), dtype=np.int64, count=len(self.rows)
        )
        self.height = max([int(self.numbers[-1]) + 1 if self.rows else 1, *(box.bottom for box in boxes)])
        self.width = max([1, *(row[-1][0] + 1 for row in self.rows.values()), *(box.right for box in boxes)])
        self.folds = self._row_folds()
        self.merges = self._merges()
        self.hidden_rows = [span for span in spans_of(sheet.hidden_rows) if span[0] < self.height]
        self.hidden_columns = [span for span in spans_of(sheet.hidden_columns) if span[0] < self.width]

    @property
    def cost(self) -> int:
        """Bytes that all of it takes, about and at most."""
        spans = len(self.hidden_rows) + len(self.hidden_columns)
        return int(self.costs.sum()) + _MERGE_COST * len(self.merges) + _SPAN_COST * spans

    def embed(self, allowance: int, texts: Texts) -> Json:
        """As much of the sheet as fits, in plain values; ``left`` says which rows did not.

        Where not all fits, merged ranges and hidden lines take a quarter each at most: those at the top.
        """
        most = allowance // (1 if allowance >= self.cost else 4)
        merges = self.merges[: most // _MERGE_COST]
        hidden_rows, hidden_columns = (
            spans[: most // _SPAN_COST] for spans in (self.hidden_rows, self.hidden_columns)
        )
        spans = len(hidden_rows) + len(hidden_columns)
        cells = allowance - _MERGE_COST * len(merges) - _SPAN_COST * spans
        fits = rows_that_fit(self.numbers, self.costs, cells, self.folds, self._edges("top", "bottom"))
        left = self._left_out(fits)
        folds = without(self.folds, left, self.height)
        kept = {int(row): self.rows[int(row)] for row in self.numbers[fits]}
        column_folds = self._column_folds(kept, folds)
        sizes = Sizes(self.sheet, self.width)
        rows = self._embedded_rows(kept, texts, sizes)
        return {
            "size": [self.width, self.height],
            **rows,
            "widths": sizes.widths,
            "heights": sizes.heights(merges),
            "merges": merges,
            "folds": {"rows": folds, "columns": column_folds},
            "left": left,
            "leftCells": sum(len(self.rows[int(row)]) for row in self.numbers[~fits]),
            "hiddenRows": hidden_rows,
            "hiddenColumns": hidden_columns,
        }

    def _rows(self) -> dict[int, Row]:
        """The cells that show something, by row and column."""
        rows: dict[int, Row] = defaultdict(list)
        for (row, column), cell in self.sheet.cells.items():
            if is_filled(cell) or self.looks.is_seen(cell):
                rows[row].append((column, cell))
        for cells in rows.values():
            cells.sort(key=itemgetter(0))
        return dict(sorted(rows.items()))

    def _row_folds(self) -> list[Span]:
        codes = [pattern_code(style) for style in self.sheet.styles]
        patterns: dict[tuple[tuple[int, int], ...], int] = {}
        signatures = np.zeros(self.height, dtype=np.int64)
        for row, cells in self.rows.items():
            pattern = tuple((column, _code(cell, codes)) for column, cell in cells)
            signatures[row] = patterns.setdefault(pattern, len(patterns) + 1)
        inside = [(box.top, box.bottom) for box in self.boxes]
        return fold(signatures, self._edges("top", "bottom"), inside)

    def _column_folds(self, kept: dict[int, Row], folds: Sequence[Span]) -> list[Span]:
        if self.width <= _FEW_COLUMNS:
            return []
        codes = [pattern_code(style) for style in self.sheet.styles]
        columns: list[list[tuple[int, int]]] = [[] for _ in range(self.width)]
        folded = {row for start, stop in folds for row in range(start, stop)}
        for row, cells in kept.items():
            if row not in folded:
                for column, cell in cells:
                    columns[column].append((row, _code(cell, codes)))
        patterns: dict[tuple[tuple[int, int], ...], int] = {}
        signatures = np.fromiter(
            (patterns.setdefault(tuple(column), len(patterns)) for column in columns), dtype=np.int64
        )
        return fold(signatures, self._edges("left", "right"), least=6, small=_FEW_COLUMNS)

    def _edges(self, *names: str) -> list[int]:
        return [getattr(box, name) for box in self.boxes for name in names]

    def _left_out(self, fits: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[Span]:
        """Rows that are not in the page; blank rows between two of them are counted with them."""
        if fits.all():
            return []
        spans = spans_where(~fits)
        return [(int(self.numbers[start]), int(self.numbers[stop - 1]) + 1) for start, stop in spans]

    def _embedded_rows(self, kept: dict[int, Row], texts: Texts, sizes: "Sizes") -> Json:
        """Row numbers as steps, and for each row its pattern and the texts of its filled cells.

        A pattern is column, look, column, look, ...; a cell without text has ``-1 - look``.
        """
        patterns: dict[tuple[int, ...], int] = {}
        steps, cells, before = [], [], -1
        for row, found in kept.items():
            pattern: list[int] = []
            row_texts = []
            for place, (column, cell) in enumerate(found):
                look = self.looks.number(cell)
                if is_filled(cell):
                    text = shown_text(cell, self.sheet.styles[cell.style].number_format)
                    row_texts.append(texts.number(text))
                    pattern += (column, look)
                    sizes.add(row, column, cell, text, runs_over=self._runs_over(row, place))
                else:
                    pattern += (column, -1 - look)
            cells.append(patterns.setdefault(tuple(pattern), len(patterns)))
            cells += row_texts
            steps.append(row - before)
            before = row
        return {"rows": steps, "cells": cells, "patterns": list(patterns)}

    def _runs_over(self, row: int, place: int) -> bool:
        """Whether a text may run over the blank cells beside it: in a table it should stay inside."""
        cells = self.rows[row]
        column = cells[place][0]
        if any(other == column + 1 and is_filled(cell) for other, cell in cells[place + 1 : place + 2]):
            return False
        return not any(box.left <= column < box.right and box.top <= row < box.bottom for box in self.boxes)

    def _merges(self) -> list[Box]:
        """Merged ranges as far as they lie in what is shown of the sheet."""
        clipped = (
            Box(box.left, box.top, min(box.right, self.width), min(box.bottom, self.height))
            for box in self.sheet.merges
        )
        return sorted((box for box in clipped if box.width > 0 and box.height > 0), key=itemgetter(1))


def _code(cell: Cell, codes: Sequence[int]) -> int:
    return 64 * (int(cell.kind) if is_filled(cell) else 0) + codes[cell.style]


def _cost(row: Iterable[tuple[int, Cell]]) -> int:
    return _ROW_COST + sum(_CELL_COST + _text_cost(cell.value) for _, cell in row)


def _text_cost(value: object) -> int:
    if not isinstance(value, str):
        return 12
    length = min(len(value), MAX_TEXT)
    plain = value.isascii() and value.isprintable() and not any(letter in value for letter in '<>&"\\')
    return length + 3 if plain else length * _ESCAPED_COST
