"""Gradient norms of every optimizer step and W&B's gradient histograms."""

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import WandbLogger
from torch.optim import Optimizer
from typing_extensions import override


class GradientNorms(Callback):
    """Logs ``train/max_grad_norm`` and ``train/mean_grad_norm`` over the parameters.

    Lightning calls the hook after gradients are unscaled and before they are clipped, so the
    values are those of the loss itself.
    """

    @override
    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer
    ) -> None:
        """Measure and send; without a logger nothing is computed."""
        if not (trainer.loggers and trainer.is_global_zero):
            return
        norms = gradient_norms(optimizer)
        if norms is None:
            return
        largest, mean = norms
        row = {"train/max_grad_norm": largest, "train/mean_grad_norm": mean}
        for logger in trainer.loggers:
            logger.log_metrics(row, step=trainer.global_step)


def gradient_norms(optimizer: Optimizer) -> tuple[float, float] | None:
    """The largest and the mean L2 norm over the parameters that have a gradient, None without any."""
    gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    if not gradients:
        return None
    norms = torch.stack([norm.float() for norm in torch._foreach_norm(gradients)])
    # One transfer from the device for both numbers.
    largest, mean = torch.stack([norms.max(), norms.mean()]).tolist()
    return largest, mean


class WatchGradients(Callback):
    """Has W&B keep histograms of the gradients of every hundredth backward pass."""

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Watch once; watching again would double the keys."""
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger) and trainer.is_global_zero:
                logger.watch(pl_module, log="gradients", log_freq=100, log_graph=False)
