"""Which of the proposed boxes are the tables of a sheet, when no cell can be in two tables.

The boxes are chosen that together have the highest expected number of exact tables: the sum, over the
chosen ones, of the score of the query times the probability of its edges. A box over two tables loses
against the two, even where it is the likeliest single one. This is weighted set packing.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tablesense.boxes import Box

_MOST = 200  # candidates that are looked at, the best ones: the conflicts of more would take long to solve
_SECONDS = 2.0  # for the solver, which needs a few milliseconds; then the choice is greedy
_PASSED_ON = 0.5


class Candidate(NamedTuple):
    """A box that a query proposes.

    box: in grid cells. query: its number. score: of the query, that it stands for a table. probability:
    of the four edges together.
    """

    box: Box
    query: int
    score: float
    probability: float

    @property
    def weight(self) -> float:
        """The probability that the box is a table, exactly."""
        return self.score * self.probability


def choose(candidates: Sequence[Candidate]) -> list[tuple[Candidate, float]]:
    """The tables and their scores, in no order.

    A query that lost the cells of its box to a chosen one saw a table there as well: half of its score,
    by the share of the chosen box that it covers, is passed on to that one.

    Args:
        candidates: for each query its boxes, the likeliest first.
    """
    best = list({c.query: c for c in reversed(candidates)}.values())
    if not any(_conflict(one, other) for n, one in enumerate(best) for other in best[:n]):
        return [(candidate, candidate.score) for candidate in best]
    candidates = sorted(candidates, key=lambda c: -c.weight)[:_MOST]
    chosen = [candidates[number] for number in _packed(candidates)]
    settled = {candidate.query for candidate in chosen}
    losers = [candidate for candidate in candidates if candidate.query not in settled]
    return [(candidate, _score(candidate, losers)) for candidate in chosen]


def _conflict(one: Candidate, other: Candidate) -> bool:
    return one.query == other.query or one.box.intersection(other.box) > 0


def _packed(candidates: Sequence[Candidate]) -> list[int]:
    """The candidates of the greatest total weight of which no two conflict."""
    # Most sheets need no choice, and importing these takes most of a second.
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    pairs = [
        (a, b) for a in range(len(candidates)) for b in range(a) if _conflict(candidates[a], candidates[b])
    ]
    rows = np.repeat(np.arange(len(pairs)), 2)
    matrix = coo_array((np.ones(len(rows)), (rows, np.ravel(pairs))), shape=(len(pairs), len(candidates)))
    result = milp(
        [-candidate.weight for candidate in candidates],
        integrality=np.ones(len(candidates), dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix.tocsr(), ub=1),
        options={"time_limit": _SECONDS},
    )
    if result.success:
        return [int(number) for number in np.flatnonzero(result.x > 0.5)]
    chosen: list[int] = []
    for number, candidate in enumerate(candidates):
        if not any(_conflict(candidate, candidates[other]) for other in chosen):
            chosen.append(number)
    return chosen


def _score(chosen: Candidate, losers: Sequence[Candidate]) -> float:
    """The score of a chosen candidate, with what is passed on to it."""
    passed: dict[int, float] = {}
    for loser in losers:
        share = loser.box.intersection(chosen.box) / chosen.box.area
        passed[loser.query] = max(passed.get(loser.query, 0.0), loser.score * share)
    doubt = 1 - chosen.score
    for score in passed.values():
        doubt *= 1 - _PASSED_ON * score
    return 1 - doubt
