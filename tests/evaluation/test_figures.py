"""Figures are those of the plain scores; intervals come from drawing templates."""

import math
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box
from tablesense.evaluation.bootstrap import draw, interval
from tablesense.evaluation.figures import score
from tablesense.evaluation.scores import SheetResult, counts_by_corpus, macro, mean_eob

from .results import sheet_results

TABLE, WIDER = Box(0, 0, 4, 4), Box(0, 0, 5, 4)


def sheet(number: int, group: str = "", *, right: bool = True, corpus: str = "c") -> SheetResult:
    found = ((TABLE if right else TABLE.shift(50, 50), 0.9),)
    return SheetResult(corpus, f"{number}.xlsx", "S", found, (TABLE,), group)


def same(one: object, other: object) -> bool:
    return repr(one) == repr(other)  # NaN equals NaN


@given(sheet_results(), st.sampled_from([0.0, 0.5, 0.9]))
def test_values_are_the_plain_scores(results: list[SheetResult], threshold: float) -> None:
    scored = score(results, threshold, samples=0)
    for tolerance in (0, 2):
        counts = counts_by_corpus(results, tolerance, threshold)
        assert list(scored.corpora) == sorted(counts)
        for name, one in counts.items():
            value = scored.corpora[name].value._asdict()
            figures = [value[f"eob{tolerance}_{part}"] for part in ("precision", "recall", "f1")]
            assert figures == [one.precision, one.recall, one.f1]
            assert (scored.corpora[name].annotated, scored.corpora[name].predicted) == (
                one.annotated,
                one.predicted,
            )
        if results:
            assert scored.macro.value._asdict()[f"eob{tolerance}_f1"] == pytest.approx(macro(counts).f1)
    for name, figures_of in scored.corpora.items():
        expected = mean_eob([result for result in results if result.corpus == name], threshold)
        assert figures_of.value.mean_eob == pytest.approx(expected, nan_ok=True)


@given(sheet_results(), st.randoms(use_true_random=False))
def test_nothing_depends_on_the_order(results: list[SheetResult], random: Random) -> None:
    shuffled = [
        replace(result, predicted=result.predicted[::-1], annotated=result.annotated[::-1])
        for result in random.sample(results, len(results))
    ]
    one, other = (score(some, 0.5, samples=20, seed=3) for some in (results, shuffled))
    assert same(one.corpora, other.corpora)
    assert same(one.macro, other.macro)


def test_a_macro_mean_passes_over_corpora_without_a_value() -> None:
    quiet = SheetResult("quiet", "q.xlsx", "S", (), ())
    off = SheetResult("c", "a.xlsx", "S", ((WIDER, 0.9),), (TABLE,))
    scored = score([off, quiet], 0.5, samples=0)
    assert scored.macro.value.mean_eob == 1.0
    assert math.isnan(scored.corpora["quiet"].value.mean_eob)
    assert math.isnan(scored.corpora["quiet"].value.ap50)
    assert scored.macro.value.eob2_f1 == 0.5


def test_nothing_is_no_error() -> None:
    scored = score([], 0.5)
    assert scored.corpora == {}
    assert math.isnan(scored.macro.value.eob0_f1)


def test_without_scores_there_is_no_average_precision() -> None:
    scored = score([sheet(1)], 0.5, has_scores=False, samples=0)
    assert math.isnan(scored.macro.value.ap50)
    assert scored.macro.value.eob0_f1 == 1.0


def test_average_precision_sees_boxes_below_the_threshold() -> None:
    low = SheetResult("c", "a.xlsx", "S", ((TABLE, 0.2),), (TABLE,))
    value = score([low], 0.5, samples=0).macro.value
    assert (value.ap50, value.eob0_recall) == (1.0, 0.0)


def test_the_interval_is_that_of_a_share() -> None:
    """Right on 60 of 100 sheets of as many templates: about 0.6 +- 1.96 * sqrt(0.6 * 0.4 / 100)."""
    figures = score([sheet(n, right=n < 60) for n in range(100)], 0.5).corpora["c"]
    assert figures.value.eob0_recall == 0.6
    assert figures.low.eob0_recall == pytest.approx(0.504, abs=0.03)
    assert figures.high.eob0_recall == pytest.approx(0.696, abs=0.03)


def test_sheets_of_a_template_say_less_than_as_many_others() -> None:
    alone = score([sheet(n, right=n < 60) for n in range(100)], 0.5).corpora["c"]
    grouped = score([sheet(n, group=str(n // 10), right=n < 60) for n in range(100)], 0.5).corpora["c"]
    assert (alone.templates, grouped.templates) == (100, 10)
    widths = [one.high.eob0_f1 - one.low.eob0_f1 for one in (alone, grouped)]
    assert widths[1] > 2 * widths[0]


def test_one_template_says_nothing_of_others() -> None:
    figures = score([sheet(n, group="g", right=n > 1) for n in range(5)], 0.5)
    assert all(map(math.isnan, (*figures.macro.low, *figures.corpora["c"].high)))


def test_draws_take_templates_whole_and_are_fair() -> None:
    results = [sheet(n, group="ab"[n % 2] if n < 6 else str(n)) for n in range(10)]
    drawn = draw(results, 2000, 1)
    assert (drawn[:, 0] == drawn[:, 2]).all()
    assert (drawn[:, 1] == drawn[:, 5]).all()
    assert (drawn[:, [0, 1, 6, 7, 8, 9]].sum(1) == 6).all()
    np.testing.assert_allclose(drawn.mean(0), 1, atol=0.08)


def test_draws_follow_the_seed_and_the_corpus_alone() -> None:
    """So two detectors can be compared draw by draw, and a corpus more changes no other."""
    right, wrong = ([sheet(n, right=is_right) for n in range(9)] for is_right in (True, False))
    assert (draw(right, 50, 7) == draw(wrong, 50, 7)).all()
    assert (draw(right, 50, 7) != draw(right, 50, 8)).any()
    mixed = [sheet(n, right=n % 2 == 0) for n in range(9)]
    other = [sheet(n, right=n % 2 == 0, corpus="d") for n in range(9)]
    assert same(score(mixed, 0.5).corpora["c"], score(mixed + other, 0.5).corpora["c"])
    assert not same(score(mixed + other, 0.5).corpora["d"].low, score(mixed, 0.5).corpora["c"].low)


def test_the_interval_of_the_mean_is_narrower_than_those_of_its_corpora() -> None:
    results = [sheet(n, right=n % 2 == 0, corpus=name) for name in "cdef" for n in range(20)]
    scored = score(results, 0.5)
    width = scored.macro.high.eob0_f1 - scored.macro.low.eob0_f1
    widths = [one.high.eob0_f1 - one.low.eob0_f1 for one in scored.corpora.values()]
    assert width < 0.7 * min(widths)


def test_interval_passes_over_what_has_no_value() -> None:
    draws = np.array([[1.0, math.nan], [2.0, math.nan], [math.nan, math.nan]])
    low, high = interval(draws)
    assert (low[0], high[0]) == (pytest.approx(1.025), pytest.approx(1.975))
    assert math.isnan(low[1])
    assert math.isnan(high[1])
