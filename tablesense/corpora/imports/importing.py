"""Annotations of any kind become a corpus folder."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tablesense.corpora.corpus import Problem
from tablesense.corpora.imports.convert import ConvertedSheet, Watch, convert
from tablesense.corpora.imports.groups import digest, join_groups
from tablesense.corpora.imports.kinds import Kind
from tablesense.corpora.imports.source import Reading, Request, Tally
from tablesense.corpora.imports.write import (
    check_destination,
    unique_names,
    whole_folder,
    write_corpus,
    write_skipped,
)
from tablesense.corpora.record import SheetAnnotation
from tablesense.errors import UserError


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    reading: Reading
    annotations: list[SheetAnnotation]

    @property
    def tally(self) -> Tally:
        """What was left out, and what is worth knowing."""
        return self.reading.tally


def import_corpus(
    kind: Kind,
    request: Request,
    dest: Path,
    *,
    split: str | None = None,
    link: bool = False,
    watch: Watch = iter,
) -> Imported:
    """Read annotations, hold them against their workbooks, and write a corpus folder.

    Args:
        kind: of annotations.
        request: what to import; nothing of it is changed.
        dest: the folder, new or empty.
        split: of the sheets for which the source names none.
        link: make hard links to the workbooks, not copies.
        watch: passes the workbooks on as they are read, for a progress bar.

    Raises:
        UserError: there is nothing to import, or the folder cannot be written.
    """
    if not request.source.is_dir():
        raise UserError(f"{request.source}: is no folder")
    check_destination(dest, request.source)
    reading = kind.read(request)
    sheets = convert(reading.sheets, reading.tally, split, watch)
    if not sheets:
        raise UserError(_nothing(request.source, reading))
    names = unique_names(list(dict.fromkeys(sheet.workbook for sheet in sheets)))
    annotations = _annotations(sheets, names, kind.keeps_groups)
    _note_split_groups(annotations, reading.tally)
    with whole_folder(dest) as folder:
        write_corpus(folder, annotations, names, link)
        write_skipped(folder, reading.tally.skipped)
    return Imported(reading, annotations)


def _nothing(source: Path, reading: Reading) -> str:
    skipped = reading.tally.skipped
    example = f"; the first: {skipped[0]}" if skipped else ""
    return (
        f"{source}: no annotated sheet can be used, of {reading.num_read:,} read, with "
        f"{reading.num_workbooks:,} workbooks there{example}"
    )


def _annotations(
    sheets: list[ConvertedSheet], names: dict[Path, str], keep_groups: bool
) -> list[SheetAnnotation]:
    groups = [sheet.group for sheet in sheets]
    if not keep_groups:
        digests = {workbook: digest(workbook) for workbook in names}
        marks = [(("file", digests[sheet.workbook]), sheet.template) for sheet in sheets]
        groups = join_groups(groups, [[mark for mark in pair if mark is not None] for pair in marks])
    return [
        SheetAnnotation(names[sheet.workbook], sheet.sheet_name, sheet.tables, group, sheet.split)
        for sheet, group in zip(sheets, groups, strict=True)
    ]


def _note_split_groups(annotations: list[SheetAnnotation], tally: Tally) -> None:
    splits: dict[str, set[str]] = defaultdict(set)
    for annotation in annotations:
        if annotation.split is not None:
            splits[annotation.group].add(annotation.split)
    for group, found in splits.items():
        if len(found) > 1:
            message = (
                f"has sheets in {', '.join(sorted(found))}; `data.split: group` would keep them together"
            )
            tally.notes.append(Problem("group across splits", f"group {group!r}", message))
