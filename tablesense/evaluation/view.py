"""Which rows and columns of a sheet a picture shows, so that it stays small and shows what matters."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple, Self

from tablesense.boxes import Box
from tablesense.features.featurize import is_filled
from tablesense.sheets.sheet import Sheet

MAX_ROWS, MAX_COLUMNS = 80, 24
# Lines shown on either side of an edge, at least and at most: more rows would only make it small to read.
_ROW_CONTEXT, _COLUMN_CONTEXT = (3, 12), (2, MAX_COLUMNS)
_SMALL_GAP = 2  # leaving out as few lines would gain nothing: the band that says so takes one


class View(NamedTuple):
    """The rows and columns that are shown, ascending; where numbers jump, something is left out."""

    rows: Sequence[int]
    columns: Sequence[int]

    @classmethod
    def of(cls, window: Box) -> Self:
        """Everything in a window."""
        return cls(range(window.top, window.bottom), range(window.left, window.right))

    def shows(self, box: Box) -> bool:
        """Whether some cell of a box is shown."""
        return any(box.top <= row < box.bottom for row in self.rows) and any(
            box.left <= column < box.right for column in self.columns
        )


def choose_view(
    sheet: Sheet, boxes: Sequence[Box], max_rows: int = MAX_ROWS, max_columns: int = MAX_COLUMNS
) -> View:
    """The whole sheet when it fits, else what lies nearest to the edges of boxes.

    So the top and the bottom of a long table come together, with the rows between left out.

    Args:
        sheet: the sheet; cells that show nothing are no reason to make the picture larger.
        boxes: what should be seen, the most important first; one whose edges do not fit in beside those
            before it is given up.
        max_rows: rows shown at most.
        max_columns: columns shown at most.
    """
    extent = _extent(sheet, boxes)
    rows = _Axis(extent.top, extent.bottom, max_rows, _ROW_CONTEXT)
    columns = _Axis(extent.left, extent.right, max_columns, _COLUMN_CONTEXT)
    for box in boxes:
        # Both or neither: the rows of a table are of no use where its columns are left out.
        if rows.has_room_for(box.top, box.bottom) and columns.has_room_for(box.left, box.right):
            rows.edges |= {box.top, box.bottom}
            columns.edges |= {box.left, box.right}
    return View(rows.shown(), columns.shown())


def _extent(sheet: Sheet, boxes: Iterable[Box]) -> Box:
    """The box around all values and all boxes, with one blank line around."""
    filled = [position for position, cell in sheet.cells.items() if is_filled(cell)]
    rows = [line for box in boxes for line in (box.top, box.bottom - 1)] + [row for row, _ in filled]
    columns = [line for box in boxes for line in (box.left, box.right - 1)] + [column for _, column in filled]
    if not rows:
        return Box(0, 0, 1, 1)
    return Box(max(min(columns) - 1, 0), max(min(rows) - 1, 0), max(columns) + 2, max(rows) + 2)


class _Axis:
    """Chooses at most ``most`` of the rows or columns in ``[start, stop)``.

    Args:
        start: the first that there is.
        stop: the first that there is not.
        most: how many may be shown.
        context: how many are shown on either side of an edge, at least and at most.
    """

    def __init__(self, start: int, stop: int, most: int, context: tuple[int, int]) -> None:
        self.start, self.stop, self.most, self.context = start, stop, most, context
        self.edges: set[int] = set()

    def has_room_for(self, *edges: int) -> bool:
        """Whether these edges can be shown beside those chosen before."""
        return self._fits_whole() or len(self._near(self.edges.union(edges), self.context[0])) <= self.most

    def shown(self) -> list[int]:
        """All that there is when it fits, else what lies around the edges, as far as there is room."""
        if self._fits_whole() or not self.edges:
            return list(range(self.start, min(self.stop, self.start + self.most)))
        least, most = self.context
        fitting = (self._near(self.edges, context) for context in range(most, least - 1, -1))
        return next(lines for lines in fitting if len(lines) <= self.most)

    def _fits_whole(self) -> bool:
        return self.stop - self.start <= self.most

    def _near(self, edges: Iterable[int], context: int) -> list[int]:
        """The lines at most ``context`` away from an edge, and those of gaps too small to leave out."""
        lines = {line for edge in edges for line in range(edge - context, edge + context)}
        shown = sorted(line for line in lines if self.start <= line < self.stop)
        for line, following in pairwise(shown[:]):
            if following - line - 1 <= _SMALL_GAP:
                shown.extend(range(line + 1, following))
        return sorted(shown)
