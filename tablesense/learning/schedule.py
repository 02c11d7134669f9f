"""Learning-rate schedules, stepped with the optimizer."""

import math
from collections.abc import Callable

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


def warmup_cosine(optimizer: Optimizer, warmup_steps: int, total_steps: int, min_share: float) -> LambdaLR:
    """Linear warm-up, then a cosine down to ``min_share`` of the rate (Loshchilov and Hutter, 2017).

    Args:
        optimizer: its ``lr`` is the peak.
        warmup_steps: steps until the peak.
        total_steps: steps until the end; afterwards the rate stays at ``min_share``.
        min_share: share of the peak at the end.
    """
    return _warmup(optimizer, warmup_steps, total_steps, min_share, _cosine)


def warmup_linear(optimizer: Optimizer, warmup_steps: int, total_steps: int, min_share: float) -> LambdaLR:
    """Linear warm-up, then a line down to ``min_share`` of the rate (Devlin and others, 2019).

    Args:
        optimizer: its ``lr`` is the peak.
        warmup_steps: steps until the peak.
        total_steps: steps until the end; afterwards the rate stays at ``min_share``.
        min_share: share of the peak at the end.
    """
    return _warmup(optimizer, warmup_steps, total_steps, min_share, _line)


def _cosine(progress: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * progress))


def _line(progress: float) -> float:
    return 1 - progress


def _warmup(
    optimizer: Optimizer,
    warmup_steps: int,
    total_steps: int,
    min_share: float,
    fall: Callable[[float], float],
) -> LambdaLR:
    def share(step: int) -> float:
        if step < warmup_steps:
            return (step + 1) / warmup_steps
        progress = min((step - warmup_steps) / max(total_steps - warmup_steps, 1), 1.0)
        return min_share + (1 - min_share) * fall(progress)

    return LambdaLR(optimizer, share)
