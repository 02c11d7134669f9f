import numpy as np
import pytest
from numpy.typing import NDArray

from tablesense.emotions.metrics import Flags, count
from tablesense.emotions.thresholds import GRID, f1_by_threshold, tune


def sample(seed: int, num_texts: int = 300) -> tuple[NDArray[np.float64], Flags]:
    """Probabilities that tell something of three labels: a common one, a shy one and a rare one."""
    rng = np.random.default_rng(seed)
    targets = rng.random((num_texts, 3)) < [0.4, 0.2, 0.01]
    logits = rng.normal(size=targets.shape) + 2 * targets + [0, -2, -3]
    return 1 / (1 + np.exp(-logits)), targets


def test_f1_at_every_threshold() -> None:
    probabilities, targets = sample(0)
    scores = f1_by_threshold(probabilities, targets)
    for place, threshold in enumerate(GRID):
        assert scores[place].tolist() == pytest.approx(count(probabilities >= threshold, targets).f1.tolist())


def test_tuned_on_a_text_is_at_least_as_good_there() -> None:
    probabilities, targets = sample(1)
    tuned = tune(probabilities, targets, prior=0)
    best = [max(count(probabilities >= t, targets).f1[label] for t in GRID) for label in range(3)]
    half, overall, own = (
        count(probabilities >= threshold, targets) for threshold in (0.5, tuned.overall, tuned.per_class)
    )
    assert half.macro_f1 <= overall.macro_f1 <= own.macro_f1
    assert own.f1.tolist() == pytest.approx(best, abs=0.02)


def test_a_rare_label_is_drawn_to_the_overall_threshold() -> None:
    probabilities, targets = sample(2)
    free, drawn, held = (tune(probabilities, targets, prior) for prior in (0, 10, 1e9))
    assert held.per_class == pytest.approx(np.full(3, held.overall))
    moved = np.abs(drawn.per_class - free.per_class)
    gaps = np.abs(free.per_class - free.overall)
    assert moved[2] / gaps[2] > moved[0] / max(gaps[0], 1e-9), "rare more than common"
    low, high = np.minimum(free.per_class, free.overall), np.maximum(free.per_class, free.overall)
    assert np.all((low <= drawn.per_class + 1e-9) & (drawn.per_class <= high + 1e-9))


def test_of_equal_thresholds_the_middle() -> None:
    """All between the two groups are equally good."""
    probabilities = np.array([[0.2], [0.2], [0.8], [0.8]])
    targets = np.array([[0], [0], [1], [1]], dtype=np.bool_)
    assert tune(probabilities, targets, 0).per_class == pytest.approx([0.5], abs=0.01)


def test_bounds_and_labels_that_are_never_there() -> None:
    probabilities = np.array([[1.0, 0.001], [0.0, 0.001], [1e-9, 0.001]])
    targets = np.array([[1, 0], [1, 0], [1, 0]], dtype=np.bool_)
    tuned = tune(probabilities, targets, 0)
    assert np.all((tuned.per_class >= GRID[0] - 1e-9) & (tuned.per_class <= GRID[-1] + 1e-9))
    assert tuned.per_class[1] == pytest.approx(tuned.overall)
