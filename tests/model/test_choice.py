"""The chosen boxes share no cell and are worth the most; checked against trying every set."""

from itertools import combinations
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tablesense.boxes import Box
from tablesense.model.choice import Candidate, choose

WHOLE, UPPER, LOWER = Box(0, 0, 4, 10), Box(0, 0, 4, 4), Box(0, 5, 4, 10)

places = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 4), st.integers(1, 4))
boxes = places.map(lambda p: Box(p[0], p[1], p[0] + p[2], p[1] + p[3]))
shares = st.floats(0.05, 1.0)
proposals = st.lists(st.builds(Candidate, boxes, st.integers(0, 4), shares, shares), max_size=9)


def is_apart(chosen: list[Candidate]) -> bool:
    return not any(
        one.query == other.query or one.box.intersection(other.box) for one, other in combinations(chosen, 2)
    )


@settings(deadline=None)
@given(proposals)
def test_no_other_set_without_shared_cells_is_worth_more(candidates: list[Candidate]) -> None:
    scores: dict[int, float] = {}  # of a query, one score whatever the box
    candidates = [c._replace(score=scores.setdefault(c.query, c.score)) for c in candidates]
    candidates.sort(key=lambda c: -c.probability)
    chosen = [candidate for candidate, _ in choose(candidates)]
    assert is_apart(chosen)
    best = max(
        sum(c.weight for c in some)
        for count in range(len(candidates) + 1)
        for some in map(list, combinations(candidates, count))
        if is_apart(some)
    )
    assert sum(c.weight for c in chosen) == pytest.approx(best, abs=1e-6)


def test_a_box_over_two_tables_loses_and_passes_on_half_of_its_score() -> None:
    found = choose(
        [Candidate(WHOLE, 0, 0.7, 0.9), Candidate(UPPER, 1, 0.4, 0.9), Candidate(LOWER, 2, 0.6, 0.9)]
    )
    scores = {candidate.box: score for candidate, score in found}
    assert scores == {UPPER: pytest.approx(1 - 0.6 * 0.65), LOWER: pytest.approx(1 - 0.4 * 0.65)}


def test_only_the_share_that_is_covered_counts() -> None:
    half = Candidate(Box(0, 8, 4, 12), 1, 0.2, 0.9)  # covers a fifth of the whole
    ((candidate, score),) = choose([Candidate(WHOLE, 0, 0.7, 0.9), half])
    assert candidate.box == WHOLE
    assert score == pytest.approx(1 - 0.3 * (1 - 0.5 * 0.2 * 0.2))


def test_boxes_apart_keep_their_scores() -> None:
    apart = [Candidate(UPPER, 1, 0.4, 0.2), Candidate(LOWER, 2, 0.6, 0.2)]
    assert choose([*apart, Candidate(WHOLE, 1, 0.4, 0.1)]) == [(apart[0], 0.4), (apart[1], 0.6)]
    assert choose([]) == []


def test_without_a_solution_in_time_the_choice_is_greedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scipy.optimize.milp", lambda *_, **__: SimpleNamespace(success=False))
    found = choose(
        [Candidate(WHOLE, 0, 0.7, 0.9), Candidate(UPPER, 1, 0.4, 0.9), Candidate(LOWER, 2, 0.6, 0.9)]
    )
    assert [candidate.box for candidate, _ in found] == [WHOLE]


def test_many_candidates_are_bounded() -> None:
    many = [Candidate(Box(n % 50, n // 50, n % 50 + 3, n // 50 + 3), n, 0.5, 0.5) for n in range(1000)]
    chosen = [candidate for candidate, _ in choose(many)]
    assert chosen
    assert is_apart(chosen)
