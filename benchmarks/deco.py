"""What people annotated on the sheets of DECO, out of the hidden sheet inside each workbook."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from tablesense.boxes import Box, parse_a1
from tablesense.sheets.sheet import Sheet, SheetError
from tablesense.sheets.workbook import open_workbook

_ANNOTATIONS = "Range_Annotations_Data"


class Annotation(NamedTuple):
    """A range with a label (Table, Header, MetaTitle, Notes, ...); its parent is a table or a sheet."""

    label: str
    name: str
    parent: str
    box: Box


class AnnotatedSheet(NamedTuple):
    """A sheet of a workbook and all that is annotated on it."""

    file: str
    sheet: Sheet
    annotations: list[Annotation]

    def boxes(self, label: str) -> list[Box]:
        """The ranges of a label."""
        return [one.box for one in self.annotations if one.label == label]


def annotated_sheets(folder: Path) -> Iterator[AnnotatedSheet]:
    """The annotated sheets of DECO; a workbook that cannot be read is named and left out."""
    for path in sorted((folder / "workbooks").glob("*.xlsx")):
        try:
            (notes,) = open_workbook(path, sheet_names=[_ANNOTATIONS])
        except SheetError as error:
            Console(stderr=True).print(f"left out: {error}", markup=False)
            continue
        by_sheet: dict[str, list[Annotation]] = {}
        for record in _records(notes):
            label, name, parent = (record[f"Annotation.{key}"] for key in ("Label", "Name", "Parent"))
            box = parse_a1(record["Annotation.Range"])
            by_sheet.setdefault(record["Sheet.Name"], []).append(Annotation(label, name, parent, box))
        for sheet_name, annotations in by_sheet.items():
            (sheet,) = open_workbook(path, sheet_names=[sheet_name])
            yield AnnotatedSheet(path.name, sheet, annotations)


def _records(sheet: Sheet) -> list[dict[str, str]]:
    """The rows below the first as dictionaries by column name."""
    first = min(row for row, _ in sheet.cells)
    names = {column: str(cell.value) for (row, column), cell in sheet.cells.items() if row == first}
    rows: dict[int, dict[str, str]] = {}
    for (row, column), cell in sorted(sheet.cells.items()):
        if row > first:
            rows.setdefault(row, {})[names[column]] = str(cell.value)
    return list(rows.values())
