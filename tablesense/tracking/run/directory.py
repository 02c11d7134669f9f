"""The folder of a run: born complete, known to every process, gone on in when a run is resumed."""

import errno
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from filelock import FileLock, Timeout
from lightning.pytorch import Callback, LightningModule, Trainer
from typing_extensions import override

from tablesense.errors import UserError
from tablesense.tracking.run.atomic import write_text
from tablesense.tracking.run.card import RunCard, load_card, new_card
from tablesense.tracking.run.faults import Faults
from tablesense.tracking.run.lock import hold


class RunDirectory(Callback):
    """Where this run writes; every part of the bookkeeping asks it for its paths.

    Process zero calls :meth:`claim` (or :meth:`reopen`) before training; ``setup`` then tells the
    path to the other processes through the strategy, whatever started them. It therefore has to
    stand before every callback that uses a path.

    Attributes:
        faults: What could not be kept of this run so far.
        finished: Whether the run had come to its end when it was resumed.
    """

    def __init__(self) -> None:
        self.faults = Faults()
        self.finished = False
        self._path: Path | None = None
        self._card: RunCard | None = None
        self._lock: FileLock | None = None
        self._config: str | None = None

    @property
    def path(self) -> Path:
        """The folder itself, absolute."""
        if self._path is None:
            raise RuntimeError("the run directory is used before it was claimed")
        return self._path

    @property
    def exists(self) -> bool:
        """Whether it was claimed, and not removed again."""
        return self._path is not None and self._path.exists()

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
    def output_file(self) -> Path:
        """What the run printed."""
        return self.path / "output.log"

    @property
    def card_file(self) -> Path:
        """What the run is called, when it began, its W&B id."""
        return self.path / "run.json"

    @property
    def card(self) -> RunCard:
        """The content of :attr:`card_file`; process zero alone has it."""
        if self._card is None:
            raise RuntimeError("the card of a run is read in process zero, after claim or reopen")
        return self._card

    @property
    def trained(self) -> bool:
        """Whether there is something of an epoch here."""
        return self.metrics_file.exists() or any(self.checkpoints.iterdir())

    def claim(self, runs_dir: Path, name: str, config: str) -> None:
        """Make a folder of our own, ``{runs_dir}/{name} YYYY-MM-DD HH:MM``.

        Args:
            runs_dir: the folder of the runs.
            name: ``experiment.name``.
            config: the whole configuration, which the folder holds from the start.

        Raises:
            UserError: the place cannot be written.
        """
        self._path, self._card = claim_directory(runs_dir, name, datetime.now(), config)
        self._lock_folder()

    def reopen(self, path: Path, config: str, name: str) -> None:
        """Go on in the folder of an earlier run.

        Where the configuration has changed since (more epochs, say), :meth:`keep_config` writes it once
        something is trained with it.

        Raises:
            UserError: the folder cannot be written, or another process trains in it.
        """
        self._path, self._config = path.resolve(), config
        self._lock_folder()
        try:
            self.checkpoints.mkdir(exist_ok=True)
            self.config_file.parent.mkdir(exist_ok=True)
            self._card = load_card(self.card_file)
            if self._card is None:
                self._card = new_card(self._path.name, name, datetime.now())
                self._card.save(self.card_file)
        except OSError as error:
            raise UserError(f"--resume: cannot write in {self._path}: {error.strerror}") from error

    def keep_config(self) -> None:
        """Write what a resumed run is trained with; the configuration before stays beside it."""
        if self._config is not None:
            with self.faults.guard(self.config_file.name):
                _replace_config(self.config_file, self._config)
            self._config = None

    def note_finished(self, *, finished: bool) -> None:
        """Remember whether the run has come to its end."""
        self.card.finished = finished
        with self.faults.guard(self.card_file.name):
            self.card.save(self.card_file)

    def release(self) -> None:
        """Let others go on in this folder."""
        if self._lock is not None:
            self._lock.release()

    def discard(self) -> None:
        """Remove a folder in which nothing was trained."""
        shutil.rmtree(self.path, ignore_errors=True)

    @override
    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Tell every process where process zero writes."""
        mine = None if self._card is None else (str(self._path), self._card.finished)
        told: Any = trainer.strategy.broadcast(mine)
        self._path, self.finished = Path(told[0]), told[1]

    def _lock_folder(self) -> None:
        try:
            self._lock = hold(self.path)
        except Timeout as error:
            raise UserError(f"--resume: another process trains in {self.path}; wait for its end") from error


def claim_directory(runs_dir: Path, name: str, now: datetime, config: str) -> tuple[Path, RunCard]:
    """Create a folder that nobody else has; a second run in the same minute gets ``(2)``.

    The folder is filled under another name and renamed, so that it can be resumed whenever it is
    there, were the process killed in the next moment.

    Raises:
        UserError: the place cannot be written.
    """
    runs_dir = runs_dir.resolve()
    unborn = runs_dir / f".{uuid4().hex}.unborn"
    stamp = f"{now:%Y-%m-%d %H:%M}"
    card = new_card("", name, now, os.environ.get("WANDB_RUN_ID"))  # an agent of a sweep sets it
    try:
        for folder in ("checkpoints", "configs"):
            (unborn / folder).mkdir(parents=True)
        write_text(unborn / "configs" / "config.yaml", config)
        try:
            return _first_free(unborn, f"{name} {stamp}", card), card
        except OSError as error:
            # Windows, exFAT and some network shares refuse a colon, each with its own code.
            if error.errno in {errno.ENOSPC, errno.EACCES, errno.EPERM, errno.EROFS, errno.EDQUOT}:
                raise
            return _first_free(unborn, f"{name} {stamp.replace(':', '-')}", card), card
    except OSError as error:
        raise UserError(f"experiment.runs_dir: cannot write in {runs_dir}: {error.strerror}") from error
    finally:
        shutil.rmtree(unborn, ignore_errors=True)


def _first_free(unborn: Path, wanted: str, card: RunCard) -> Path:
    number = 1
    while True:
        path = unborn.with_name(wanted if number == 1 else f"{wanted} ({number})")
        card.name = path.name
        try:
            if not path.exists():
                card.save(unborn / "run.json")
                return unborn.rename(path)  # of two processes only one succeeds: what it renames is not empty
        except OSError as error:
            if error.errno not in {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:
                raise
        number += 1


def _replace_config(file: Path, text: str) -> None:
    before = file.read_text(encoding="utf-8") if file.exists() else text
    if before != text:
        number = 1 + len(list(file.parent.glob("config_before_resume_*.yaml")))
        write_text(file.with_name(f"config_before_resume_{number}.yaml"), before)
    write_text(file, text)
