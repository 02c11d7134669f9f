"""Rules on filled cells that need no training: connected components and the used range."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from scipy import ndimage

from tablesense.boxes import Box
from tablesense.errors import UserError
from tablesense.features.featurize import is_filled
from tablesense.sheets.sheet import Sheet

_MOST_CELLS = 20_000_000  # of a used range, one byte each


def components(sheet: Sheet) -> list[Box]:
    """Bounding boxes of filled cells that touch, also at a corner; boxes that overlap become one.

    A blank row or column parts; a cell that stands alone is no table.
    """
    whole = used_range(sheet)
    if whole is None:
        return []
    filled = np.zeros((whole.height, whole.width), dtype=bool)
    for row, column in _filled(sheet):
        filled[row - whole.top, column - whole.left] = True
    labels, _ = ndimage.label(filled, structure=np.ones((3, 3)))
    boxes = [
        Box(columns.start, rows.start, columns.stop, rows.stop).shift(whole.left, whole.top)
        for rows, columns in ndimage.find_objects(labels)
    ]
    return [box for box in join_overlapping(boxes) if box.area > 1]


def join_overlapping(boxes: Iterable[Box]) -> list[Box]:
    """Boxes that overlap become the box around them, until none does."""
    joined: list[Box] = []
    for box in boxes:
        while overlapping := [other for other in joined if other.intersection(box)]:
            joined = [other for other in joined if other not in overlapping]
            box = _around([box, *overlapping])
        joined.append(box)
    return joined


def used_range(sheet: Sheet) -> Box | None:
    """The box around all filled cells; None on an empty sheet.

    Raises:
        UserError: it is too large to hold.
    """
    boxes = [Box(column, row, column + 1, row + 1) for row, column in _filled(sheet)]
    if not boxes:
        return None
    whole = _around(boxes)
    if whole.area > _MOST_CELLS:
        raise UserError(f"a used range of {whole.area:,} cells")
    return whole


def _around(boxes: Sequence[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def _filled(sheet: Sheet) -> Iterator[tuple[int, int]]:
    """Places of the filled cells; all of a merged range whose first cell is filled."""
    for place, cell in sheet.cells.items():
        if is_filled(cell):
            yield place
    for merge in sheet.merges:
        first = sheet.cells.get((merge.top, merge.left))
        if first is not None and is_filled(first) and merge.area <= _MOST_CELLS:
            for row in range(merge.top, merge.bottom):
                yield from ((row, column) for column in range(merge.left, merge.right))
