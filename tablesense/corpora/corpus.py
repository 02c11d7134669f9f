"""A corpus on disk: a folder with ``workbooks/`` and ``annotations.jsonl``, read with every problem named."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tablesense.corpora.record import SheetAnnotation, parse_annotation
from tablesense.errors import UserError


@dataclass(frozen=True)
class Problem:
    """Something wrong with the data: what kind (for counting), where, and what to know about it."""

    kind: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass
class Corpus:
    """The annotated sheets of one folder, the lines that could not be used, and the sheets left out."""

    name: str
    folder: Path
    annotations: list[SheetAnnotation] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left_out: list[SheetAnnotation] = field(default_factory=list)

    def workbook(self, annotation: SheetAnnotation) -> Path:
        """Where the workbook of an annotation lies."""
        return self.folder / "workbooks" / annotation.file_name


def read_corpus(folder: str | Path) -> Corpus:
    """Read ``annotations.jsonl`` of a corpus folder; unusable lines become problems.

    Raises:
        UserError: there is no such folder or no ``annotations.jsonl`` in it.
    """
    folder = Path(folder)
    corpus = Corpus(folder.resolve().name, folder)
    path = folder / "annotations.jsonl"
    for where, line in lines_of(path, "; a corpus is a folder with workbooks/ and annotations.jsonl"):
        try:
            annotation = parse_annotation(line)
            _check_name(annotation.file_name)
            corpus.annotations.append(annotation)
        except (ValueError, RecursionError) as error:  # JSON nested too deeply is a bad line as well
            corpus.problems.append(Problem("annotation", where, str(error)))
    return corpus


def lines_of(path: Path, hint: str = "") -> Iterator[tuple[str, str]]:
    """The lines of a file that are not blank, each with where it stands.

    Raises:
        UserError: the file cannot be read; the message ends with ``hint``.
    """
    try:
        # Not splitlines(): a sheet's name may hold one of the rarer line ends that it knows.
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}){hint}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not UTF-8 text") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield f"{path}, line {number}", line


def _check_name(file_name: str) -> None:
    """Refuse a name that would lead out of the corpus: annotations come from strangers too."""
    path = Path(file_name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"file_name {file_name!r} leads out of the corpus folder")
    if "\0" in file_name:
        raise ValueError(f"file_name {file_name!r} is no name of a file")


def split_by_field(annotations: Iterable[SheetAnnotation], split: str) -> list[SheetAnnotation]:
    """The annotations whose ``split`` says so."""
    return [annotation for annotation in annotations if annotation.split == split]


def split_by_group(
    annotations: Sequence[SheetAnnotation], val_fraction: float, seed: int
) -> tuple[list[SheetAnnotation], list[SheetAnnotation]]:
    """Draw train and val so that the sheets of a group stay together.

    Args:
        annotations: the sheets of one corpus.
        val_fraction: share of the groups that go to val, between 0 and 1; at least one group goes
            to each side when there are two or more.
        seed: equal seeds draw equal splits, whatever the order of the annotations.

    Returns:
        The train and the val annotations, each in the order given.
    """
    groups = sorted({annotation.group for annotation in annotations})
    random.Random(seed).shuffle(groups)  # noqa: S311 - a split, not a secret
    count = round(val_fraction * len(groups))
    if len(groups) > 1 and 0 < val_fraction < 1:
        count = min(max(count, 1), len(groups) - 1)
    chosen = set(groups[:count])
    train = [annotation for annotation in annotations if annotation.group not in chosen]
    val = [annotation for annotation in annotations if annotation.group in chosen]
    return train, val


def assign_folds(corpora: Iterable[Sequence[SheetAnnotation]], num_folds: int, seed: int) -> dict[str, int]:
    """Deal groups into folds for cross-validation, each corpus evenly by its tables.

    A group that several corpora share gets one fold, so that no template is both learnt from and measured.

    Args:
        corpora: the sheets of each corpus.
        num_folds: how many folds.
        seed: equal seeds deal equally, whatever the order of the annotations.

    Returns:
        The fold of every group, from 0.
    """
    folds: dict[str, int] = {}
    shuffler = random.Random(seed)  # noqa: S311 - a split, not a secret
    for annotations in corpora:
        tables: dict[str, int] = {}
        for annotation in annotations:
            tables[annotation.group] = tables.get(annotation.group, 0) + len(annotation.tables)
        filled = [0] * num_folds
        for group in tables.keys() & folds.keys():
            filled[folds[group]] += tables[group]
        fresh = sorted(tables.keys() - folds.keys())
        shuffler.shuffle(fresh)
        # Large groups first, as they are hardest to even out; the sort keeps the shuffled order of equals.
        for group in sorted(fresh, key=lambda name: -tables[name]):
            folds[group] = min(range(num_folds), key=filled.__getitem__)
            filled[folds[group]] += tables[group]
    return folds
