"""Crowded sheets out of real ones: small tables, cut out with what stands around them, put side by side.

Sheets of many small tables are rare in annotated corpora, and what detectors miss most. Here one table
comes again and again, as in a form, or different ones come together, in shelves of a few pieces each.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tablesense.data.lines import forget_outside, repeat_lines, spread_folds
from tablesense.data.sample import Sample
from tablesense.features.channels import NUM_CHANNELS

_ROWS, _COLUMNS = 14, 10  # of a piece at most, its surroundings aside: long ones lose lines in the middle
_AROUND = 3  # lines above and below a table that come along: titles, notes
_MOST_SHELVES, _MOST_BESIDE = 5, 3


def compose(draw: Callable[[], Sample], rng: np.random.Generator, max_cells: int) -> Sample | None:
    """A new sheet of tables cut out of others.

    Args:
        draw: gives a sheet.
        rng: what is drawn with.
        max_cells: most cells of the new sheet; shelves that would lead beyond are left out.

    Returns:
        The sheet; None where the sheets drawn hold no table.
    """
    alike = bool(rng.random() < 0.5)
    model = cut_out(draw(), rng)
    shelves: list[Sample] = []
    for _ in range(int(rng.integers(1, _MOST_SHELVES + 1))):
        pieces = []
        for _ in range(int(rng.integers(1, _MOST_BESIDE + 1))):
            piece = shorten(model, rng) if alike and model is not None else cut_out(draw(), rng)
            if piece is not None:
                pieces.append(piece)
        if pieces:
            shelves.append(_join(pieces, rng, axis=2))
    kept: list[Sample] = []
    for shelf in shelves:
        rows = sum(s.values.shape[1] + 2 for s in [*kept, shelf])
        columns = max(s.values.shape[2] for s in [*kept, shelf])
        if rows * columns <= max_cells:
            kept.append(shelf)
    return _join(kept, rng, axis=1) if kept else None


def cut_out(sample: Sample, rng: np.random.Generator) -> Sample | None:
    """One table of a sheet, shortened, with a few lines above and below that are no table's."""
    if not len(sample.boxes):
        return None
    left, top, right, bottom = sample.boxes[rng.integers(len(sample.boxes))].tolist()
    across = (sample.boxes[:, 0] < right) & (sample.boxes[:, 2] > left)
    ceiling = max((b for b in sample.boxes[across, 3].tolist() if b <= top), default=0)
    floor = min((t for t in sample.boxes[across, 1].tolist() if t >= bottom), default=sample.values.shape[1])
    first = max(top - int(rng.integers(0, _AROUND + 1)), ceiling)
    stop = min(bottom + int(rng.integers(0, _AROUND)), floor)
    values = sample.values[:, first:stop, left:right].copy()
    forget_outside(values)
    box = np.array([[0, top - first, right - left, bottom - first]])
    piece = Sample(values, box)
    return shorten(shorten(piece, rng), rng, axis=2)


def shorten(piece: Sample, rng: np.random.Generator, axis: int = 1) -> Sample:
    """Leave out lines in the middle of a table (axis 1: rows, 2: columns) until it is small."""
    most = _ROWS if axis == 1 else _COLUMNS
    low, high = piece.boxes[0, [1, 3] if axis == 1 else [0, 2]].tolist()
    wanted = int(rng.integers(3, most + 1))
    spare = np.arange(low + 2, high - 1)  # the first two lines and the last one stay
    surplus = min((high - low) - wanted, len(spare))
    if surplus <= 0:
        return piece
    times = np.ones(piece.values.shape[axis], dtype=np.int64)
    times[rng.choice(spare, surplus, replace=False)] = 0
    return repeat_lines(piece, times, axis)


def _join(pieces: list[Sample], rng: np.random.Generator, axis: int) -> Sample:
    """Put pieces behind each other along an axis, one or two blank lines between."""
    gaps = [0, *rng.integers(1, 3, len(pieces) - 1).tolist()]
    across = 3 - axis
    starts = np.cumsum([0, *(p.values.shape[axis] for p in pieces[:-1])]) + np.cumsum(gaps)
    shape = [NUM_CHANNELS, 0, 0]
    shape[axis] = int(starts[-1]) + pieces[-1].values.shape[axis]
    shape[across] = max(piece.values.shape[across] for piece in pieces)
    values: NDArray[np.uint8] = np.zeros(shape, dtype=np.uint8)
    boxes = []
    for piece, start in zip(pieces, starts.tolist(), strict=True):
        at = [slice(None), slice(0, piece.values.shape[1]), slice(0, piece.values.shape[2])]
        at[axis] = slice(start, start + piece.values.shape[axis])
        values[tuple(at)] = piece.values
        boxes.append(piece.boxes + (np.array([0, start, 0, start]) if axis == 1 else [start, 0, start, 0]))
    spread_folds(values)
    return Sample(values, np.concatenate(boxes))
