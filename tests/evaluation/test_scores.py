import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box
from tablesense.evaluation.eob import Counts
from tablesense.evaluation.scores import (
    Scores,
    SheetResult,
    best_threshold,
    counts_by_corpus,
    macro,
    mean_eob,
)

TABLE, WIDER, FAR = Box(0, 0, 4, 4), Box(0, 0, 6, 4), Box(20, 20, 25, 25)


def result(corpus: str, found: dict[Box, float], tables: tuple[Box, ...] = (TABLE,)) -> SheetResult:
    return SheetResult(corpus, "book.xlsx", "Sheet1", tuple(found.items()), tables)


def test_counts_add_up_by_corpus() -> None:
    results = [
        result("a", {TABLE: 0.9, FAR: 0.8}),
        result("b", {WIDER: 0.9}),
        result("a", {}, tables=(TABLE, FAR)),
    ]
    assert counts_by_corpus(results, 0, 0.5) == {"a": Counts(2, 3, 1), "b": Counts(1, 1, 0)}
    assert counts_by_corpus(results, 2, 0.5) == {"a": Counts(2, 3, 1), "b": Counts(1, 1, 1)}


def test_a_box_at_the_threshold_counts() -> None:
    results = [result("a", {TABLE: 0.5, FAR: 0.49})]
    assert counts_by_corpus(results, 0, 0.5)["a"] == Counts(1, 1, 1)
    assert counts_by_corpus(results, 0, 0.51)["a"] == Counts(0, 1, 0)


def test_macro_weighs_corpora_alike() -> None:
    """The mean of the corpora's F1, not the F1 of the mean precision and recall, nor of all tables."""
    totals = {"large": Counts(100, 50, 50), "small": Counts(1, 4, 1)}
    scores = macro(totals)
    assert scores.precision == pytest.approx((0.5 + 1.0) / 2)
    assert scores.recall == pytest.approx((1.0 + 0.25) / 2)
    assert scores.f1 == pytest.approx((2 / 3 + 0.4) / 2)


def test_macro_of_nothing() -> None:
    assert macro({}) == Scores(0.0, 0.0, 0.0)


def test_mean_eob_is_over_pairs_of_all_sheets() -> None:
    results = [
        result("a", {TABLE: 0.9}),
        result("b", {WIDER: 0.9, FAR: 0.9}),
        result("b", {WIDER: 0.2}),
    ]
    assert mean_eob(results, 0.5) == 1.0
    assert mean_eob(results, 0.1) == pytest.approx(4 / 3)
    assert math.isnan(mean_eob(results, 0.95))


def test_best_threshold_keeps_tables_and_drops_the_rest() -> None:
    results = [result("a", {TABLE: 0.72, FAR: 0.43}), result("b", {TABLE: 0.61})]
    assert best_threshold(results) == pytest.approx(0.45)
    assert best_threshold([result("a", {FAR: 0.9})]) == pytest.approx(0.05)
    assert best_threshold([]) == pytest.approx(0.05)


def test_best_threshold_follows_the_tolerance() -> None:
    results = [result("a", {WIDER: 0.9, FAR: 0.3}, tables=(TABLE, FAR))]
    assert best_threshold(results, tolerance=0) == pytest.approx(0.05)
    results = [result("a", {WIDER: 0.9, TABLE.shift(9, 0): 0.3})]
    assert best_threshold(results, tolerance=2) == pytest.approx(0.35)


corpora = st.lists(
    st.tuples(st.sampled_from("ab"), st.dictionaries(st.sampled_from([TABLE, WIDER, FAR]), st.floats(0, 1))),
    max_size=4,
)


@given(corpora, st.sampled_from([0, 2]))
def test_no_other_step_is_better(sheets: list[tuple[str, dict[Box, float]]], tolerance: int) -> None:
    results = [result(corpus, found) for corpus, found in sheets]

    def f1(threshold: float) -> float:
        return macro(counts_by_corpus(results, tolerance, threshold)).f1

    chosen = best_threshold(results, tolerance)
    steps = [step / 20 for step in range(1, 20)]
    assert f1(chosen) == max(f1(step) for step in steps)
    assert all(f1(step) < f1(chosen) for step in steps if step < chosen)
