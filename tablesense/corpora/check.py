"""A corpus held against its workbooks: what is wrong with it, and what is in it."""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tablesense.boxes import Box, to_a1
from tablesense.corpora.corpus import Corpus, Problem
from tablesense.corpora.extent import Extent, overlapping
from tablesense.corpora.imports.convert import Watch
from tablesense.corpora.imports.files import reason
from tablesense.corpora.imports.groups import digest
from tablesense.corpora.record import SheetAnnotation
from tablesense.corpora.splits import SPLITS
from tablesense.features.featurize import is_filled
from tablesense.sheets.sheet import Sheet, SheetError
from tablesense.sheets.workbook import open_workbook


@dataclass(frozen=True)
class SheetFacts:
    """A sheet that was read: the box around its filled cells, how many they are, whether any is formatted."""

    used: Box | None
    filled: int
    is_formatted: bool


@dataclass
class Checked:
    """A corpus, the facts of its sheets that could be read, and what is wrong or worth knowing."""

    corpus: Corpus
    facts: dict[SheetAnnotation, SheetFacts] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)


def check_corpus(corpus: Corpus, watch: Watch = iter) -> Checked:
    """Read every workbook of a corpus, and look for what is wrong.

    Args:
        corpus: as :func:`~tablesense.corpora.corpus.read_corpus` gave it.
        watch: passes the workbooks on as they are read, for a progress bar.
    """
    checked = Checked(corpus, problems=[*corpus.problems])
    by_workbook: dict[Path, list[SheetAnnotation]] = defaultdict(list)
    for annotation in corpus.annotations:
        by_workbook[corpus.workbook(annotation)].append(annotation)
    for workbook in watch(list(by_workbook)):
        _check_workbook(workbook, by_workbook[workbook], checked)
    checked.problems += _repeated(corpus.annotations)
    checked.problems += _unknown_splits(corpus.annotations)
    checked.problems += _split_groups(corpus.annotations)
    checked.problems += _split_copies(by_workbook)
    checked.notes += _missing_splits(corpus)
    checked.notes += _unused(corpus, by_workbook)
    return checked


def _check_workbook(workbook: Path, annotations: Sequence[SheetAnnotation], checked: Checked) -> None:
    name = annotations[0].file_name
    if not os.path.isfile(workbook):  # unlike Path.is_file, it takes names that are too long
        checked.problems.append(Problem("missing workbook", name, "there is no such workbook"))
        return
    wanted = [annotation.sheet_name for annotation in annotations]
    try:
        sheets = {sheet.name: sheet for sheet in open_workbook(workbook, sheet_names=wanted)}
    except SheetError as error:
        checked.problems.append(Problem("unreadable workbook", name, reason(error, workbook)))
        return
    for annotation in annotations:
        sheet = sheets.get(annotation.sheet_name)
        if sheet is None:
            message = "the workbook has no such sheet"
            checked.problems.append(Problem("missing sheet", where(annotation), message))
            continue
        extent = Extent(sheet)
        checked.facts[annotation] = SheetFacts(extent.used, extent.filled, _is_formatted(sheet))
        _check_ranges(annotation, extent, checked)
        if sheet.note:
            checked.notes.append(Problem("not read whole", where(annotation), sheet.note))


def _check_ranges(annotation: SheetAnnotation, extent: Extent, checked: Checked) -> None:
    place = where(annotation)
    seen: set[Box] = set()
    for box in annotation.tables:
        if box in seen:
            checked.problems.append(Problem("repeated range", place, f"{to_a1(box)} is there twice"))
            continue
        seen.add(box)
        if extent.used is None or not extent.used.intersection(box):
            message = f"{to_a1(box)} lies outside the filled cells"
            checked.problems.append(Problem("range outside", place, message))
        elif not extent.count(box):
            checked.problems.append(Problem("empty range", place, f"{to_a1(box)} holds no filled cell"))
        elif extent.has_blank_edge(box):
            message = f"the first or last row or column of {to_a1(box)} is blank"
            checked.notes.append(Problem("blank edge", place, message))
    for one, other in overlapping(sorted(seen)):
        message = f"{to_a1(one)} and {to_a1(other)} overlap"
        checked.problems.append(Problem("overlapping ranges", place, message))


def _is_formatted(sheet: Sheet) -> bool:
    # Dates have a number format in files that keep no formatting at all.
    looks = [replace(style, number_format="") for style in sheet.styles]
    styled = {number for number, look in enumerate(looks) if look != looks[0]}
    return any(cell.style in styled for cell in sheet.cells.values() if is_filled(cell))


def _repeated(annotations: Sequence[SheetAnnotation]) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for annotation in annotations:
        key = (annotation.file_name, annotation.sheet_name)
        if key in seen:
            yield Problem("repeated sheet", where(annotation), "the sheet is annotated more than once")
        seen.add(key)


def _unknown_splits(annotations: Sequence[SheetAnnotation]) -> Iterator[Problem]:
    for annotation in annotations:
        if annotation.split is not None and annotation.split not in SPLITS:
            message = f"split {annotation.split!r} is none of {', '.join(SPLITS)}"
            yield Problem("unknown split", where(annotation), message)


def _missing_splits(corpus: Corpus) -> Iterator[Problem]:
    found = {annotation.split for annotation in corpus.annotations}
    for split in ("train", "val"):
        if found and split not in found:
            yield Problem("missing split", split, "no sheet is marked so, as data.split=field needs it")


def _split_groups(annotations: Sequence[SheetAnnotation]) -> Iterator[Problem]:
    splits: dict[str, set[str]] = defaultdict(set)
    for annotation in annotations:
        splits[annotation.group].add(annotation.split or "no split")
    for group, found in splits.items():
        if len(found) > 1:
            yield Problem("group across splits", f"group {group!r}", f"is in {', '.join(sorted(found))}")


def _split_copies(by_workbook: dict[Path, list[SheetAnnotation]]) -> Iterator[Problem]:
    """Workbooks, and equal ones, that are in more than one split under different groups."""
    copies: dict[str, list[Path]] = defaultdict(list)
    for workbook in by_workbook:
        if os.path.isfile(workbook):
            copies[digest(workbook)].append(workbook)
    for workbooks in copies.values():
        sheets = [sheet for workbook in workbooks for sheet in by_workbook[workbook]]
        splits = {sheet.split or "no split" for sheet in sheets}
        if len(splits) > 1 and len({sheet.group for sheet in sheets}) > 1:
            names = ", ".join(by_workbook[workbook][0].file_name for workbook in workbooks)
            message = f"{'equal workbooks ' if len(workbooks) > 1 else ''}in {', '.join(sorted(splits))}"
            yield Problem("workbook across splits", names, message)


def _unused(corpus: Corpus, by_workbook: dict[Path, list[SheetAnnotation]]) -> Iterator[Problem]:
    folder = corpus.folder / "workbooks"
    used = {path.resolve() for path in (*by_workbook, *map(corpus.workbook, corpus.left_out))}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.resolve() not in used:
            yield Problem("unused workbook", str(file.relative_to(folder)), "no annotation names it")


def where(annotation: SheetAnnotation) -> str:
    """How messages name a sheet."""
    return f"{annotation.file_name}, sheet {annotation.sheet_name!r}"
