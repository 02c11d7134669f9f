"""The folder of a run: claimed once, known to every process, found again to resume."""

import errno
import pickle
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

from tablesense.errors import UserError

_EPOCH_FILE = re.compile(r"checkpoint_epoch_(\d+)\.pt")


class RunDirectory(Callback):
    """Where this run writes; every part of the bookkeeping asks it for its paths.

    Process zero calls :meth:`claim` (or :meth:`reopen`) before training; ``setup`` then tells the
    path to the other processes through the strategy, whatever started them. It therefore has to
    stand before every callback that uses a path.
    """

    def __init__(self) -> None:
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        """The folder itself, absolute."""
        if self._path is None:
            raise RuntimeError("the run directory is used before it was claimed")
        return self._path

    @property
    def checkpoints(self) -> Path:
        """The folder of the ``.pt`` files."""
        return self.path / "checkpoints"

    @property
    def best_checkpoint(self) -> Path:
        """The epoch with the best monitored value; where it is missing, the run has had no best one."""
        return self.checkpoints / "best.pt"

    @property
    def config_file(self) -> Path:
        """The complete configuration of the run."""
        return self.path / "configs" / "config.yaml"

    @property
    def model_arch_file(self) -> Path:
        """The text form of the network."""
        return self.path / "model_arch.txt"

    @property
    def metrics_file(self) -> Path:
        """One JSON object an epoch, readable without W&B."""
        return self.path / "metrics.jsonl"

    @property
    def wandb_id_file(self) -> Path:
        """The W&B id, kept so that a resumed run goes on under it."""
        return self.path / "wandb" / "run_id.txt"

    @property
    def trained(self) -> bool:
        """Whether there is something of an epoch here."""
        return self.metrics_file.exists() or any(self.checkpoints.iterdir())

    def claim(self, runs_dir: Path, name: str) -> None:
        """Make a folder of our own, ``{runs_dir}/{name} YYYY-MM-DD HH:MM``, with its subfolders."""
        self._path = claim_directory(runs_dir, name, datetime.now())
        self._make_subfolders()

    def reopen(self, path: Path) -> None:
        """Go on in the folder of an earlier run."""
        self._path = path.resolve()
        self._make_subfolders()

    def discard(self) -> None:
        """Remove a folder in which nothing was trained."""
        shutil.rmtree(self.path, ignore_errors=True)

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Tell every process where process zero writes."""
        path: Any = trainer.strategy.broadcast(None if self._path is None else str(self._path))
        self._path = Path(path)

    def _make_subfolders(self) -> None:
        self.checkpoints.mkdir(exist_ok=True)
        self.config_file.parent.mkdir(exist_ok=True)


def claim_directory(runs_dir: Path, name: str, now: datetime) -> Path:
    """Create a folder that nobody else has; a second run in the same minute gets ``(2)``.

    Raises:
        UserError: the place cannot be written.
    """
    runs_dir = runs_dir.resolve()
    stamp = f"{now:%Y-%m-%d %H:%M}"
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        try:
            return _first_free(runs_dir, f"{name} {stamp}")
        except OSError as error:
            # Windows, exFAT and some network shares refuse a colon, each with its own code.
            if error.errno in {errno.ENOSPC, errno.EACCES, errno.EPERM, errno.EROFS, errno.EDQUOT}:
                raise
            return _first_free(runs_dir, f"{name} {stamp.replace(':', '-')}")
    except OSError as error:
        raise UserError(f"experiment.runs_dir: cannot write in {runs_dir}: {error.strerror}") from error


def _first_free(runs_dir: Path, wanted: str) -> Path:
    number = 1
    while True:
        path = runs_dir / (wanted if number == 1 else f"{wanted} ({number})")
        try:
            path.mkdir()  # exclusive: of two processes only one succeeds
        except FileExistsError:
            number += 1
        else:
            return path


def resumable_checkpoint(run: Path) -> Path:
    """The newest checkpoint of a run folder: ``last.pt``, else the highest epoch, else ``best.pt``.

    Raises:
        UserError: there is no such folder, or no readable checkpoint in it.
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
    for file in candidates:
        if file.exists() and _is_resumable(file):
            return file
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
