"""Self-training: silver sheets are marked again by the network that learns from them.

A machine that marked sheets made mistakes, and has habits of its own. The network is told by a hint which
sheets these are; without the hint it says what people would mark, also on them. Where it is sure, that
replaces the machine's marks, and the sheet counts as one that people marked (pseudo-labels, as in Xie et
al., Noisy Student, CVPR 2020; the noise is the augmentation and the dropout).
"""

import numpy as np
from numpy.typing import NDArray

from tablesense.data.sample import Sample, collate
from tablesense.data.silver import SilverSheets
from tablesense.model.decode import LEAST_SCORE, ScoredBox, decode
from tablesense.model.detector import TableDetector

SURE = 0.8
"""A sheet is marked again where every box is scored at least this, or at most one minus this."""


def remark(network: TableDetector, silver: SilverSheets) -> str:
    """Mark the silver sheets again, where the network is sure; says how many.

    Args:
        network: in training or not; it is left so.
        silver: the sheets.
    """
    training = network.training
    network.eval()
    marks: dict[int, NDArray[np.int64]] = {}
    for number, sample in silver.originals.items():
        boxes = _sure_boxes(network, sample)
        if boxes is not None:
            marks[number] = boxes
    network.train(training)
    silver.mark(marks)
    other = sum(_as_set(boxes) != _as_set(silver.originals[number].boxes) for number, boxes in marks.items())
    return f"{len(marks)} of {len(silver.originals)} silver sheets marked again, {other} of them otherwise"


def _sure_boxes(network: TableDetector, sample: Sample) -> NDArray[np.int64] | None:
    """The tables of a sheet as ``[N, 4]``, None where the network is not sure of every one."""
    batch = collate([sample])
    (found,) = decode(network.answer(batch.grid, batch.mask), LEAST_SCORE)
    if any(1 - SURE < scored.score < SURE for scored in found):
        return None
    return _array([scored for scored in found if scored.score >= SURE])


def _array(found: list[ScoredBox]) -> NDArray[np.int64]:
    return np.array([scored.box for scored in found], dtype=np.int64).reshape(-1, 4)


def _as_set(boxes: NDArray[np.int64]) -> set[tuple[int, ...]]:
    return {tuple(box) for box in boxes.tolist()}
