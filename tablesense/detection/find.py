"""From prepared sheets to tables: batched, seen by the network, mapped back to the sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from tablesense.data.sample import Sample, Source, pack
from tablesense.detection.reading import FoundSheet, PreparedSheet
from tablesense.detection.strips import MAX_GRID_CELLS, cut_in_strips, describe_unseen
from tablesense.errors import UserError
from tablesense.features.channels import INDEX
from tablesense.features.featurize import Bytes, SheetGrid
from tablesense.model.answer import Answering
from tablesense.model.decode import ScoredBox, decode

_MAX_SHEETS = 32  # packed at once: choosing what to pad together takes time that grows with their cube


class _Piece(NamedTuple):
    """Part of a sheet, small enough for the network: the sheet's number and the grid row it begins in."""

    number: int
    top: int
    values: Bytes
    grid: SheetGrid


class TableFinder:
    """Finds tables with a network.

    Args:
        network: the network, ready to detect.
        threshold: a box scored lower is no table; None takes the network's own.
        max_grid_cells: cells of a folded sheet that the network sees at once.

    Raises:
        UserError: the threshold does not lie between 0 and 1, or ``max_grid_cells`` is not positive.
    """

    def __init__(
        self,
        network: Answering,
        threshold: float | None = None,
        max_grid_cells: int = MAX_GRID_CELLS,
    ) -> None:
        self.network = network
        self.threshold = network.score_threshold if threshold is None else threshold
        if not 0 <= self.threshold <= 1:
            raise UserError(f"threshold: must lie between 0 and 1, got {self.threshold}")
        if max_grid_cells < 1:
            raise UserError(f"max_grid_cells: must be 1 or more, got {max_grid_cells}")
        self.max_grid_cells = max_grid_cells
        on_gpu = network.device.type == "cuda"
        # What a pass costs beside its cells, in cells, and the cells of a pass: see `pack`.
        self._pass_cost, self._pass_cells = (20_000, 200_000) if on_gpu else (500, 20_000)

    def find(self, sheets: Sequence[PreparedSheet]) -> list[FoundSheet]:
        """The tables of each sheet; batched, but the same as one sheet at a time."""
        found = [FoundSheet(note=sheet.note) for sheet in sheets]
        pieces = [piece for number in range(len(sheets)) for piece in self._pieces(number, sheets, found)]
        for first in range(0, len(pieces), _MAX_SHEETS):
            part = pieces[first : first + _MAX_SHEETS]
            for piece, boxes in self._run(part):
                found[piece.number].tables += _on_sheet(piece, boxes)
        for result in found:
            result.tables.sort(key=lambda table: (table.box.top, table.box.left))
        return found

    def _pieces(
        self, number: int, sheets: Sequence[PreparedSheet], found: Sequence[FoundSheet]
    ) -> Iterator[_Piece]:
        """The parts of a sheet that the network is to see; what it will not see is noted."""
        grid = sheets[number].grid
        if grid is None:
            return
        strips = cut_in_strips(grid, self.max_grid_cells)
        notes = (found[number].note, describe_unseen(grid, strips, self.max_grid_cells))
        found[number].note = "; ".join(filter(None, notes)) or None
        for start, stop in strips.rows:
            values = grid.values[:, start:stop, : strips.columns]
            if values[INDEX["filled"]].any():
                yield _Piece(number, start, values, grid)

    def _run(self, pieces: Sequence[_Piece]) -> Iterator[tuple[_Piece, list[ScoredBox]]]:
        """The boxes of each piece, in cells of the piece; packing changes the order."""
        no_tables = np.zeros((0, 4), dtype=np.int64)
        samples = [
            Sample(piece.values, no_tables, Source("", "", str(index), (), piece.grid.fold))
            for index, piece in enumerate(pieces)
        ]
        for batch in pack(samples, self._pass_cost, self._pass_cells):
            answer = self.network.answer(batch.grid, batch.mask)
            for source, boxes in zip(batch.sources, decode(answer, self.threshold), strict=True):
                if source is not None:
                    yield pieces[int(source.sheet_name)], boxes


def _on_sheet(piece: _Piece, boxes: list[ScoredBox]) -> Iterator[ScoredBox]:
    """Boxes of a piece in cells of the sheet; one around blank cells only is no table."""
    filled = piece.values[INDEX["filled"]] > 0
    for box, score in boxes:
        if filled[box.top : box.bottom, box.left : box.right].any():
            yield ScoredBox(piece.grid.fold.to_sheet(box.shift(0, piece.top)), score)
