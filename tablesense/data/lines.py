"""Lines of a grid left out, doubled or cut off, with the channels that speak of neighbours kept true."""

import numpy as np
from numpy.typing import NDArray

from tablesense.data.sample import Sample
from tablesense.features.channels import INDEX

_BEFORE = {
    1: [
        INDEX[name] for name in ("same_pattern_above", "same_value_above", "greater_than_above", "merged_top")
    ],
    2: [INDEX[name] for name in ("same_pattern_left", "same_value_left", "greater_than_left", "merged_left")],
}
_MERGED_AFTER = {1: INDEX["merged_bottom"], 2: INDEX["merged_right"]}


def spread_folds(values: NDArray[np.uint8]) -> None:
    """Make the fold channels constant along their lines again, or they would show where the seam is."""
    for name, axis in (("rows_folded_after", 1), ("columns_folded_after", 0)):
        plane = values[INDEX[name]]
        plane[:] = plane.max(axis=axis, keepdims=True)


def repeat_lines(sample: Sample, times: NDArray[np.int64], axis: int) -> Sample:
    """Repeat each line as often as ``times`` says; lines at table edges once."""
    values = np.repeat(sample.values, times, axis=axis)
    second = np.flatnonzero(np.diff(np.repeat(np.arange(len(times)), times), prepend=-1) == 0)
    _mark_repeated(values, second, axis)
    position = np.concatenate([[0], np.cumsum(times)])
    boxes = sample.boxes.copy()
    ends = [0, 2] if axis == 2 else [1, 3]
    boxes[:, ends] = position[boxes[:, ends]]
    return Sample(values, boxes, None)


def _mark_repeated(values: NDArray[np.uint8], lines: NDArray[np.int64], axis: int) -> None:
    """A doubled line has the pattern of the one before it, and no merge joins the two.

    Its numbers rise or fall as those of the line that it doubles.
    """
    pattern, value, _, merged = _BEFORE[axis]
    turned = values if axis == 1 else values.transpose(0, 2, 1)  # a view: lines are the second axis
    turned[pattern, lines] = turned[INDEX["filled"], lines]
    turned[value, lines] = 0
    turned[merged, lines] = 0
    turned[_MERGED_AFTER[axis], lines - 1] = 0


def forget_outside(values: NDArray[np.uint8]) -> None:
    """Make a part that was cut out of a grid say nothing of the lines that were around it.

    But texts that came again and sums stay what they were: a header, or a total, still looks like one.
    """
    for axis, names in _BEFORE.items():
        turned = values if axis == 1 else values.transpose(0, 2, 1)
        turned[names, 0] = 0
        turned[_MERGED_AFTER[axis], -1] = 0
