"""Which rows and columns of a sheet the report shows folded at first, and which do not fit in the page."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]
"""A half-open run of rows or columns."""

Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]

_DEEP = 25  # rows of a table that are shown at each of its ends whatever they look like
_NEAR = 30  # rows around the edges of tables, which go into the page before any other


def fold(
    signatures: Numbers,
    edges: Iterable[int],
    inside: Iterable[Span] = (),
    *,
    context: int = 3,
    least: int = 8,
    small: int = 60,
) -> list[Span]:
    """The runs that are folded: the middle of like lines, and of long tables; never the edge of a table.

    Args:
        signatures: one number a line, equal for lines of like cells.
        edges: first lines, and first lines behind, of tables.
        inside: tables, whose lines far from both ends are folded also where they are not alike.
        context: lines shown at each end of a run, and around an edge.
        least: lines a fold hides at least; fewer are not worth the line that says so.
        small: of so few lines none is folded.
    """
    count = len(signatures)
    if count <= small:
        return []
    alike = np.concatenate([[False], signatures[1:] == signatures[:-1]])
    # A line is inside a run when it, and the `context` lines on both sides, are all like their neighbours.
    foldable = _all_within(alike, context)
    for start, stop in inside:
        foldable[start + _DEEP : max(stop - _DEEP, start + _DEEP)] = True
    for edge in edges:
        foldable[max(edge - context, 0) : edge + context] = False
    return [(start, stop) for start, stop in spans_where(foldable) if stop - start >= least]


def spans_where(flags: Flags) -> list[Span]:
    """The runs of lines that are flagged."""
    padded = np.concatenate([[False], flags, [False]])
    changes = np.flatnonzero(padded[1:] != padded[:-1]).tolist()
    return list(zip(changes[::2], changes[1::2], strict=True))


def spans_of(lines: Iterable[int]) -> list[Span]:
    """Lines as runs."""
    spans: list[Span] = []
    for line in sorted(set(lines)):
        if spans and spans[-1][1] == line:
            spans[-1] = (spans[-1][0], line + 1)
        else:
            spans.append((line, line + 1))
    return spans


def without(spans: Sequence[Span], others: Sequence[Span], count: int) -> list[Span]:
    """What is left of spans where others are taken out."""
    return spans_where(flags_of(spans, count) & ~flags_of(others, count))


def flags_of(spans: Iterable[Span], count: int) -> Flags:
    """A flag for each of ``count`` lines: whether it lies in one of the spans."""
    flags = np.zeros(count, dtype=np.bool_)
    for start, stop in spans:
        flags[start:stop] = True
    return flags


def rows_that_fit(
    rows: Numbers, costs: Numbers, allowance: int, folds: Sequence[Span], edges: Iterable[int]
) -> Flags:
    """Which rows go into the page: those at the edges of tables first, then those not folded, from the top.

    Args:
        rows: the rows that hold anything, ascending.
        costs: bytes that each of them takes.
        allowance: bytes that the sheet may take.
        folds: rows shown folded.
        edges: as in :func:`fold`.

    Returns:
        A flag for each of ``rows``.
    """
    if int(costs.sum()) <= allowance:
        return np.ones(len(rows), dtype=np.bool_)
    count = int(rows[-1]) + 1
    rank = np.where(flags_of(folds, count), 2, 1)
    for edge in edges:
        rank[max(edge - _NEAR, 0) : edge + _NEAR] = 0
    order = np.argsort(rank[rows], kind="stable")
    fits = np.zeros(len(rows), dtype=np.bool_)
    fits[order] = np.cumsum(costs[order]) <= allowance
    return fits


def fair_shares(costs: Sequence[int], budget: int) -> list[int]:
    """What each may take of a budget: small ones all they need, large ones the same each."""
    shares = [0] * len(costs)
    left = budget
    ascending = sorted(range(len(costs)), key=costs.__getitem__)
    for done, number in enumerate(ascending):
        shares[number] = min(costs[number], left // (len(costs) - done))
        left -= shares[number]
    return shares


def _all_within(flags: Flags, reach: int) -> Flags:
    """Whether all flags from ``reach`` before to ``reach`` behind are set, the first behind included."""
    sums = np.concatenate([[0], np.cumsum(flags)])
    width = 2 * reach + 1
    result = np.zeros(len(flags), dtype=np.bool_)
    if len(flags) > width:
        result[reach : len(flags) - reach] = sums[width:] - sums[:-width] == width
    return result
