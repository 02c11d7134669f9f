"""What the user chooses about the bookkeeping of a run."""

import re
from dataclasses import dataclass, field
from typing import Literal

from tablesense.errors import UserError

Upload = Literal["checkpoint", "predictions", "stats", "pictures"]

_NOT_IN_A_NAME = re.compile(r'[/\\\x00-\x1f<>:"|?*]')


@dataclass
class ExperimentConfig:
    """The ``experiment`` section of a configuration.

    Args:
        name: What the run is called; its folder is ``{runs_dir}/{name} YYYY-MM-DD HH:MM``.
        project_name: The W&B project.
        runs_dir: Where the run folders go.
        wandb_mode: Send to W&B, only write its local log, or leave W&B out altogether.
        save_every_n_epochs: How often ``checkpoint_epoch_{N}.pt`` is kept.
        monitor: The metric that decides which epoch is the best one.
        monitor_mode: Whether the best is the largest or the smallest value.
        early_stopping_patience: Stop after so many validations without a better value; null trains on.
        test: Test the best epoch at the end, where the data has a test split.
        print_loss_every_n_batches: Print the mean training loss of so many batches, in a line each; null
            prints a line an epoch alone.
        pictures_every_n_epochs: Draw some validated examples every so many epochs; null draws none.
        upload: What W&B's Files tab gets of what the run folder holds. ``checkpoint`` (weights and their
            configuration) and ``stats`` (counts a class) tell nothing of single examples;
            ``predictions`` and ``pictures`` show the data, and are sent only when named here.
        log_checkpoints: Also keep ``best.pt`` and the checkpoints of epochs as a W&B artifact.
    """

    name: str = "experiment"
    project_name: str = "tablesense2"
    runs_dir: str = "runs"
    wandb_mode: Literal["online", "offline", "disabled"] = "offline"
    save_every_n_epochs: int = 10
    monitor: str = "val/f1"
    monitor_mode: Literal["max", "min"] = "max"
    early_stopping_patience: int | None = None
    test: bool = True
    print_loss_every_n_batches: int | None = None
    pictures_every_n_epochs: int | None = 5
    upload: list[Upload] = field(default_factory=lambda: ["checkpoint", "stats"])
    log_checkpoints: bool = False

    def __post_init__(self) -> None:
        name = self.name
        if not name or name != name.strip(" .") or _NOT_IN_A_NAME.search(name):
            raise UserError(f"experiment.name: {name!r} cannot be the name of a folder")
        counts = ("save_every_n_epochs", "early_stopping_patience", "pictures_every_n_epochs")
        for key in (*counts, "print_loss_every_n_batches"):
            number = getattr(self, key)
            if number is not None and number < 1:
                raise UserError(f"experiment.{key}: must be 1 or more, got {number}")
