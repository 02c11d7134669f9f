"""What was found on the sheets of a validation or a test: gathered, scored, and shown."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import torch
from lightning import Trainer

from tablesense.data.sample import Source
from tablesense.evaluation.scores import SheetResult, best_threshold, counts_by_corpus, macro, mean_eob
from tablesense.model.decode import ScoredBox

TOLERANCES = (0, 2)


class SheetResults:
    """Collects results sheet by sheet.

    Args:
        threshold: a box scored lower is no prediction.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.sheets: list[SheetResult] = []

    def clear(self) -> None:
        """Forget the last validation or test."""
        self.sheets = []

    def add(self, source: Source, found: Iterable[ScoredBox]) -> None:
        """Put aside what was found on a sheet, given in cells of its grid."""
        predicted = tuple((source.fold.to_sheet(box), score) for box, score in found)
        self.sheets.append(
            SheetResult(source.corpus, source.file_name, source.sheet_name, predicted, source.tables)
        )

    def gather(self, trainer: Trainer) -> None:
        """Let every process know the results of all; each has its share of the sheets before."""
        if trainer.world_size == 1:
            return
        parts: list[Any] = [None] * trainer.world_size
        torch.distributed.all_gather_object(parts, self.sheets)
        # A distributed sampler repeats sheets to give each process as many: count each once.
        unique = {
            (sheet.corpus, sheet.file_name, sheet.sheet_name): sheet for part in parts for sheet in part
        }
        self.sheets = list(unique.values())

    def metrics(self, stage: str) -> dict[str, float]:
        """EoB scores, macro and a corpus, as ``{stage}/eob0_f1`` and the like."""
        metrics: dict[str, float] = {}
        for tolerance in TOLERANCES:
            totals = counts_by_corpus(self.sheets, tolerance, self.threshold)
            scores = macro(totals)
            metrics |= {f"{stage}/eob{tolerance}_{name}": value for name, value in asdict(scores).items()}
            metrics |= {f"{stage}/eob{tolerance}_f1/{corpus}": total.f1 for corpus, total in totals.items()}
        for name in ("precision", "recall", "f1"):
            metrics[f"{stage}/{name}"] = metrics[f"{stage}/eob0_{name}"]
        metrics[f"{stage}/eob_mean"] = mean_eob(self.sheets, self.threshold)
        metrics[f"{stage}/tuned_threshold"] = best_threshold(self.sheets)
        return metrics
