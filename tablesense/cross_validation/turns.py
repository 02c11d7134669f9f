"""The turns of a cross-validation: each trains on all folds but one, and is found again by its run's name.

Where several networks are to detect together, there is a turn for each, of the same sheets in the same order.
"""

import glob
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain
from tablesense.tracking.run.card import load_card
from tablesense.tracking.run.lock import is_trained_in

DEALING = ("seed_everything", "data.seed", "data.split", "data.num_folds", "data.fold")
"""Options by which the turns of one recipe differ."""

_APART = 1000  # the seeds of the first weights of networks that are trained on the same sheets
_OURS = (*DEALING, "experiment.name", "experiment.runs_dir")


@dataclass(frozen=True)
class Plan:
    """What is to be trained.

    Attributes:
        config: the recipe, as of ``tablesense fit``.
        runs_dir: where the runs go.
        folds: how many parts the sheets are dealt into.
        seeds: of the dealing, the first weights, the order of the sheets and their augmentation.
        overrides: options added to every training.
        networks: how many are trained on the same folds, to detect together.
    """

    config: Path
    runs_dir: Path
    folds: int
    seeds: tuple[int, ...]
    overrides: tuple[str, ...] = ()
    networks: int = 1

    def turns(self) -> Iterator["Turn"]:
        """All turns, seed by seed and fold by fold: what is stopped early has whole ones."""
        for seed in self.seeds:
            for fold in range(self.folds):
                for network in range(self.networks):
                    yield Turn(self, fold, seed, network)

    def line(self) -> list[str]:
        """The command line that all trainings share."""
        fit = [sys.executable, "-m", "tablesense.fit", f"--config={self.config}"]
        return [*fit, "--experiment.wandb_mode=offline", *self.overrides]


@dataclass(frozen=True)
class Turn:
    """One training: on all folds but this one; ``network`` counts those on the same sheets, from 0."""

    plan: Plan
    fold: int
    seed: int
    network: int = 0

    @property
    def name(self) -> str:
        """Of the run, to which the time of its start is added."""
        which = f"_network{self.network + 1}" if self.network else ""
        return f"{self.plan.config.stem}_fold{self.fold}_seed{self.seed}{which}"

    @property
    def finished(self) -> Path | None:
        """The run that has trained to its end."""
        return next(filter(is_finished, self.runs()), None)

    @property
    def begun(self) -> Path | None:
        """The latest run that can be gone on with."""
        return next((run for run in self.runs() if (run / "checkpoints" / "last.pt").exists()), None)

    def runs(self) -> list[Path]:
        """All its runs, whole or not, the latest first."""
        return sorted(self.plan.runs_dir.glob(f"{glob.escape(self.name)} *"), reverse=True)

    def line(self) -> list[str]:
        """The command line of the training; it goes on with what was begun."""
        weights_seed = self.seed + _APART * self.network
        values = (weights_seed, self.seed, "fold", self.plan.folds, self.fold, self.name, self.plan.runs_dir)
        ours = [f"--{key}={value}" for key, value in zip(_OURS, values, strict=True)]
        resume = [] if self.begun is None else [f"--resume={self.begun}"]
        return [*self.plan.line(), *ours, *resume]


def is_finished(run: Path) -> bool:
    """Whether a folder is that of a run that has trained to its end."""
    card = load_card(run / "run.json")
    return card is not None and card.finished


def check_idle(turns: Sequence[Turn]) -> None:
    """Refuse to train what is being trained: a command that was killed leaves its trainings to themselves.

    Raises:
        UserError: another process trains one of the turns.
    """
    for turn in turns:
        if busy := next((run for run in turn.runs() if is_trained_in(run)), None):
            raise UserError(f"another process trains in {plain(busy)}; wait for its end, or stop it")


def check_options(overrides: Sequence[str]) -> None:
    """Refuse options that no training should get from here, before one is asked.

    Raises:
        UserError: one is no key of a configuration, or is set for every turn by the command itself.
    """
    for option in overrides:
        key = option.removeprefix("--").partition("=")[0].replace(".init_args.", ".")
        if key in _OURS:
            raise UserError(f"--{plain(key)}: the cross-validation sets it for every training; leave it out")
        if option.startswith("-") and "." not in key:
            raise UserError(f"there is no option {plain(option)}; see --help (keys of the recipe have a dot)")
