"""The sheets that a training left out, through the detector that it made, as users run it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tablesense.corpora.corpus import read_corpus
from tablesense.cross_validation.turns import Turn, read_config
from tablesense.data.module import CorpusConfig, SheetDataModule
from tablesense.detection.strips import MAX_GRID_CELLS
from tablesense.detection.weights import load_detector
from tablesense.errors import UserError
from tablesense.evaluation.gold import GoldSheet, Key
from tablesense.evaluation.predictions import Found
from tablesense.evaluation.scores import SheetResult
from tablesense.scoring.look import files_of, look, make_finder
from tablesense.terminal.untrusted import plain


class Measured(NamedTuple):
    """The sheets of a fold, and what was found on them."""

    gold: list[GoldSheet]
    found: dict[Key, Found]

    @property
    def results(self) -> list[SheetResult]:
        """The sheets with what was found on each."""
        return [sheet.result(self.found[sheet.key].boxes) for sheet in self.gold]


def measure(turn: Turn, run: Path) -> Measured:
    """What the last epoch's network finds on the sheets of a turn's fold.

    The last one, not the best: the best is chosen by these very sheets.

    Args:
        turn: which fold was left out.
        run: its finished run.

    Raises:
        UserError: the run was made with data of another kind, or its files are not there any more.
    """
    gold = list(_left_out(turn, read_config(run)))
    network = load_detector(run / "checkpoints" / "last.pt")
    found: dict[Key, Found] = {}
    for part in look(files_of(gold), make_finder(network, network.score_threshold, MAX_GRID_CELLS)):
        found |= part
    return Measured(gold, found)


def _left_out(turn: Turn, config: dict[str, Any]) -> Iterator[GoldSheet]:
    try:
        data = config["data"]["init_args"]
        corpora = [CorpusConfig(**corpus) for corpus in data["corpora"]]
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{plain(turn.plan.config)}: its data are no annotated corpora (data.corpora), so there is "
            "nothing to deal into folds"
        ) from error
    module = SheetDataModule(corpora, split="fold", num_folds=turn.plan.folds, fold=turn.fold, seed=turn.seed)
    sheets = module.val_sheets()
    for corpus in (read_corpus(config.path) for config in corpora):
        for sheet in sheets[corpus.name]:
            yield GoldSheet(corpus.name, corpus.workbook(sheet), sheet)
