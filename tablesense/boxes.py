"""The one box convention: A1 ranges, cell boxes, EoB and IoU.

A :class:`Box` counts cells from zero and is half-open: ``A1:B3`` is
``Box(left=0, top=0, right=2, bottom=3)``. Tensors and arrays hold the same four numbers in the
same order ``(left, top, right, bottom)``. Only :func:`parse_a1` and :func:`to_a1` know that a
spreadsheet writes ranges inclusively and from one.
"""

import re
from typing import NamedTuple

MAX_ROWS = 1_048_576
MAX_COLS = 16_384

_RANGE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})(?::\$?([A-Za-z]{1,3})\$?(\d{1,7}))?")


class Box(NamedTuple):
    """A half-open rectangle of cells; ``right`` and ``bottom`` are the first cell outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def area(self) -> int:
        """Number of cells."""
        return self.width * self.height

    def intersection(self, other: "Box") -> int:
        """Number of cells in both boxes."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0) * max(height, 0)

    def contains(self, other: "Box") -> bool:
        """Whether every cell of ``other`` is in this box."""
        return self.intersection(other) == other.area

    def shift(self, columns: int, rows: int) -> "Box":
        """The box moved right by ``columns`` and down by ``rows``."""
        return Box(self.left + columns, self.top + rows, self.right + columns, self.bottom + rows)


def column_index(letters: str) -> int:
    """``A`` -> 0, ``Z`` -> 25, ``AA`` -> 26."""
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - 64
    return index - 1


def column_letters(index: int) -> str:
    """Inverse of :func:`column_index`."""
    letters = ""
    index += 1
    while index > 0:
        index, remainder = divmod(index - 1, 26)
        letters = chr(65 + remainder) + letters
    return letters


def parse_a1(text: str) -> Box:
    """Read an A1 range or a single cell; ``$`` and spaces are allowed, corners come in any order.

    Raises:
        ValueError: the text is no range, or lies outside a worksheet (16,384 x 1,048,576 cells).
    """
    match = _RANGE.fullmatch(text.replace(" ", ""))
    if match is None:
        raise ValueError(f"{text!r} is not a cell range like 'B2:F14'")
    columns = sorted(column_index(letters) for letters in (match[1], match[3] or match[1]))
    rows = sorted(int(number) - 1 for number in (match[2], match[4] or match[2]))
    if rows[0] < 0 or rows[1] >= MAX_ROWS or columns[1] >= MAX_COLS:
        raise ValueError(f"{text!r} lies outside a worksheet")
    return Box(columns[0], rows[0], columns[1] + 1, rows[1] + 1)


def to_a1(box: Box) -> str:
    """Write a box as an A1 range; a single cell is written ``B2:B2``, so every range has two corners.

    Raises:
        ValueError: the box is empty or has a negative corner.
    """
    if box.left < 0 or box.top < 0 or box.width < 1 or box.height < 1:
        raise ValueError(f"{box} is not a rectangle of cells")
    first = f"{column_letters(box.left)}{box.top + 1}"
    return f"{first}:{column_letters(box.right - 1)}{box.bottom}"


def eob(a: Box, b: Box) -> int:
    """Error of boundary: the largest of the four edge offsets, in cells (TableSense, AAAI 2019)."""
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, counted in cells."""
    shared = a.intersection(b)
    return shared / (a.area + b.area - shared) if shared else 0.0
