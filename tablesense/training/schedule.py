"""The learning-rate schedule."""

import math

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

    def share(step: int) -> float:
        if step < warmup_steps:
            return (step + 1) / warmup_steps
        progress = min((step - warmup_steps) / max(total_steps - warmup_steps, 1), 1.0)
        return min_share + (1 - min_share) * 0.5 * (1 + math.cos(math.pi * progress))

    return LambdaLR(optimizer, share)
