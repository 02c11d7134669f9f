"""Several processes, one message: what is wrong with the data, each of them learns."""

from itertools import chain

import torch
from lightning.pytorch import LightningDataModule, Trainer

from tablesense.errors import UserError


def share_errors(trainer: Trainer, data: LightningDataModule) -> None:
    """Have every process raise a UserError that ``prepare_data`` or ``setup`` raised in one of them.

    Lightning runs ``prepare_data`` in one process of a machine while the others wait; were it to
    end there, they would fail with what broke their waiting. The hooks are replaced on the
    instance, since the data module is anybody's class.
    """
    prepare_data, setup = data.prepare_data, data.setup
    found: list[str] = []

    def note_problem() -> None:
        try:
            prepare_data()
        except UserError as error:
            found.append(str(error))

    def raise_together(stage: str) -> None:
        _raise_first(trainer, found)
        try:
            setup(stage)
        except UserError as error:
            found.append(str(error))
        _raise_first(trainer, found)

    data.prepare_data = note_problem  # type: ignore[method-assign]
    data.setup = raise_together  # type: ignore[method-assign]


def _raise_first(trainer: Trainer, found: list[str]) -> None:
    """A collective: all processes have to call it."""
    parts: list[list[str]] = [[] for _ in range(trainer.world_size)]
    torch.distributed.all_gather_object(parts, found)
    for message in chain(*parts):
        raise UserError(message)
