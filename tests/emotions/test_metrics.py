"""Scores against counting by hand, one text and label at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tablesense.emotions.metrics import Flags, count, exact_match

PAIRS = st.tuples(st.integers(1, 12), st.integers(1, 5)).flatmap(
    lambda shape: st.tuples(arrays(np.bool_, shape), arrays(np.bool_, shape))
)


def f1(tp: int, fp: int, fn: int) -> float:
    precision = tp / (tp + fp) if tp + fp else 0.0
    recall = tp / (tp + fn) if tp + fn else 0.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@given(PAIRS)
def test_against_brute_force(pair: tuple[Flags, Flags]) -> None:
    predicted, targets = pair
    counts = count(predicted, targets)
    found, pooled, weighted = [], [0, 0, 0], 0.0
    for label in range(predicted.shape[1]):
        tp = fp = fn = tn = 0
        for said, true in zip(predicted[:, label], targets[:, label], strict=True):
            tp, fp = tp + (said and true), fp + (said and not true)
            fn, tn = fn + (not said and true), tn + (not said and not true)
        assert [counts.tp[label], counts.fp[label], counts.fn[label], counts.tn[label]] == [tp, fp, fn, tn]
        found.append(f1(tp, fp, fn))
        pooled = [pooled[0] + tp, pooled[1] + fp, pooled[2] + fn]
        weighted += found[-1] * (tp + fn)
    assert counts.f1.tolist() == pytest.approx(found)
    assert counts.macro_f1 == pytest.approx(sum(found) / len(found))
    assert counts.micro_f1 == pytest.approx(f1(*pooled))
    assert counts.weighted_f1 == pytest.approx(weighted / targets.sum() if targets.any() else 0)
    rows = [list(said) == list(true) for said, true in zip(predicted, targets, strict=True)]
    assert exact_match(predicted, targets) == pytest.approx(sum(rows) / len(rows))


def test_by_hand() -> None:
    targets = np.array([[1, 0], [1, 0], [0, 1], [1, 1]], dtype=np.bool_)
    predicted = np.array([[1, 0], [0, 0], [0, 0], [1, 1]], dtype=np.bool_)
    counts = count(predicted, targets)
    assert counts.f1.tolist() == pytest.approx([0.8, 2 / 3])
    assert counts.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert counts.micro_f1 == pytest.approx(2 * 3 / (2 * 3 + 0 + 2))
    assert counts.weighted_f1 == pytest.approx((3 * 0.8 + 2 * 2 / 3) / 5)
    assert exact_match(predicted, targets) == 0.5
