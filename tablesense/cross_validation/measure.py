"""The sheets that a training left out, through the detector that it made, as users run it."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tablesense.cross_validation.recipe import Recipe
from tablesense.cross_validation.turns import Turn
from tablesense.detection.strips import MAX_GRID_CELLS
from tablesense.evaluation.gold import Gold, Key, gold_of
from tablesense.evaluation.predictions import Found
from tablesense.evaluation.scores import SheetResult
from tablesense.model.ensemble import TableEnsemble
from tablesense.model.weights import load_detector
from tablesense.scoring.look import files_of, look, make_finder


class Measured(NamedTuple):
    """The sheets of a fold, and what was found on them."""

    gold: Gold
    found: dict[Key, Found]

    @property
    def results(self) -> list[SheetResult]:
        """The sheets with what was found on each."""
        return [sheet.result(self.found[sheet.key].boxes) for sheet in self.gold.sheets]


def measure(recipe: Recipe, turn: Turn, runs: Sequence[Path]) -> Measured:
    """What the networks of the last epoch find, together, on the sheets of a turn's fold.

    The last one, not the best: the best is chosen by these very sheets.

    Args:
        recipe: what was trained.
        turn: which fold was left out.
        runs: the finished runs that left it out, one a network.

    Raises:
        UserError: a run's weights are not there any more.
    """
    gold = gold_of(recipe.data(turn).val_corpora())
    network = TableEnsemble.of([load_detector(run / "checkpoints" / "last.pt") for run in runs])
    finder = make_finder(network, recipe.threshold, MAX_GRID_CELLS)
    found: dict[Key, Found] = {}
    for part in look(files_of(gold.sheets), finder):
        found |= part
    return Measured(gold, found)
