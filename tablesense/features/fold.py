"""Structural compression: rows and columns that repeat their neighbours are folded, exactly undoably.

In a run of rows with the same pattern of cells only the first and last few can carry a table's edge.
The middle of such a run is left out of the grid; the kept positions are the map back. Then the same
for columns, over the rows that were kept.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tablesense.boxes import Box

Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class AxisFold:
    """The sheet positions (rows or columns, ascending) that the grid keeps of one axis."""

    kept: Positions

    @classmethod
    def from_signatures(cls, signatures: NDArray[np.int64], start: int, keep: int) -> Self:
        """Keep the first and last ``keep`` positions of every run of equal signatures.

        Args:
            signatures: one number a position, equal for equal patterns; position 0 is ``start``.
            start: sheet position of the first signature.
            keep: positions kept at each end of a run; at least 1.
        """
        if keep < 1:
            raise ValueError("at least one position must be kept at each end of a run")
        if len(signatures) == 0:
            return cls(np.zeros(0, dtype=np.int64))
        changes = np.flatnonzero(np.diff(signatures)) + 1
        first = np.concatenate([[0], changes])
        last = np.concatenate([changes, [len(signatures)]]) - 1
        position = np.arange(len(signatures))
        run = np.searchsorted(first, position, side="right") - 1
        near_start = position - first[run] < keep
        near_end = last[run] - position < keep
        return cls(position[near_start | near_end].astype(np.int64) + start)

    def __len__(self) -> int:
        """Number of positions in the grid."""
        return len(self.kept)

    def to_sheet(self, first: int, stop: int) -> tuple[int, int]:
        """Half-open grid interval -> half-open sheet interval; exact for every interval."""
        return int(self.kept[first]), int(self.kept[stop - 1]) + 1

    def to_grid(self, first: int, stop: int) -> tuple[int, int]:
        """Half-open sheet interval -> half-open grid interval; an edge folded away moves to the nearest."""
        return self._nearest(first), self._nearest(stop - 1) + 1

    def gaps(self) -> Positions:
        """Number of sheet positions folded away right after each kept one (0 after the last)."""
        return np.append(np.diff(self.kept) - 1, 0) if len(self.kept) else self.kept

    def _nearest(self, position: int) -> int:
        right = int(np.clip(np.searchsorted(self.kept, position), 0, len(self.kept) - 1))
        left = max(right - 1, 0)
        closer_left = abs(position - int(self.kept[left])) < abs(int(self.kept[right]) - position)
        return left if closer_left else right


@dataclass(frozen=True, eq=False, slots=True)
class Fold:
    """The way from sheet to grid and back, for boxes."""

    rows: AxisFold
    columns: AxisFold

    def to_sheet(self, box: Box) -> Box:
        """Map a grid box to the sheet; exact for every box inside the grid."""
        left, right = self.columns.to_sheet(box.left, box.right)
        top, bottom = self.rows.to_sheet(box.top, box.bottom)
        return Box(left, top, right, bottom)

    def to_grid(self, box: Box) -> Box:
        """Map a sheet box to the grid; edges that were folded away move to the nearest kept position."""
        left, right = self.columns.to_grid(box.left, box.right)
        top, bottom = self.rows.to_grid(box.top, box.bottom)
        return Box(left, top, right, bottom)

    def is_exact(self, box: Box) -> bool:
        """Whether a sheet box survives the way to the grid and back."""
        return self.to_sheet(self.to_grid(box)) == box


def line_signatures(entries: Iterable[tuple[int, int, int]], start: int, length: int) -> NDArray[np.int64]:
    """Number the distinct patterns of the lines of a sparse grid.

    Args:
        entries: ``(line, position, code)`` of every cell that is not blank, sorted.
        start: first line.
        length: number of lines; lines without entries share the pattern 0.

    Returns:
        One number a line, equal exactly for lines with the same codes at the same positions.
    """
    lines: dict[int, list[tuple[int, int]]] = {}
    for line, position, code in entries:
        lines.setdefault(line, []).append((position, code))
    numbers: dict[tuple[tuple[int, int], ...], int] = {(): 0}
    signatures = np.zeros(length, dtype=np.int64)
    for line, pattern in lines.items():
        signatures[line - start] = numbers.setdefault(tuple(pattern), len(numbers))
    return signatures


def fold_cells(
    codes: dict[tuple[int, int], int], extent: Box, keep: int, edges: Collection[Box] = ()
) -> Fold:
    """Fold a sparse grid of pattern codes: rows first, then columns over the kept rows.

    Args:
        codes: ``(row, column)`` -> code for every cell that is not blank.
        extent: the part of the sheet that becomes the grid.
        keep: rows or columns kept at each end of a run.
        edges: boxes whose edges end a run, so that they are kept whatever the cells look like.
    """
    inside = [
        (row, column, code)
        for (row, column), code in sorted(codes.items())
        if extent.top <= row < extent.bottom and extent.left <= column < extent.right
    ]
    signatures = line_signatures(inside, extent.top, extent.height)
    row_edges = [edge for box in edges for edge in (box.top, box.bottom)]
    rows = AxisFold.from_signatures(_cut(signatures, extent.top, row_edges), extent.top, keep)

    kept_rows = set(rows.kept.tolist())
    turned = sorted((column, row, code) for row, column, code in inside if row in kept_rows)
    signatures = line_signatures(turned, extent.left, extent.width)
    column_edges = [edge for box in edges for edge in (box.left, box.right)]
    columns = AxisFold.from_signatures(_cut(signatures, extent.left, column_edges), extent.left, keep)
    return Fold(rows, columns)


def _cut(signatures: Positions, start: int, edges: list[int]) -> Positions:
    """Renumber signatures so that no run goes across an edge."""
    if not edges:
        return signatures
    segment = np.searchsorted(np.unique(edges), np.arange(start, start + len(signatures)), side="right")
    return signatures * (len(edges) + 1) + segment
