"""How often titles and notes are found: ``python -m benchmarks.titles``.

Cells that are said to be title or note, against those that people marked, around annotated tables:
``deco`` has both labels; of ``saus``, where every cell has its role, all that stands above the table is
title or note, and all below it is notes; the cells of generated sheets know what they are.
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.deco import annotated_sheets
from benchmarks.features import REAL_DATA
from benchmarks.generated import generated_sheets
from tablesense.boxes import Box, parse_a1, to_a1
from tablesense.detection.surroundings import find_surroundings
from tablesense.evaluation.eob import Counts
from tablesense.features.featurize import display_text
from tablesense.sheets.sheet import Sheet
from tablesense.sheets.workbook import open_workbook
from tablesense.synthetic.blocks import Role

Places = set[tuple[int, int]]


class Case(NamedTuple):
    """What was said of the cells of a sheet, and what is known: rows and columns from zero."""

    where: str
    sheet: Sheet
    what: str
    said: Places
    known: Places


def deco_cases(folder: Path) -> Iterator[Case]:
    """The sheets of DECO; what is marked inside tables, where notes are not looked for, counts on its own."""
    for one in annotated_sheets(folder):
        where, sheet, tables = f"{one.file} {one.sheet.name}", one.sheet, one.boxes("Table")
        titles, notes = _said(sheet, tables)
        for what, said, label in (("titles", titles, "MetaTitle"), ("notes", notes, "Notes")):
            known = _texts(sheet, one.boxes(label))
            inside = {place for place in known if _is_in(place, tables)}
            yield Case(where, sheet, f"deco: {what} outside tables", said - inside, known - inside)
            yield Case(where, sheet, f"deco: {what} inside tables", said & inside, inside)


def saus_cases(folder: Path) -> Iterator[Case]:
    """The sheets of SAUS that have a table."""
    for line in (folder / "annotations.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        tables = [parse_a1(text) for text in record["table_regions"]]
        if not tables:
            continue
        (sheet,) = open_workbook(
            folder / "workbooks" / record["file_name"], sheet_names=[record["sheet_name"]]
        )
        top, bottom = min(box.top for box in tables), max(box.bottom for box in tables)
        said = set[tuple[int, int]]().union(*_said(sheet, tables))
        texts = _texts(sheet)
        for what, rows in (
            ("titles and notes above", range(top)),
            ("notes below", range(bottom, bottom + 10_000)),
        ):
            parts = ({place for place in places if place[0] in rows} for places in (said, texts))
            yield Case(record["file_name"], sheet, f"saus: {what}", *parts)


def synthetic_cases(count: int) -> Iterator[Case]:
    """Generated sheets; a note far from any table is one as well, and a remark beside one."""
    for number, (plan, sheet) in enumerate(generated_sheets("titles", count)):
        titles, notes = _said(sheet, plan.tables)
        roles: dict[Role, Places] = {}
        for place in _texts(sheet):
            roles.setdefault(plan.block.cells[place].role, set()).add(place)
        known = roles.get(Role.TITLE, set()) | roles.get(Role.SUBTITLE, set())
        where = f"generated sheet {number}"
        yield Case(where, sheet, "generated: titles and units", titles | (notes & known), known)
        yield Case(where, sheet, "generated: notes", notes - known, roles.get(Role.NOTE, set()))


def _said(sheet: Sheet, tables: Sequence[Box]) -> tuple[Places, Places]:
    """The cells of titles and those of notes."""
    found = find_surroundings(sheet, tables)
    titles = {(line.row, line.column) for one in found for line in one.title}
    return titles, {(line.row, line.column) for one in found for line in one.notes}


def _texts(sheet: Sheet, boxes: Iterable[Box] | None = None) -> Places:
    """The cells, all or those in boxes, that say something: a letter or a digit."""
    return {
        place
        for place, cell in sheet.cells.items()
        if (boxes is None or _is_in(place, boxes))
        and cell.value is not None
        and any(map(str.isalnum, display_text(cell)))
    }


def _is_in(place: tuple[int, int], boxes: Iterable[Box]) -> bool:
    row, column = place
    return any(box.left <= column < box.right and box.top <= row < box.bottom for box in boxes)


def main() -> None:
    """Print precision and recall over the cells, and every cell of DECO that is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=REAL_DATA, help="the folder of deco/ and saus/")
    parser.add_argument("--synthetic", type=int, default=300, metavar="SHEETS")
    options = parser.parse_args()
    counts: dict[str, Counts] = {}
    wrong: list[str] = []
    for cases in (
        deco_cases(options.data / "deco"),
        saus_cases(options.data / "saus"),
        synthetic_cases(options.synthetic),
    ):
        for case in cases:
            total = counts.setdefault(case.what, Counts())
            total.predicted += len(case.said)
            total.annotated += len(case.known)
            total.right += len(case.said & case.known)
            if case.what.startswith("deco"):
                wrong += _mistakes(case)
    table = Table("what", "cells", "said", "precision", "recall", title="titles and notes")
    for what, one in counts.items():
        figures = (str(one.annotated), str(one.predicted), f"{one.precision:.3f}", f"{one.recall:.3f}")
        table.add_row(what, *figures)
    console = Console(markup=False, highlight=False)
    console.print(table)
    for text in wrong:
        console.print(text, soft_wrap=True)


def _mistakes(case: Case) -> Iterator[str]:
    for place in sorted(case.said ^ case.known):
        kind = "extra" if place in case.said else "missed"
        row, column = place
        text = display_text(case.sheet.cells[place])[:60]
        yield f"{case.what}, {kind}: {case.where} {to_a1(Box(column, row, column + 1, row + 1))} {text!r}"


if __name__ == "__main__":
    main()
