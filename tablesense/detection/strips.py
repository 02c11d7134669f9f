"""Sheets too large for the network in one piece: cut between tables where that is possible."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tablesense.features.channels import INDEX
from tablesense.features.featurize import SheetGrid

# The network holds some 8 KB a cell on its way: 100,000 cells stay well under 1 GB.
MAX_GRID_CELLS = 100_000


class Strips(NamedTuple):
    """The parts of a grid that are looked at.

    rows: half-open runs of grid rows. columns: how many columns of each, from the left.
    unseen: runs of rows left out.
    """

    rows: list[tuple[int, int]]
    columns: int
    unseen: list[tuple[int, int]]


def cut_in_strips(grid: SheetGrid, max_cells: int) -> Strips:
    """Cut a grid into runs of rows of at most ``max_cells`` cells, at blank rows so that no table is cut.

    Where no blank row is near enough, what is too much is left out: half a table would be found as a
    whole one.
    """
    columns = min(grid.width, max_cells)
    limit = max(1, max_cells // columns)
    blank = ~(grid.values[INDEX["filled"]] > 0).any(1)
    rows, unseen, start = [], [], 0
    while start < grid.height:
        if grid.height - start <= limit:
            rows.append((start, grid.height))
            break
        ends = np.flatnonzero(blank[start + 1 : start + limit + 1])
        if len(ends):
            end = start + 1 + int(ends[-1])
            rows.append((start, end))
        else:
            rows.append((start, start + limit))
            later = np.flatnonzero(blank[start + limit :])
            end = start + limit + int(later[0]) if len(later) else grid.height
            unseen.append((start + limit, end))
        start = end
    return Strips(rows, columns, unseen)


def describe_unseen(grid: SheetGrid, strips: Strips, max_cells: int) -> str | None:
    """What was left out, in rows and columns of the sheet; None when nothing was."""
    parts = []
    if strips.unseen:
        spans = [grid.fold.rows.to_sheet(start, stop) for start, stop in strips.unseen]
        parts.append("rows " + ", ".join(f"{start + 1}-{stop}" for start, stop in spans))
    if strips.columns < grid.width:
        start, stop = grid.fold.columns.to_sheet(strips.columns, grid.width)
        parts.append(f"columns {start + 1}-{stop}")
    if not parts:
        return None
    return f"too large to look at whole ({max_cells:,} cells at a time): {' and '.join(parts)} were left out"
