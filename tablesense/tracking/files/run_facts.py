"""What a run is, before its first step: ``model_arch.txt``, sizes of model and data, versions."""

import platform
import re
from typing import Any

import lightning
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn
from typing_extensions import override

from tablesense import __version__
from tablesense.errors import UserError
from tablesense.tracking.run.atomic import write_text
from tablesense.tracking.run.directory import RunDirectory
from tablesense.tracking.run.protocols import KnowsFacts, keepers

_NOT_IN_ARTIFACT = re.compile(r"[^A-Za-z0-9_.-]+")


class RunFacts(Callback):
    """Writes ``model_arch.txt`` and ``run.json``, and gives both to the loggers."""

    def __init__(self, run: RunDirectory) -> None:
        self._run = run

    @override
    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write before training: a run that fails still shows what it was.

        Raises:
            UserError: the run folder cannot be written.
        """
        if not trainer.is_global_zero:
            return
        counts = parameter_counts(pl_module)
        parts: list[object] = [getattr(trainer, "datamodule", None), pl_module]
        own = [part.facts for part in parts if isinstance(part, KnowsFacts)]
        card = self._run.card
        card.finished = False
        card.facts = {**counts, **{name: fact for facts in own for name, fact in facts.items()}, **versions()}
        sizes = "".join(f"{name}: {value:,}\n" for name, value in counts.items())
        try:
            write_text(self._run.model_arch_file, f"{pl_module}\n\n{sizes}")
            card.save(self._run.card_file)
        except OSError as error:
            raise UserError(f"{self._run.path}: cannot be written: {error.strerror}") from error
        for logger in trainer.loggers:
            logger.log_hyperparams(dict(card.facts))
        for keeper in keepers(trainer.loggers):
            name = artifact_name(f"{card.experiment}_architecture")
            keeper.log_files_as_artifact(name, "model_architecture", [self._run.model_arch_file])

    @override
    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """A resumed run has passed all checks by now: its configuration counts."""
        if trainer.is_global_zero:
            self._run.keep_config()


def parameter_counts(module: nn.Module) -> dict[str, int | float]:
    """How many numbers the module holds, and how many of them are trained."""
    sizes = [(p.numel(), p.requires_grad) for p in module.parameters()]
    total = sum(size for size, _ in sizes)
    return {
        "model/total_params": total,
        "model/trainable_params": sum(size for size, trained in sizes if trained),
        "model/total_params_m": total / 1e6,
    }


def versions() -> dict[str, str | None]:
    """The versions that results depend on; all others are in W&B's ``requirements.txt``."""
    return {
        "environment/tablesense": __version__,
        "environment/python": platform.python_version(),
        "environment/torch": str(torch.__version__),
        "environment/lightning": lightning.__version__,
        "environment/cuda": torch.version.cuda if torch.cuda.is_available() else None,
    }


def artifact_name(name: str) -> str:
    """``name`` with what W&B refuses in the name of an artifact replaced."""
    return _NOT_IN_ARTIFACT.sub("_", name)[:128]
