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
proposals = st.lists(st.builds(Candidate, boxes, shares, shares), max_size=9)


def is_apart(chosen: list[Candidate]) -> bool:
    return not any(one.box.intersection(other.box) for one, other in combinations(chosen, 2))


@settings(deadline=None)
@given(proposals)
def test_no_other_set_without_shared_cells_is_worth_more(candidates: list[Candidate]) -> None:
    chosen = choose(candidates)
    assert is_apart(chosen)
    best = max(
        sum(c.weight for c in some)
        for count in range(len(candidates) + 1)
        for some in map(list, combinations(candidates, count))
        if is_apart(some)
    )
    assert sum(c.weight for c in chosen) == pytest.approx(best, abs=1e-6)


def test_a_box_over_two_tables_loses_against_both() -> None:
    both = [Candidate(UPPER, 0.4, 0.5), Candidate(LOWER, 0.3, 0.6)]
    assert sorted(choose([Candidate(WHOLE, 0.6, 0.9), *both])) == sorted(both)
    assert choose([Candidate(WHOLE, 0.8, 0.9), *both]) == [Candidate(WHOLE, 0.8, 0.9)]


def test_boxes_apart_are_all_chosen_without_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scipy.optimize.milp", None)
    upper, lower = Candidate(UPPER, 0.1, 0.4), Candidate(LOWER, 0.2, 0.6)
    worse = Candidate(Box(0, 0, 4, 3), 0.05, 0.9)
    assert sorted(choose([worse, upper, lower])) == sorted([upper, lower])
    assert choose([]) == []


def test_without_a_solution_in_time_the_choice_is_greedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scipy.optimize.milp", lambda *_, **__: SimpleNamespace(success=False))
    apart = Candidate(Box(8, 0, 9, 1), 0.1, 0.5)
    found = choose(
        [Candidate(UPPER, 0.36, 0.4), Candidate(WHOLE, 0.63, 0.7), apart, Candidate(LOWER, 0.5, 0.6)]
    )
    assert [candidate.box for candidate in found] == [WHOLE, apart.box]


def test_many_candidates_are_chosen_among_in_time() -> None:
    many = [Candidate(Box(n % 20, n // 20, n % 20 + 3, n // 20 + 3), 0.2, 0.5) for n in range(200)]
    chosen = choose(many)
    assert chosen
    assert is_apart(chosen)
