"""Runs of other recipes on the same folds, whose networks are to detect together with the recipe's."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tablesense.cross_validation.recipe import Recipe, flat_config
from tablesense.cross_validation.turns import Turn, is_finished
from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain


def other_runs(folders: Sequence[Path], turn: Turn, recipe: Recipe) -> list[Path]:
    """The finished runs in the folders of other cross-validations that left out the sheets of a turn.

    Args:
        folders: what other cross-validations had for ``--runs-dir``.
        turn: whose fold and seed theirs are to be.
        recipe: whose corpora theirs are to be.

    Raises:
        UserError: a folder has no such run, or one whose sheets were dealt otherwise.
    """
    return [run for folder in folders for run in _of_turn(folder, turn, recipe)]


def _of_turn(folder: Path, turn: Turn, recipe: Recipe) -> list[Path]:
    name = re.compile(rf"(.+_fold{turn.fold}_seed{turn.seed}(?:_network\d+)?) \d.*")
    named = ((match[1], run) for run in sorted(folder.glob("*")) if (match := name.fullmatch(run.name)))
    latest = {key: run for key, run in named if is_finished(run)}
    if not latest:
        raise UserError(
            f"--with-runs: {plain(folder)} has no finished run of fold {turn.fold} and seed {turn.seed}"
        )
    for run in latest.values():
        if not _dealt_alike(flat_config(run), turn, recipe):
            raise UserError(
                f"--with-runs: {plain(run.name)} in {plain(folder)} was trained on other corpora or folds"
            )
    return list(latest.values())


def _dealt_alike(flat: Mapping[str, Any], turn: Turn, recipe: Recipe) -> bool:
    dealing = {"split": "fold", "num_folds": turn.plan.folds, "fold": turn.fold, "seed": turn.seed}
    return all(flat.get(f"data/{key}") == value for key, value in dealing.items()) and (
        _dealt(flat.get("data/corpora")) == _dealt(recipe.flat.get("data/corpora"))
    )


def _dealt(corpora: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - whatever the file holds
    """What of the corpora decides which sheets are in which fold."""
    listed = corpora if isinstance(corpora, list) else []
    return [tuple(corpus.get(key) for key in ("path", "train", "val")) for corpus in listed]
