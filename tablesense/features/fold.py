"""Structural compression: rows and columns that repeat their neighbours are folded, exactly undoably.

In a run of rows with the same pattern of cells only the first and last few can carry a table's edge.
The middle of such a run is left out of the grid; the kept positions are the map back. Then the same
for columns, over the rows that were kept.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
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

    def index(self, positions: Positions) -> Positions:
        """Where in the grid some sheet positions are, -1 for those that were folded away."""
        if len(self.kept) == 0:
            return np.full(len(positions), -1)
        at = np.minimum(np.searchsorted(self.kept, positions), len(self.kept) - 1)
        return np.where(self.kept[at] == positions, at, -1)

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


def line_signatures(
    lines: Positions, positions: Positions, codes: Positions, start: int, length: int
) -> Positions:
    """Number the distinct patterns of the lines of a sparse grid.

    Args:
        lines: line of every cell that is not blank, ascending.
        positions: where on its line each of them is, ascending on a line.
        codes: the code of each.
        start: first line.
        length: number of lines; lines without cells share the pattern 0.

    Returns:
        One number a line, equal exactly for lines with the same codes at the same positions.
    """
    signatures = np.zeros(length, dtype=np.int64)
    if len(lines) == 0:
        return signatures
    pairs = np.stack([positions, codes], axis=1).tobytes()
    pair_bytes = len(pairs) // len(lines)
    first = np.concatenate([[0], np.flatnonzero(np.diff(lines)) + 1])
    cuts = (np.append(first, len(lines)) * pair_bytes).tolist()
    numbers: dict[bytes, int] = {}
    signatures[lines[first] - start] = [
        numbers.setdefault(pairs[cut:stop], len(numbers) + 1) for cut, stop in pairwise(cuts)
    ]
    return signatures


def fold_cells(
    rows: Positions,
    columns: Positions,
    codes: Positions,
    extent: Box,
    keep: int,
    edges: Collection[Box] = (),
) -> Fold:
    """Fold a sparse grid of pattern codes: rows first, then columns over the kept rows.

    Args:
        rows: row of every cell that is not blank, ascending.
        columns: column of each, ascending in a row.
        codes: the code of each, not 0.
        extent: the part of the sheet that becomes the grid.
        keep: rows or columns kept at each end of a run.
        edges: boxes whose edges end a run, so that they are kept whatever the cells look like.
    """
    inside = (rows >= extent.top) & (rows < extent.bottom)
    inside &= (columns >= extent.left) & (columns < extent.right)
    rows, columns, codes = rows[inside], columns[inside], codes[inside]
    signatures = line_signatures(rows, columns, codes, extent.top, extent.height)
    row_edges = [edge for box in edges for edge in (box.top, box.bottom)]
    kept_rows = AxisFold.from_signatures(_cut(signatures, extent.top, row_edges), extent.top, keep)

    is_kept = kept_rows.index(rows) >= 0
    rows, columns, codes = rows[is_kept], columns[is_kept], codes[is_kept]
    turned = np.argsort(columns, kind="stable")
    signatures = line_signatures(columns[turned], rows[turned], codes[turned], extent.left, extent.width)
    column_edges = [edge for box in edges for edge in (box.left, box.right)]
    kept_columns = AxisFold.from_signatures(_cut(signatures, extent.left, column_edges), extent.left, keep)
    return Fold(kept_rows, kept_columns)


def _cut(signatures: Positions, start: int, edges: list[int]) -> Positions:
    """Renumber signatures so that no run goes across an edge."""
    if not edges:
        return signatures
    segment = np.searchsorted(np.unique(edges), np.arange(start, start + len(signatures)), side="right")
    return signatures * (len(edges) + 1) + segment
