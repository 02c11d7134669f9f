"""The annotated sheets that a detector is measured on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from tablesense.boxes import Box
from tablesense.corpora.corpus import Corpus, Problem, read_corpus, split_by_field
from tablesense.corpora.record import SheetAnnotation
from tablesense.errors import UserError
from tablesense.evaluation.scores import SheetResult

Key = tuple[str, str, str]


@dataclass(frozen=True)
class GoldSheet:
    """An annotated sheet: its corpus, its workbook, what is there."""

    corpus: str
    workbook: Path
    annotation: SheetAnnotation

    @property
    def key(self) -> Key:
        """What tells the sheet from all others: corpus, file, sheet."""
        return self.corpus, self.annotation.file_name, self.annotation.sheet_name

    def result(self, found: Iterable[tuple[Box, float]] = ()) -> SheetResult:
        """The sheet with what was found on it."""
        return SheetResult(*self.key, tuple(found), self.annotation.tables, self.annotation.group)


@dataclass(frozen=True)
class Gold:
    """The sheets of some corpora, each once, and the lines of annotations that could not be read."""

    sheets: list[GoldSheet]
    problems: list[Problem]


def read_gold(folders: Iterable[Path], split: str = "all") -> Gold:
    """The annotated sheets of corpora; of a sheet that is annotated twice, the last line.

    Args:
        folders: corpora, or folders with corpora in them.
        split: the sheets of which split, or ``all``.

    Raises:
        UserError: a folder is no corpus and holds none, two corpora have one name, or the split is empty.
    """
    corpora = [read_corpus(folder) for given in folders for folder in _corpora(given)]
    names = [corpus.name for corpus in corpora]
    if len(names) != len(set(names)):
        raise UserError(f"--data: two corpora have one name ({', '.join(names)}); rename a folder")
    if split != "all":
        corpora = [replace(c, annotations=split_by_field(c.annotations, split)) for c in corpora]
    gold = gold_of(corpora)
    if not gold.sheets:
        which = "annotated sheet" if split == "all" else f"sheet of the split {split!r}"
        raise UserError(f"--data: there is no {which} in {', '.join(names)}")
    return gold


def gold_of(corpora: Iterable[Corpus]) -> Gold:
    """The sheets of corpora that were read; of a sheet that is annotated twice, the last line."""
    sheets: dict[Key, GoldSheet] = {}
    problems: list[Problem] = []
    for corpus in corpora:
        for annotation in corpus.annotations:
            sheet = GoldSheet(corpus.name, corpus.workbook(annotation), annotation)
            sheets[sheet.key] = sheet
        problems += corpus.problems
    return Gold(list(sheets.values()), problems)


def _corpora(folder: Path) -> list[Path]:
    if (folder / "annotations.jsonl").exists() or not folder.is_dir():
        return [folder]
    inside = sorted(path.parent for path in folder.glob("*/annotations.jsonl"))
    return inside or [folder]
