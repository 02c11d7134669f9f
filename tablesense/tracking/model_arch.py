"""``model_arch.txt``: the network in words and its size."""

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn
from typing_extensions import override

from tablesense.tracking.atomic import write_text
from tablesense.tracking.run_directory import RunDirectory


class ModelArchitecture(Callback):
    """Writes ``model_arch.txt`` and gives the parameter counts to the loggers' configuration."""

    def __init__(self, run: RunDirectory) -> None:
        self._run = run

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write before training: a run that fails still shows what it was."""
        counts = parameter_counts(pl_module)
        if trainer.is_global_zero:
            sizes = "".join(f"{name}: {value:,}\n" for name, value in counts.items())
            write_text(self._run.model_arch_file, f"{pl_module}\n\n{sizes}")
        for logger in trainer.loggers:
            logger.log_hyperparams(dict(counts))


def parameter_counts(module: nn.Module) -> dict[str, int | float]:
    """How many numbers the module holds, and how many of them are trained."""
    sizes = [(p.numel(), p.requires_grad) for p in module.parameters()]
    total = sum(size for size, _ in sizes)
    return {
        "model/total_params": total,
        "model/trainable_params": sum(size for size, trained in sizes if trained),
        "model/total_params_m": total / 1e6,
    }
