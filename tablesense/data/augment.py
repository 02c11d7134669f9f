"""Augmentation of grids: glue, blank margins, doubled and dropped lines, formatting dropped.

Everything works on folded grids; a sheet's boxes move along exactly.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tablesense.data.compose import compose
from tablesense.data.lines import repeat_lines, spread_folds
from tablesense.data.sample import Sample
from tablesense.features.channels import FORMATTING, NUM_CHANNELS


@dataclass(frozen=True)
class AugmentConfig:
    """How often each change is made to a training sheet, as probabilities.

    Attributes:
        glue: another sheet is put below or beside, one to three blank lines between.
        max_glued: most sheets glued together.
        drop_formatting: all formatting goes, so that one model serves values-only sheets too.
        margin: blank rows and columns are put before the sheet.
        stretch: rows and columns away from edges are doubled or left out.
        crop: what lies outside the tables at one side is cut off.
        drop_channels: each channel goes, whatever it is, a new choice for every sheet.
        compose: the sheet is replaced by a crowded one, made of small tables cut out of sheets.
        max_cells: a sheet is not glued or composed where that would give more cells than this.
    """

    glue: float = 0.35
    max_glued: int = 4
    drop_formatting: float = 0.3
    margin: float = 0.2
    stretch: float = 0.5
    crop: float = 0.1
    drop_channels: float = 0.0
    compose: float = 0.0
    max_cells: int = 3000


class Augment:
    """Applies an :class:`AugmentConfig` to samples.

    Args:
        config: the probabilities.
    """

    def __init__(self, config: AugmentConfig) -> None:
        self.config = config

    def __call__(self, sample: Sample, draw: Callable[[], Sample], rng: np.random.Generator) -> Sample:
        """Augment one sample; ``draw`` gives another one to glue to it."""
        config = self.config
        if config.compose and rng.random() < config.compose:
            crowded = compose(draw, rng, config.max_cells)
            return self._finish(sample if crowded is None else crowded, rng)
        result = self._single(sample, rng)
        for _ in range(config.max_glued - 1):
            if rng.random() >= config.glue:
                break
            other = self._single(draw(), rng)
            glued = glue(result, other, below=bool(rng.random() < 0.6), gap=int(rng.integers(1, 4)))
            if glued.cells > config.max_cells:
                break
            result = glued
        return self._finish(result, rng)

    def _finish(self, sample: Sample, rng: np.random.Generator) -> Sample:
        if rng.random() < self.config.margin:
            sample = add_margin(sample, int(rng.integers(0, 4)), int(rng.integers(0, 3)))
        if rng.random() < self.config.drop_formatting:
            sample = drop_formatting(sample)
        if self.config.drop_channels:
            sample = drop_channels(sample, rng.random(NUM_CHANNELS) < self.config.drop_channels)
        return sample

    def _single(self, sample: Sample, rng: np.random.Generator) -> Sample:
        if rng.random() < self.config.crop:
            sample = crop_outside(sample, rng)
        if rng.random() < self.config.stretch:
            sample = stretch(sample, rng, axis=1)
        if rng.random() < self.config.stretch:
            sample = stretch(sample, rng, axis=2)
        return sample


def glue(first: Sample, second: Sample, below: bool, gap: int) -> Sample:
    """Put the second sheet below the first or to its right, ``gap`` blank lines between."""
    _, rows, columns = first.values.shape
    _, other_rows, other_columns = second.values.shape
    top, left = (rows + gap, 0) if below else (0, columns + gap)
    shape = (NUM_CHANNELS, max(rows, top + other_rows), max(columns, left + other_columns))
    values = np.zeros(shape, dtype=np.uint8)
    values[:, :rows, :columns] = first.values
    values[:, top : top + other_rows, left : left + other_columns] = second.values
    spread_folds(values)
    moved = second.boxes + np.array([left, top, left, top])
    return Sample(values, np.concatenate([first.boxes, moved]))


def add_margin(sample: Sample, rows: int, columns: int) -> Sample:
    """Put blank rows above and blank columns to the left."""
    values = np.pad(sample.values, ((0, 0), (rows, 0), (columns, 0)))
    spread_folds(values)
    return Sample(values, sample.boxes + np.array([columns, rows, columns, rows]))


def drop_formatting(sample: Sample) -> Sample:
    """Leave the values alone."""
    return drop_channels(sample, list(FORMATTING))


def drop_channels(sample: Sample, dropped: NDArray[np.bool_] | list[int]) -> Sample:
    """Leave out some channels. dropped: their numbers, or ``[C]`` flags."""
    values = sample.values.copy()
    values[dropped] = 0
    return Sample(values, sample.boxes)


def stretch(sample: Sample, rng: np.random.Generator, axis: int) -> Sample:
    """Double or leave out some lines (axis 1: rows, 2: columns) that touch no table's edge."""
    near = near_edges(sample.boxes, sample.values.shape[axis], axis)
    change = rng.random(len(near))
    rate = rng.random() * 0.25
    times = np.where(near, 1, np.where(change < rate, 2, np.where(change > 1 - rate, 0, 1)))
    if times.sum() == 0:
        return sample
    return repeat_lines(sample, times, axis)


def thin(sample: Sample, max_cells: int) -> Sample:
    """Leave out rows of a large training sheet, evenly and away from edges, so that it loses no table.

    A sheet whose rows at the edges alone are too many stays too large.
    """
    _, rows, columns = sample.values.shape
    near = near_edges(sample.boxes, rows, axis=1)
    spare = np.flatnonzero(~near)
    # A sheet that is wider than all that is allowed, and has no table, still keeps a row.
    wanted = max(max_cells // columns - int(near.sum()), int(not near.any()))
    if rows * columns <= max_cells or wanted >= len(spare):
        return sample
    times = near.astype(np.int64)
    times[spare[np.linspace(0, len(spare) - 1, wanted).astype(np.int64)]] = 1
    return repeat_lines(sample, times, axis=1)


def near_edges(boxes: NDArray[np.int64], length: int, axis: int) -> NDArray[np.bool_]:
    """Lines that must stay as they are: the first two inside each edge of a table and the two outside."""
    near = np.zeros(length, dtype=bool)
    low, high = (0, 2) if axis == 2 else (1, 3)
    for first, stop in boxes[:, [low, high]].tolist():
        near[max(first - 2, 0) : first + 2] = True
        near[max(stop - 2, 0) : stop + 2] = True
    return near


def crop_outside(sample: Sample, rng: np.random.Generator) -> Sample:
    """Cut off all or part of what lies outside the tables at one side."""
    if not len(sample.boxes):
        return sample
    _, rows, columns = sample.values.shape
    left, top = sample.boxes[:, :2].min(0)
    right, bottom = sample.boxes[:, 2:].max(0)
    side = int(rng.integers(4))
    cut_top = int(rng.integers(0, top + 1)) if side == 0 else 0
    cut_left = int(rng.integers(0, left + 1)) if side == 1 else 0
    stop_row = int(rng.integers(bottom, rows + 1)) if side == 2 else rows
    stop_column = int(rng.integers(right, columns + 1)) if side == 3 else columns
    values = sample.values[:, cut_top:stop_row, cut_left:stop_column]
    return Sample(values, sample.boxes - np.array([cut_left, cut_top, cut_left, cut_top]))
