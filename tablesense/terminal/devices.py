"""The device that a command is told to work on; torch is imported only when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain

if TYPE_CHECKING:
    import torch


def choose_device(device: str) -> torch.device:
    """The device that a name means.

    Raises:
        UserError: there is no such device.
    """
    import torch

    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"device {plain(device)!r} cannot be used: {plain(reason)}") from error
    return chosen
