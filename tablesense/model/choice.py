"""Which of the proposed boxes are the tables of a sheet, when no cell can be in two tables.

The boxes are chosen that together have the highest expected number of exact tables: the sum, over the
chosen ones, of the probability that the box is a table. A box over two tables loses against the two, even
where it is the likeliest single one. This is weighted set packing.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tablesense.boxes import Box

_SECONDS = 2.0  # for the solver, which needs a few milliseconds; then the choice is greedy

Conflicts = NDArray[np.bool_]


class Candidate(NamedTuple):
    """A box that may be a table.

    box: in grid cells. weight: the probability that it is one, exactly. score: that there is one, roughly.
    """

    box: Box
    weight: float
    score: float


def choose(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The tables, in no order; no two share a cell.

    Args:
        candidates: the solver's time grows with the square of their number: a few hundred at most.
    """
    candidates = sorted(candidates, key=lambda candidate: -candidate.weight)
    conflicts = _conflicts([candidate.box for candidate in candidates])
    chosen: list[int] = []
    for group in _connected(conflicts):
        within = conflicts[np.ix_(group, group)]
        if within.all():  # any one rules out the others: most tables of most sheets
            chosen.append(int(group[0]))
        else:
            weights = [candidates[number].weight for number in group]
            chosen += [int(group[number]) for number in _packed(weights, within)]
    return [candidates[number] for number in chosen]


def _conflicts(boxes: Sequence[Box]) -> Conflicts:
    """Which boxes share cells, ``[M, M]``, each with itself too."""
    left, top, right, bottom = np.asarray(boxes, dtype=np.int64).reshape(-1, 4).T
    across = (left[:, None] < right) & (left < right[:, None])
    down = (top[:, None] < bottom) & (top < bottom[:, None])
    return across & down


def _connected(conflicts: Conflicts) -> Iterator[NDArray[np.int64]]:
    """The groups of numbers that conflicts connect; each group ascending."""
    left = np.ones(len(conflicts), dtype=bool)
    while left.any():
        group = np.zeros_like(left)
        group[left.argmax()] = True
        while (grown := np.logical_or.reduce(conflicts[group])).sum() > group.sum():
            group = grown
        left &= ~group
        yield np.flatnonzero(group)


def _packed(weights: Sequence[float], conflicts: Conflicts) -> list[int]:
    """Those of the greatest total weight of which no two conflict; weights come the greatest first."""
    # Most sheets need no choice, and importing these takes most of a second.
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    pairs = np.argwhere(np.tril(conflicts, -1))
    rows = np.repeat(np.arange(len(pairs)), 2)
    matrix = coo_array((np.ones(len(rows)), (rows, pairs.ravel())), shape=(len(pairs), len(weights)))
    result = milp(
        -np.asarray(weights),
        integrality=np.ones(len(weights), dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix.tocsr(), ub=1),
        options={"time_limit": _SECONDS},
    )
    if result.success:
        return [int(number) for number in np.flatnonzero(result.x > 0.5)]
    chosen: list[int] = []
    for number in range(len(weights)):
        if not conflicts[number, chosen].any():
            chosen.append(number)
    return chosen
