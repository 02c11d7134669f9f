"""Reader of .xlsx and .xlsm: openpyxl reads the parts, one pass over each sheet makes the cells.

``openpyxl.load_workbook`` is not used, only the pieces under it. It would build the workbook twice
to give formulas and their results, fill every merged range with cells of its own making, and fail
on parts that no table depends on (filters, validations, pivots, drawings).
"""

import warnings
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple
from xml.etree.ElementTree import Element
from zipfile import ZipFile, ZipInfo

from openpyxl.formula.tokenizer import TokenizerError
from openpyxl.formula.translate import TranslatorError
from openpyxl.packaging.relationship import Relationship, RelationshipList, get_dependents, get_rels_path
from openpyxl.reader.excel import ExcelReader
from openpyxl.worksheet._reader import COL_TAG, FORMULA_TAG, MERGE_TAG, ROW_TAG, WorkSheetParser
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.xml.constants import COMMENTS_NS, REL_NS, SHEET_MAIN_NS
from openpyxl.xml.functions import fromstring, iterparse

from tablesense.boxes import MAX_COLS, MAX_ROWS, Box, parse_a1
from tablesense.sheets.colors import parse_theme
from tablesense.sheets.sheet import Cell, CellKind, NativeTable, Sheet, SheetError
from tablesense.sheets.xlsx_styles import Stylesheet

_KINDS = {
    "n": CellKind.NUMBER,
    "s": CellKind.TEXT,
    "str": CellKind.TEXT,
    "inlineStr": CellKind.TEXT,
    "b": CellKind.BOOLEAN,
    "d": CellKind.DATE,
    "e": CellKind.ERROR,
}
_TRUE = frozenset({"1", "true"})


class _Found(NamedTuple):
    """A ``<c>`` element: zero-based position, type code, value (the result of a formula), style id."""

    row: int
    column: int
    type: str
    value: Any
    style: int
    formula: str | None


class _Budget:
    """Counts the cells kept for a workbook and refuses one too many."""

    def __init__(self, max_cells: int) -> None:
        self._max_cells = max_cells
        self._kept = 0

    def spend(self) -> None:
        self._kept += 1
        if self._kept > self._max_cells:
            raise SheetError(
                f"it has more than {self._max_cells:,} filled cells; "
                "name the sheets to read, or raise max_cells in ReadLimits"
            )


class _Archive(ZipFile):
    """A package whose parts are found whatever their case and slashes, as the standard wants it."""

    def getinfo(self, name: str) -> ZipInfo:
        """The entry called ``name``, else the one that differs in case or slashes only."""
        try:
            return super().getinfo(name)
        except KeyError:
            for entry in self.infolist():
                if entry.filename.replace("\\", "/").lstrip("/").lower() == name.lstrip("/").lower():
                    return entry
            raise

    def has(self, name: str) -> bool:
        """Whether :meth:`getinfo` finds the part."""
        try:
            self.getinfo(name)
        except KeyError:
            return False
        return True


class _SheetParser(WorkSheetParser):
    """openpyxl's parser of a sheet part, giving the formula and its cached result in one pass."""

    def __init__(self, source: IO[bytes], package: "_Package") -> None:
        super().__init__(
            source,
            package.reader.shared_strings,
            data_only=True,
            epoch=package.reader.wb.epoch,
            date_formats=package.date_ids,
            timedelta_formats=package.duration_ids,
        )
        self.merges: list[Box] = []
        self.hidden_columns: set[int] = set()

    def cells(self) -> Iterator[_Found]:
        """Every cell of the sheet; ``merges`` and the hidden rows and columns are filled on the way."""
        for _, element in iterparse(self.source):
            if element.tag == ROW_TAG:
                _, row = self.parse_row(element)
                yield from (_Found(**cell) for cell in row)
                element.clear()
            elif element.tag == COL_TAG and element.get("hidden") in _TRUE:
                last = min(int(element.get("max", 0)), MAX_COLS)
                self.hidden_columns.update(range(int(element.get("min", 1)) - 1, last))
            elif element.tag == MERGE_TAG:
                boxes = [parse_a1(merge.get("ref", "")) for merge in element]
                self.merges.extend(box for box in boxes if box.area > 1)

    @property
    def hidden_rows(self) -> frozenset[int]:
        """Zero-based rows marked hidden, once :meth:`cells` is through."""
        rows = self.row_dimensions.items()
        return frozenset(int(row) - 1 for row, attributes in rows if attributes.get("hidden") in _TRUE)

    def parse_cell(self, element: Element) -> dict[str, Any]:
        """The fields of :class:`_Found` for a ``<c>`` element."""
        cell: dict[str, Any] = super().parse_cell(element)
        return {
            "row": cell["row"] - 1,
            "column": cell["column"] - 1,
            "type": cell["data_type"],
            "value": cell["value"],
            "style": cell["style_id"] or 0,
            "formula": self._formula(element) if element.find(FORMULA_TAG) is not None else None,
        }

    def _formula(self, element: Element) -> str:
        try:
            formula: object = self.parse_formula(element)  # type: ignore[no-untyped-call]
        except (TokenizerError, TranslatorError):
            return "="  # a shared formula that cannot be moved to this cell; that it is one still counts
        if isinstance(formula, ArrayFormula):
            return formula.text or "="
        if isinstance(formula, DataTableFormula):
            return f"=TABLE({formula.r1 or ''},{formula.r2 or ''})"
        return str(formula)


