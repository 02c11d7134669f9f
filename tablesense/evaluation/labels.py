"""Where the labels of a picture go: at a corner of what they name, where they hide least."""

from collections.abc import Sequence
from typing import NamedTuple

LABEL_HEIGHT = 15
_LETTER_WIDTH = 6.4  # of 11 pixel bold Helvetica, capitals and digits
_PADDING = 8


class Area(NamedTuple):
    """A rectangle of pixels."""

    left: int
    top: int
    right: int
    bottom: int

    def overlap(self, other: "Area") -> int:
        """Number of pixels in both."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0) * max(height, 0)


def text_width(text: str) -> int:
    """About as many pixels as a text takes."""
    return round(len(text) * _LETTER_WIDTH)


def place_labels(wanted: Sequence[tuple[Area, str]], texts: Sequence[Area], bounds: Area) -> list[Area]:
    """One plate for every label.

    Args:
        wanted: what each label names, and its text; the first choose first.
        texts: what a plate should not cover.
        bounds: where plates may lie.
    """
    placed: list[Area] = []
    for area, text in wanted:
        plates = _candidates(area, text_width(text) + _PADDING, bounds)
        placed.append(min(plates, key=lambda plate: _hidden(plate, placed, texts)))
    return placed


def _candidates(area: Area, width: int, bounds: Area) -> list[Area]:
    """Plates above and below both corners, then inside, then above one another; all within bounds."""
    lefts = (area.left, area.right - width)
    tops = [area.top - LABEL_HEIGHT, area.bottom, area.top, area.bottom - LABEL_HEIGHT]
    tops += [area.top - 2 * LABEL_HEIGHT, area.bottom + LABEL_HEIGHT]
    plates = []
    for top in tops:
        for left in lefts:
            x = max(min(left, bounds.right - width), bounds.left)
            y = max(min(top, bounds.bottom - LABEL_HEIGHT), bounds.top)
            plates.append(Area(x, y, x + width, y + LABEL_HEIGHT))
    return plates


def _hidden(plate: Area, placed: Sequence[Area], texts: Sequence[Area]) -> int:
    """What a plate would hide; another label counts more than any text."""
    labels = sum(plate.overlap(other) for other in placed)
    return 1000 * labels + sum(plate.overlap(text) for text in texts)
