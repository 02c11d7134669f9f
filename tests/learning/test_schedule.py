import pytest
import torch
from torch import nn

from tablesense.learning.schedule import warmup_cosine


def rates(warmup: int, total: int, min_share: float, steps: int, peak: float = 2.0) -> list[float]:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=peak)
    schedule = warmup_cosine(optimizer, warmup, total, min_share)
    seen = []
    for _ in range(steps):
        seen.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        schedule.step()
    return seen


def test_rises_in_a_line_to_the_peak() -> None:
    assert rates(4, 20, 0.1, 5) == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0])


def test_falls_as_a_cosine_and_stays() -> None:
    seen = rates(4, 20, 0.1, 30)
    falling = seen[4:21]
    assert falling == sorted(falling, reverse=True)
    assert seen[12] == pytest.approx((2.0 + 0.2) / 2), "halfway down the mean of peak and end"
    assert seen[20:] == pytest.approx([0.2] * 10)


def test_without_warm_up_it_starts_at_the_peak() -> None:
    assert rates(0, 10, 0.0, 1) == [2.0]


@pytest.mark.parametrize("total", [0, 3, 5])
def test_a_run_shorter_than_its_warm_up(total: int) -> None:
    seen = rates(5, total, 0.1, 8)
    assert seen[:5] == pytest.approx([0.4, 0.8, 1.2, 1.6, 2.0])
    assert all(0.2 <= rate <= 2.0 for rate in seen[5:])
