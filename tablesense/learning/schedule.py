"""Learning-rate schedules, stepped with the optimizer."""

import math
from collections.abc import Callable
from typing import Literal

from lightning import Trainer
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from tablesense.errors import UserError

Kind = Literal["linear", "cosine"]


def check_schedule(warmup_steps: int, min_lr_share: float) -> None:
    """Refuse what :func:`until_the_end` cannot follow.

    Raises:
        UserError: a value is out of its bounds.
    """
    if warmup_steps < 0:
        raise UserError(f"model.warmup_steps: must be 0 or more, got {warmup_steps}")
    if not 0 <= min_lr_share <= 1:
        raise UserError(f"model.min_lr_share: must lie between 0 and 1, got {min_lr_share}")


def until_the_end(
    optimizer: Optimizer, trainer: Trainer, kind: Kind, warmup_steps: int, min_lr_share: float
) -> OptimizerLRSchedulerConfig:
    """What ``configure_optimizers`` returns: warm-up, then down to the trainer's last step.

    Raises:
        UserError: the trainer has no last step.
    """
    steps = trainer.estimated_stepping_batches
    if not math.isfinite(steps):
        raise UserError("trainer.max_epochs: must be set, the learning rate falls until the last epoch")
    fall = {"linear": warmup_linear, "cosine": warmup_cosine}[kind]
    schedule = fall(optimizer, warmup_steps, int(steps), min_lr_share)
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


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
