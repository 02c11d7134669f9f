"""The recipe that is cross-validated: the whole configuration, as the training itself reads it."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tablesense.comparison.config_diff import differing
from tablesense.cross_validation.turns import DEALING, Plan, Turn
from tablesense.data.module import SheetDataModule
from tablesense.data.splitting import CorpusConfig
from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain
from tablesense.tracking.run.flat_config import flatten
from tablesense.yaml_file import read_yaml

_NAMED = 5  # parameters that differ


@dataclass(frozen=True)
class Recipe:
    """A recipe whose data are annotated corpora.

    Attributes:
        flat: the whole configuration, defaults too, as ``section/key``.
        corpora: what it trains on and is measured by.
    """

    flat: Mapping[str, Any]
    corpora: list[CorpusConfig]

    @property
    def threshold(self) -> float:
        """A box scored lower is no table."""
        return float(self.flat.get("model/score_threshold", 0.5))

    def data(self, turn: Turn) -> SheetDataModule:
        """The data of a turn."""
        return SheetDataModule(
            self.corpora, split="fold", num_folds=turn.plan.folds, fold=turn.fold, seed=turn.seed
        )


def read_recipe(plan: Plan) -> Recipe:
    """What the training makes of the configuration and the overrides.

    Raises:
        UserError: it refuses them, or the data are no annotated corpora.
    """
    done = subprocess.run(  # noqa: S603 - our own command with the user's options
        [*plan.line(), "--print_config"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["the training does not start"]
        raise UserError(lines[-1].removeprefix("error: "))
    config = yaml.safe_load(done.stdout)
    try:
        corpora = [CorpusConfig(**corpus) for corpus in config["data"]["init_args"]["corpora"]]
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{plain(plan.config)}: its data are no annotated corpora (data.corpora), so there is nothing to "
            "deal into folds"
        ) from error
    return Recipe(_without_turn(flatten(config)), corpora)


def check_runs(plan: Plan, recipe: Recipe, runs: Sequence[Path]) -> None:
    """Refuse runs of another recipe: their mean would say nothing of this one.

    Raises:
        UserError: one differs in more than what tells turns apart, or cannot be read.
    """
    for run in runs:
        flat = flat_config(run)
        other = differing([recipe.flat, _without_turn(flat)])
        if flat.get("data/num_folds") != plan.folds:
            other["data/num_folds"] = []
        if other:
            names = ", ".join(plain(key) for key in sorted(other)[:_NAMED])
            raise UserError(
                f"--runs-dir: {plain(run.name)} in {plain(plan.runs_dir)} is of another recipe (what "
                f"differs: {names}); give another folder, or move its runs away"
            )


def flat_config(run: Path) -> dict[str, Any]:
    """The configuration of a run as ``section/key``.

    Raises:
        UserError: it cannot be read.
    """
    config = read_yaml(run / "configs" / "config.yaml")
    return flatten(config) if isinstance(config, dict) else {}


def check_folds(recipe: Recipe, turns: Sequence[Turn]) -> None:
    """Refuse folds without a sheet, before hours of training.

    Raises:
        UserError: there are fewer templates than folds, or a corpus cannot be read.
    """
    for turn in turns:
        if not recipe.data(turn).val_corpora():
            raise UserError(
                f"--folds: with {turn.plan.folds} folds and seed {turn.seed} there is no sheet in fold "
                f"{turn.fold}: sheets of one template (group) stay together; take fewer folds"
            )


def _without_turn(flat: Mapping[str, Any]) -> dict[str, Any]:
    """What all turns share; an option without a value is like one that an older version lacks."""
    return {
        key: value
        for key, value in flat.items()
        if value is not None and key.replace("/", ".") not in DEALING
    }
