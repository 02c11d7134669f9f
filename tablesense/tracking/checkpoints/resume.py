"""What a run can go on from: its newest readable checkpoint."""

import pickle
import re
from pathlib import Path

import torch

from tablesense.errors import UserError

_EPOCH_FILE = re.compile(r"checkpoint_epoch_(\d+)\.pt")


def resumable_checkpoint(run: Path) -> Path | None:
    """The newest checkpoint of a run folder: ``last.pt``, else the highest epoch, else ``best.pt``.

    Returns:
        None where the run was stopped before it had saved one: it starts from the beginning.

    Raises:
        UserError: there is no such folder, or no checkpoint in it can be read.
    """
    folder = run / "checkpoints"
    if not folder.is_dir():
        raise UserError(f"--resume: {run} is not the folder of a run (it has no checkpoints/)")
    numbered = [
        (int(match[1]), file) for file in folder.iterdir() if (match := _EPOCH_FILE.fullmatch(file.name))
    ]
    candidates = [
        folder / "last.pt",
        *(file for _, file in sorted(numbered, reverse=True)),
        folder / "best.pt",
    ]
    candidates = [file for file in candidates if file.exists()]
    for file in candidates:
        if _is_resumable(file):
            return file
    if not candidates:
        return None
    raise UserError(f"--resume: no readable checkpoint in {folder}; start the run anew with --config")


def check_checkpoint(path: Path, option: str) -> None:
    """Refuse a checkpoint that is missing, damaged or not one of ours before anything is built.

    Raises:
        UserError: there is no such file, or it is no checkpoint.
    """
    if not path.exists():
        raise UserError(f"{option}: there is no checkpoint {path}")
    if path.is_dir() and not _is_sharded(path):
        raise UserError(f"{option}: {path} is a folder; name a file in its checkpoints/, or use --resume")
    if not _is_resumable(path):
        raise UserError(f"{option}: {path} is damaged, or not a checkpoint that training can go on from")


def epochs_in(checkpoint: Path) -> int:
    """How many epochs a checkpoint of ours has behind it; 0 where it does not say."""
    if checkpoint.is_dir():
        return 0
    # Mapped, so that the weights are not read.
    content = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    return int(content.get("epoch", 0))


def _is_sharded(path: Path) -> bool:
    """Whether a folder is what Lightning's sharded strategies write."""
    return (path / "meta.pt").is_file()


def _is_resumable(path: Path) -> bool:
    if path.is_dir():
        return _is_sharded(path)
    try:
        # Mapped, so that the weights are not read.
        checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError):
        return False
    return isinstance(checkpoint, dict) and checkpoint.keys() >= {"state_dict", "loops", "optimizer_states"}
