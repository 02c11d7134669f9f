"""The reader of last resort for .xlsx: openpyxl parses each sheet, cell by cell.

What the pass of :mod:`tablesense.sheets.xlsx_cells` does not know ends up here, and the tests hold
that pass to what this reader says. ``openpyxl.load_workbook`` is not used, only the pieces under it.
It would build the workbook twice to give formulas and their results, fill every merged range with
cells of its own making, and fail on parts that no table depends on (filters, validations, pivots).
"""

from collections.abc import Iterator
from typing import IO, Any, NamedTuple
from xml.etree.ElementTree import Element

from openpyxl.packaging.relationship import RelationshipList, get_dependents, get_rels_path
from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet._reader import COL_TAG, FORMULA_TAG, MERGE_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.functions import iterparse

from tablesense.boxes import MAX_COLS, MAX_ROWS, Box
from tablesense.sheets.request import Budget
from tablesense.sheets.sheet import Cell, CellKind, Sheet
from tablesense.sheets.xlsx_formulas import formula_text
from tablesense.sheets.xlsx_package import (
    TRUE,
    Archive,
    ListedSheet,
    Relation,
    hidden_columns,
    merged_boxes,
    read_commented,
    read_looks,
    read_tables,
)
from tablesense.sheets.xlsx_strings import KINDS
from tablesense.sheets.xlsx_styles import Stylesheet


class _Found(NamedTuple):
    """A ``<c>`` element: zero-based position, type code, value (the result of a formula), style id."""

    row: int
    column: int
    type: str
    value: Any
    style: int
    formula: str | None


class _SheetParser(WorkSheetParser):
    """openpyxl's parser of a sheet part, giving the formula and its cached result in one pass."""

    def __init__(self, source: IO[bytes], reader: ExcelReader, stylesheet: Stylesheet) -> None:
        super().__init__(
            source,
            reader.shared_strings,
            data_only=True,
            epoch=reader.wb.epoch,
            date_formats=stylesheet.date_ids,
            timedelta_formats=stylesheet.duration_ids,
        )
        self.merges: list[Box] = []
        self._columns: list[Element] = []

    def cells(self) -> Iterator[_Found]:
        """Every cell of the sheet; ``merges`` and the hidden rows and columns are known after it."""
        for _, element in iterparse(self.source):
            if element.tag == ROW_TAG:
                _, row = self.parse_row(element)
                yield from (_Found(**cell) for cell in row)
                element.clear()
            elif element.tag == COL_TAG:
                self._columns.append(element)
            elif element.tag == MERGE_TAG:
                self.merges += merged_boxes(element)

    @property
    def hidden_columns(self) -> frozenset[int]:
        """Zero-based columns marked hidden, once :meth:`cells` is through."""
        return hidden_columns(self._columns)

    @property
    def hidden_rows(self) -> frozenset[int]:
        """Zero-based rows marked hidden, once :meth:`cells` is through."""
        rows = self.row_dimensions.items()
        return frozenset(int(row) - 1 for row, attributes in rows if attributes.get("hidden") in TRUE)

    def parse_cell(self, element: Element) -> dict[str, Any]:
        """The fields of :class:`_Found` for a ``<c>`` element."""
        cell: dict[str, Any] = super().parse_cell(element)
        return {
            "row": cell["row"] - 1,
            "column": cell["column"] - 1,
            "type": cell["data_type"],
            "value": cell["value"],
            "style": cell["style_id"] or 0,
            "formula": formula_text(self, element) if element.find(FORMULA_TAG) is not None else None,
        }


class OpenpyxlPackage:
    """An opened workbook file, read part by part with openpyxl.

    Args:
        file: the file, for openpyxl to open.
        archive: the same file, open.
        budget: counts the cells that are kept.
    """

    def __init__(self, file: IO[bytes], archive: Archive, budget: Budget) -> None:
        self._archive = archive
        self._budget = budget
        self._reader = ExcelReader(file, keep_links=False)
        self._reader.archive = archive
        self._reader.read_manifest()
        self._reader.read_strings()
        self._reader.read_workbook()
        rels: Any = self._reader.parser.rels  # a dictionary, whatever the stubs say
        related = {rel.Type.rpartition("/")[2]: rel.target for rel in rels.values()}
        self._stylesheet = Stylesheet(*read_looks(archive, related))

    def listed(self) -> list[ListedSheet]:
        """The sheets that the workbook lists."""
        return [
            ListedSheet(sheet.name, sheet.state == "visible", Relation(rel.Id or "", rel.Type, rel.target))
            for sheet, rel in self._reader.parser.find_sheets()
        ]

    def sheet(self, listed: ListedSheet) -> Sheet:
        """Convert a worksheet."""
        part = listed.relation.target
        with self._archive.open(part) as source:
            parser = _SheetParser(source, self._reader, self._stylesheet)
            cells = self._cells(parser)
        relations = self._related(part)
        for place in read_commented(self._archive, relations):
            if place not in cells:
                self._budget.spend()
            cells.setdefault(place, Cell(None, CellKind.EMPTY)).comment = True
        return Sheet(
            name=listed.name,
            cells=cells,
            styles=self._stylesheet.styles,
            merges=parser.merges,
            tables=read_tables(self._archive, relations),
            hidden_rows=parser.hidden_rows,
            hidden_columns=parser.hidden_columns,
            visible=listed.visible,
        )

    def _related(self, part: str) -> list[Relation]:
        path: str = get_rels_path(part)  # type: ignore[no-untyped-call]
        found = get_dependents(self._archive, path) if self._archive.has(path) else RelationshipList()
        return [Relation(rel.Id or "", rel.Type, rel.target) for rel in found]

    def _cells(self, parser: _SheetParser) -> dict[tuple[int, int], Cell]:
        cells: dict[tuple[int, int], Cell] = {}
        for found in parser.cells():
            if found.row >= MAX_ROWS or found.column >= MAX_COLS:
                raise ValueError(f"a cell lies at row {found.row + 1}, column {found.column + 1}")
            cell = _cell(found, self._stylesheet.index(found.style))
            if cell.kind is not CellKind.EMPTY or cell.style:
                self._budget.spend()
                cells[found.row, found.column] = cell
        return cells


def _cell(found: _Found, style: int) -> Cell:
    kind, value = KINDS[found.type], found.value
    if kind is CellKind.TEXT and found.formula is not None:
        value = value or ""  # a formula whose result is known to be the empty text
    elif value in (None, "") and found.formula is None:
        kind, value = CellKind.EMPTY, None
    return Cell(value, kind, style, found.formula)
