"""From annotations as a source tells them to annotations that hold for the workbooks."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tablesense.boxes import Box, parse_a1, to_a1
from tablesense.corpora.corpus import Problem
from tablesense.corpora.extent import Extent, overlapping
from tablesense.corpora.imports.files import is_storable, plain_case, reason
from tablesense.corpora.imports.groups import template_of
from tablesense.corpora.imports.source import SourceSheet, Tally
from tablesense.corpora.splits import normal_split
from tablesense.sheets.sheet import Sheet, SheetError
from tablesense.sheets.workbook import open_workbook

Watch = Callable[[Sequence[Path]], Iterable[Path]]


@dataclass(frozen=True)
class ConvertedSheet:
    """An annotated sheet that is there, under its real name, with ranges that hold cells.

    ``template`` is what sheets of one template have in common, None when there is too little of it.
    """

    workbook: Path
    sheet_name: str
    tables: tuple[Box, ...]
    group: str
    split: str | None
    template: object


def convert(
    sheets: Sequence[SourceSheet], tally: Tally, split: str | None = None, watch: Watch = iter
) -> list[ConvertedSheet]:
    """Hold annotations against their workbooks; what does not fit goes into ``tally``.

    Args:
        sheets: what the source tells.
        tally: what is left out, and what is worth knowing.
        split: of the sheets for which the source names none.
        watch: passes the workbooks on as they are read, for a progress bar.
    """
    by_workbook: dict[Path, list[SourceSheet]] = defaultdict(list)
    for sheet in sheets:
        by_workbook[sheet.workbook].append(sheet)
    converted: list[ConvertedSheet] = []
    for workbook in watch(list(by_workbook)):
        given = by_workbook[workbook]
        try:
            found = _open(workbook, {sheet.sheet_name for sheet in given})
        except SheetError as error:
            why = reason(error, workbook)
            tally.sheets += [Problem("unreadable workbook", _where(sheet), why) for sheet in given]
            continue
        converted += _convert_workbook(given, found, tally, split)
    return converted


def _open(workbook: Path, names: set[str]) -> dict[str, Sheet]:
    """The sheets of these names; when one is missing, all, as names differ in case and blanks."""
    found = {sheet.name: sheet for sheet in open_workbook(workbook, sheet_names=names)}
    if found.keys() >= names:
        return found
    try:
        return {sheet.name: sheet for sheet in open_workbook(workbook, include_hidden=True)}
    except SheetError:  # all together are too many cells
        return found


def _convert_workbook(
    given: Sequence[SourceSheet], found: dict[str, Sheet], tally: Tally, split: str | None
) -> list[ConvertedSheet]:
    by_sheet: dict[str, list[SourceSheet]] = defaultdict(list)
    for source in given:
        if name := _real_name(source.sheet_name, found):
            by_sheet[name].append(source)
        else:
            message = f"the workbook {source.workbook.name!r} has no such sheet"
            tally.sheets.append(Problem("missing sheet", _where(source), message))
    converted = []
    for name, sources in by_sheet.items():
        if len({(frozenset(source.ranges), source.split) for source in sources}) > 1:
            message = "the sheet is annotated more than once, and not alike"
            tally.sheets += [Problem("contradiction", _where(source), message) for source in sources]
            continue
        repeated = f"says the same as {sources[0].where}"
        tally.sheets += [Problem("repeated sheet", _where(source), repeated) for source in sources[1:]]
        if sheet := _convert_sheet(sources[0], found[name], tally, split):
            converted.append(sheet)
    return converted


def _real_name(stated: str, found: dict[str, Sheet]) -> str | None:
    """The name of a sheet as the workbook has it; None when none or several could be meant."""
    if stated in found:
        return stated
    alike = [name for name in found if plain_case(name).strip() == plain_case(stated).strip()]
    return alike[0] if len(alike) == 1 else None


def _convert_sheet(
    source: SourceSheet, sheet: Sheet, tally: Tally, default_split: str | None
) -> ConvertedSheet | None:
    try:
        split = default_split if source.split is None else normal_split(source.split)
    except ValueError as error:
        tally.sheets.append(Problem("unknown split", _where(source), str(error)))
        return None
    if not is_storable(f"{sheet.name}{source.group}"):
        tally.sheets.append(Problem("unusable name", _where(source), "the name is no text"))
        return None
    extent = Extent(sheet)
    if source.must_fit and (text := _misfit(source.ranges, extent)):
        message = f"{text} does not fit the cells of {source.workbook.name!r}; it may be another version"
        tally.sheets.append(Problem("another version", _where(source), message))
        return None
    tables = _convert_ranges(source, extent, tally)
    if source.ranges and not tables:
        tally.sheets.append(Problem("no usable range", _where(source), "none of its ranges can be used"))
        return None
    template = template_of(sheet, tables)
    return ConvertedSheet(source.workbook, sheet.name, tuple(tables), source.group, split, template)


def _misfit(ranges: Sequence[str], extent: Extent) -> str | None:
    """A range that reaches beyond the filled cells or begins or ends with blank ones; None when all fit."""
    for text in ranges:
        try:
            box = parse_a1(text)
        except ValueError:
            continue  # is named as invalid later
        if extent.used is None or not extent.used.contains(box) or extent.has_blank_edge(box):
            return text
    return None


def _convert_ranges(source: SourceSheet, extent: Extent, tally: Tally) -> list[Box]:
    tables: list[Box] = []
    where = _where(source)
    for text in source.ranges:
        try:
            box = parse_a1(text)
        except ValueError as error:
            tally.ranges.append(Problem("invalid range", where, str(error)))
            continue
        if extent.used is None or not extent.used.intersection(box):
            tally.ranges.append(Problem("range outside", where, f"{text} lies outside the filled cells"))
        elif not extent.count(box):
            tally.ranges.append(Problem("empty range", where, f"{text} holds no filled cell"))
        elif box in tables:
            tally.ranges.append(Problem("repeated range", where, f"{text} is there twice"))
        else:
            tables.append(box)
            if not extent.used.contains(box):
                message = f"{text} reaches beyond the filled cells, {to_a1(extent.used)}"
                tally.notes.append(Problem("range reaches beyond", where, message))
    for one, other in overlapping(tables):
        message = f"{to_a1(one)} and {to_a1(other)} overlap"
        tally.notes.append(Problem("overlapping ranges", where, message))
    return tables


def _where(source: SourceSheet) -> str:
    return f"{source.where}, sheet {source.sheet_name!r}"
