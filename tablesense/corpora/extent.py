"""Where on a sheet the filled cells are, to hold ranges against them."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from tablesense.boxes import Box
from tablesense.features.featurize import is_filled
from tablesense.sheets.sheet import Sheet


class Extent:
    """The filled cells of a sheet."""

    def __init__(self, sheet: Sheet) -> None:
        filled = [position for position, cell in sheet.cells.items() if is_filled(cell)]
        positions = np.array(filled, dtype=np.int64).reshape(-1, 2)
        self._rows, self._columns = positions[:, 0], positions[:, 1]

    @property
    def filled(self) -> int:
        """Number of filled cells."""
        return len(self._rows)

    @property
    def used(self) -> Box | None:
        """The box around all filled cells; None when there are none."""
        if not self.filled:
            return None
        left, right = int(self._columns.min()), int(self._columns.max()) + 1
        return Box(left, int(self._rows.min()), right, int(self._rows.max()) + 1)

    def count(self, box: Box) -> int:
        """Number of filled cells in a box."""
        return int(self._inside(box).sum())

    def count_any(self, boxes: Sequence[Box]) -> int:
        """Number of filled cells that are in at least one box."""
        inside = np.zeros(self.filled, dtype=np.bool_)
        for box in boxes:
            inside |= self._inside(box)
        return int(inside.sum())

    def has_blank_edge(self, box: Box) -> bool:
        """Whether the first or last row or column of a box holds no filled cell."""
        left, top, right, bottom = box
        edges = (
            Box(left, top, right, top + 1),
            Box(left, bottom - 1, right, bottom),
            Box(left, top, left + 1, bottom),
            Box(right - 1, top, right, bottom),
        )
        return any(self.count(edge) == 0 for edge in edges)

    def _inside(self, box: Box) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        rows, columns = self._rows, self._columns
        return (rows >= box.top) & (rows < box.bottom) & (columns >= box.left) & (columns < box.right)


def overlapping(boxes: Sequence[Box]) -> list[tuple[Box, Box]]:
    """The pairs of boxes that share cells."""
    return [(a, b) for a, b in combinations(boxes, 2) if a.intersection(b)]