@dataclass(frozen=True, slots=True)
class _Package:
    """An opened workbook file: what its sheets share."""

    archive: _Archive
    reader: ExcelReader
    stylesheet: Stylesheet
    date_ids: frozenset[int]
    duration_ids: frozenset[int]
    budget: _Budget

    def sheet(self, name: str, part: str, *, visible: bool) -> Sheet:
        """Convert the worksheet stored in ``part``."""
        with self.archive.open(part) as source:
            parser = _SheetParser(source, self)
            cells = self._cells(parser)
        rels = self._related(part)
        for place in self._commented(rels):
            if place not in cells:
                self.budget.spend()
            cells.setdefault(place, Cell(None, CellKind.EMPTY)).comment = True
        return Sheet(
            name=name,
            cells=cells,
            styles=self.stylesheet.styles,
            merges=parser.merges,
            tables=self._tables(rels),
            hidden_rows=parser.hidden_rows,
            hidden_columns=frozenset(parser.hidden_columns),
            visible=visible,
        )

    def _related(self, part: str) -> RelationshipList:
        rels_path: str = get_rels_path(part)  # type: ignore[no-untyped-call]
        return get_dependents(self.archive, rels_path) if self.archive.has(rels_path) else RelationshipList()

    def _cells(self, parser: _SheetParser) -> dict[tuple[int, int], Cell]:
        cells: dict[tuple[int, int], Cell] = {}
        for found in parser.cells():
            if found.row >= MAX_ROWS or found.column >= MAX_COLS:
                raise ValueError(f"a cell lies at row {found.row + 1}, column {found.column + 1}")
            cell = _cell(found, self.stylesheet.index(found.style))
            if cell.kind is not CellKind.EMPTY or cell.style:
                self.budget.spend()
                cells[found.row, found.column] = cell
        return cells

    def _commented(self, rels: RelationshipList) -> Iterator[tuple[int, int]]:
        for rel in self._present(rels, COMMENTS_NS):
            root = fromstring(self.archive.read(rel.target))
            for comment in root.iter(f"{{{SHEET_MAIN_NS}}}comment"):
                with suppress(ValueError):  # a comment that hangs nowhere costs the comment, not the sheet
                    box = parse_a1(comment.get("ref", ""))
                    yield box.top, box.left

    def _tables(self, rels: RelationshipList) -> list[NativeTable]:
        tables = []
        for rel in self._present(rels, f"{REL_NS}/table"):
            root = fromstring(self.archive.read(rel.target))
            with suppress(ValueError):  # likewise
                header_rows = int(root.get("headerRowCount", "1"))
                tables.append(NativeTable(parse_a1(root.get("ref", "")), header_rows))
        return tables

    def _present(self, rels: RelationshipList, kind: str) -> Iterator[Relationship]:
        """The relationships of a kind whose part is in the file: some programs leave dangling ones."""
        return (rel for rel in rels.find(kind) if self.archive.has(rel.target))


def _cell(found: _Found, style: int) -> Cell:
    kind, value = _KINDS[found.type], found.value
    if kind is CellKind.TEXT and found.formula is not None:
        value = value or ""  # a formula whose result is known to be the empty text
    elif value in (None, "") and found.formula is None:
        kind, value = CellKind.EMPTY, None
    return Cell(value, kind, style, found.formula)


def read_xlsx(path: Path, max_cells: int, sheet_names: Collection[str] | None = None) -> list[Sheet]:
    """Read the worksheets of an .xlsx or .xlsm file, or only those named, in the workbook's order.

    Chart sheets, dialogs and macro sheets are left out. The kind of a formula is that of its cached
    result; without one the cell is a NUMBER whose value is None.

    Raises:
        SheetError: more than ``max_cells`` cells have a value, a style or a comment.
        Exception: whatever zipfile, XML or openpyxl raise on a damaged file; the caller words it.
    """
    with path.open("rb") as file, _Archive(file) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of each feature it does not keep
        package = _open_package(file, archive, max_cells)
        listed = list(package.reader.parser.find_sheets())
        if not listed:
            raise SheetError(
                "it lists no sheet that can be read, as when saved as Strict Open XML; "
                "save it as an ordinary .xlsx"
            )
        return [
            package.sheet(sheet.name, rel.target, visible=sheet.state == "visible")
            for sheet, rel in listed
            if rel.Type.endswith("/worksheet") and archive.has(rel.target)
            if sheet_names is None or sheet.name in sheet_names
        ]


def _open_package(file: IO[bytes], archive: _Archive, max_cells: int) -> _Package:
    reader = ExcelReader(file, keep_links=False)
    reader.archive = archive
    reader.read_manifest()
    reader.read_strings()
    reader.read_workbook()
    rels: Any = reader.parser.rels  # a dictionary, whatever the stubs say
    related = {rel.Type.rpartition("/")[2]: rel.target for rel in rels.values()}
    theme, styles = (
        archive.read(related[kind]) if archive.has(related.get(kind, "")) else None
        for kind in ("theme", "styles")
    )
    stylesheet = Stylesheet(styles, parse_theme(theme))
    budget = _Budget(max_cells)
    return _Package(archive, reader, stylesheet, stylesheet.date_ids, stylesheet.duration_ids, budget)
