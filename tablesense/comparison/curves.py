"""Curves drawn with the characters of a terminal."""

from collections.abc import Sequence
from statistics import fmean

from tablesense.comparison.record import Point

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.:-=+*#"

Range = tuple[float, float]


def sparklines(curves: Sequence[Sequence[Point]], width: int, levels: str = BLOCKS) -> list[str]:
    """Draw curves below one another on common scales of x and y.

    Args:
        curves: the points of each, in the order of x; one that is empty gives an empty line.
        width: of each line at most; fewer characters are used when there are fewer different x.
        levels: the characters from low to high.

    Returns:
        A line each: a character stands for the mean of the points at its place, a space for no points.
    """
    places = {x for points in curves for x, _ in points}
    if not places:
        return ["" for _ in curves]
    scale = min(places), max(places)
    means = [_means(points, scale, min(width, len(places))) for points in curves]
    # The scale is that of the means: one gradient of a thousand among many would hide all others.
    drawn = [value for values in means for value in values if value is not None]
    heights = min(drawn), max(drawn)
    return [
        "".join(" " if y is None else levels[_place(y, heights, len(levels))] for y in values).rstrip()
        for values in means
    ]


def _means(points: Sequence[Point], scale: Range, width: int) -> list[float | None]:
    gathered: list[list[float]] = [[] for _ in range(width)]
    for x, y in points:
        gathered[_place(x, scale, width)].append(y)
    return [fmean(ys) if ys else None for ys in gathered]


def _place(value: float, scale: Range, count: int) -> int:
    """Which of ``count`` equal parts of a scale a value falls into."""
    low, high = scale
    share = (value - low) / (high - low) if high > low else 0.0
    return min(int(share * count), count - 1)
