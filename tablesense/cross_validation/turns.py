"""The turns of a cross-validation: each trains on all folds but one, and is found again by its run's name."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tablesense.comparison.config_diff import MISSING, differing
from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain
from tablesense.tracking.run.card import load_card
from tablesense.tracking.run.flat_config import flatten
from tablesense.yaml_file import read_yaml

Flat = Mapping[str, Any]

_OF_A_TURN = {"seed_everything", "data/seed", "data/fold", "data/split"}
_NAMED = 5  # parameters that differ


@dataclass(frozen=True)
class Plan:
    """What is to be trained.

    Attributes:
        config: the recipe, as of ``tablesense fit``.
        runs_dir: where the runs go.
        folds: how many parts the sheets are dealt into.
        seeds: of the dealing, the first weights, the order of the sheets and their augmentation.
        overrides: options added to every training.
    """

    config: Path
    runs_dir: Path
    folds: int
    seeds: tuple[int, ...]
    overrides: tuple[str, ...] = ()

    def turns(self) -> Iterator["Turn"]:
        """All turns, seed by seed: what is stopped early has whole seeds."""
        for seed in self.seeds:
            for fold in range(self.folds):
                yield Turn(self, fold, seed)


@dataclass(frozen=True)
class Turn:
    """One training: on all folds but this one."""

    plan: Plan
    fold: int
    seed: int

    @property
    def name(self) -> str:
        """Of the run, to which the time of its start is added."""
        return f"{self.plan.config.stem}_fold{self.fold}_seed{self.seed}"

    @property
    def finished(self) -> Path | None:
        """The run that has trained to its end."""
        cards = ((run, load_card(run / "run.json")) for run in self._runs())
        return next((run for run, card in cards if card is not None and card.finished), None)

    @property
    def begun(self) -> Path | None:
        """The latest run that can be gone on with."""
        return next((run for run in self._runs() if (run / "checkpoints" / "last.pt").exists()), None)

    def _runs(self) -> list[Path]:
        return sorted(self.plan.runs_dir.glob(f"{self.name} *"), reverse=True)

    def line(self) -> list[str]:
        """The command line of the training; it goes on with what was begun."""
        options = {
            "experiment.name": self.name,
            "experiment.runs_dir": self.plan.runs_dir,
            "seed_everything": self.seed,
            "data.seed": self.seed,
            "data.split": "fold",
            "data.num_folds": self.plan.folds,
            "data.fold": self.fold,
        }
        ours = [f"--{key}={value}" for key, value in options.items()]
        resume = [] if self.begun is None else [f"--resume={self.begun}"]
        fit = [sys.executable, "-m", "tablesense.fit", f"--config={self.plan.config}"]
        return [*fit, "--experiment.wandb_mode=offline", *self.plan.overrides, *ours, *resume]


def check_recipe(plan: Plan, runs: Sequence[Path]) -> None:
    """Refuse runs that are not of the plan's recipe, or not of one: their mean would say nothing of any.

    Raises:
        UserError: they differ from it, or from each other in more than seed and fold; or one cannot be read.
    """
    asked = _asked(plan)
    configs = [_recipe(read_config(run)) for run in runs]
    other = {key for one in configs for key in _otherwise(asked, one)} | differing(configs).keys()
    if other:
        names = ", ".join(plain(key) for key in sorted(other)[:_NAMED])
        raise UserError(
            f"--runs-dir: the runs in {plain(plan.runs_dir)} are of another recipe (what differs: {names}); "
            "give another folder, or move them away"
        )


def _asked(plan: Plan) -> Flat:
    """What the plan itself says of the recipe; the runs know the rest, down to every default."""
    pairs = (option.removeprefix("--").partition("=") for option in plan.overrides if "=" in option)
    overrides = {key.replace(".init_args.", ".").replace(".", "/"): _value(text) for key, _, text in pairs}
    return {**_recipe(_section(plan.config, "--config: ")), **overrides, "data/num_folds": plan.folds}


def _value(text: str) -> object:
    """As the training reads it: YAML, but 1e-3 is a number."""
    try:
        return float(text)
    except ValueError:
        return yaml.safe_load(text)


def _recipe(config: dict[str, Any]) -> Flat:
    return {key: value for key, value in flatten(config).items() if key not in _OF_A_TURN}


def _otherwise(asked: Flat, run: Flat) -> list[str]:
    """The parameters of which the two say different things."""
    return [key for key, values in differing([asked, run]).items() if MISSING not in values]


def read_config(run: Path) -> dict[str, Any]:
    """The configuration of a run.

    Raises:
        UserError: it cannot be read, or is none.
    """
    return _section(run / "configs" / "config.yaml")


def _section(file: Path, option: str = "") -> dict[str, Any]:
    content = read_yaml(file, option)
    if not isinstance(content, dict):
        raise UserError(f"{option}{plain(file)}: is no configuration of a training")
    return content
