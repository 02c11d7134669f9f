"""Which sheets of annotated corpora are trained on, and which are validated or tested on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from tablesense.corpora.corpus import Corpus, assign_folds, read_corpus, split_by_field, split_by_group
from tablesense.corpora.corrections import corrected
from tablesense.corpora.record import SheetAnnotation

Split = Literal["field", "group", "fold", "all"]


@dataclass(frozen=True)
class CorpusConfig:
    """An annotated corpus and what it is for.

    Attributes:
        path: folder with ``workbooks/`` and ``annotations.jsonl``.
        train: train on its train split.
        val: validate on its val split.
        test: test the best epoch on its test split, where it has one.
        repeat: how many times its training sheets come up in an epoch.
        silver: a machine marked its tables, not people. Training tells the network so and sheets of both
            kinds are not glued together; what it detects later is what people would mark.
        corrections: a file with other tables for some of its sheets, see
            :func:`~tablesense.corpora.corrections.corrected`.
    """

    path: str
    train: bool = True
    val: bool = True
    test: bool = True
    repeat: int = 1
    silver: bool = False
    corrections: str | None = None

    def read(self) -> Corpus:
        """The annotations of the corpus, corrected.

        Raises:
            UserError: they, or the corrections, cannot be read.
        """
        corpus = read_corpus(self.path)
        return corpus if self.corrections is None else corrected(corpus, Path(self.corrections))


def _without_test(corpus: Corpus) -> list[SheetAnnotation]:
    """What is marked as test stays out, with all that shares its template."""
    held_out = {sheet.group for sheet in (*corpus.annotations, *corpus.left_out) if sheet.split == "test"}
    return [sheet for sheet in corpus.annotations if sheet.group not in held_out]


def tested_sheets(corpus: Corpus, config: CorpusConfig) -> list[SheetAnnotation]:
    """The sheets of a corpus that the best epoch is tested on."""
    return split_by_field(corpus.annotations, "test") if config.test else []


@dataclass(frozen=True)
class Splitting:
    """How the sheets are split; see :class:`tablesense.data.module.SheetDataModule` for what each means."""

    corpora: Sequence[CorpusConfig]
    split: Split
    val_fraction: float
    num_folds: int
    fold: int
    seed: int

    def parts(
        self, corpus: Corpus, config: CorpusConfig
    ) -> tuple[list[SheetAnnotation], list[SheetAnnotation]]:
        """The sheets of a corpus to train on, and those to validate on."""
        sheets = corpus.annotations
        if self.split == "field":
            train, val = split_by_field(sheets, "train"), split_by_field(sheets, "val")
        else:
            sheets = _without_test(corpus)
            if self.split == "group":
                train, val = split_by_group(sheets, self.val_fraction, self.seed)
            elif self.split == "all":
                train, val = sheets, split_by_field(sheets, "val") or sheets
            else:
                held_out = self._held_out_groups
                train = [sheet for sheet in sheets if sheet.group not in held_out]
                val = [sheet for sheet in sheets if sheet.group in held_out]
        return (train if config.train else []), (val if config.val else [])

    def remedy(self, part: str) -> str:
        """What to do when no sheet is left to train on (``train``) or to validate on (``val``)."""
        if self.split == "field":
            marked = f'mark some with "split": "{part}" in annotations.jsonl'
            return f"check data.corpora; {marked}, or set data.split=group, which draws them by template"
        if self.split == "group":
            return "data.split=group needs sheets of two groups or more that are not marked as test"
        return "check data.corpora and data.split"

    @cached_property
    def _held_out_groups(self) -> set[str]:
        """The templates of the fold; corpora that are not measured by take no part in dealing them."""
        measured = [_without_test(c.read()) for c in self.corpora if c.val]
        folds = assign_folds(measured, self.num_folds, self.seed)
        return {group for group, fold in folds.items() if fold == self.fold}
