"""Made-up results for the tests of the report."""

from collections.abc import Mapping, Sequence
from typing import Any

from tablesense.boxes import parse_a1
from tablesense.detection.table import FileResult, SheetTables, Table
from tablesense.sheets.sheet import Cell, CellKind, CellValue, Sheet, Style

EVIL = "<script>document.title = 'taken'</script><img src=x onerror=alert(1)>\"'&\u2028\u202e\x00\ud800"

BOLD, AMOUNT, MARKED, WRAPPED = 1, 2, 3, 4
STYLES = [
    Style(font_size=11),
    Style(font_size=11, bold=True, fill_color="1F497D", font_color="FFFFFF", border_bottom=True),
    Style(font_size=11, number_format="#,##0.00"),
    Style(font_size=11, fill_color="FFFF00"),
    Style(font_size=11, wrap=True),
]


def cell(value: CellValue, style: int = 0, **more: Any) -> Cell:
    kind = {str: CellKind.TEXT, int: CellKind.NUMBER, float: CellKind.NUMBER, bool: CellKind.BOOLEAN}
    return Cell(value, kind.get(type(value), CellKind.EMPTY), style, **more)


def sheet_of(cells: Mapping[str, CellValue | Cell], name: str = "Sheet1", **more: Any) -> Sheet:
    """A sheet by addresses: ``{"B2": "Name"}``."""
    places = {parse_a1(place): value for place, value in cells.items()}
    return Sheet(
        name,
        {(b.top, b.left): v if isinstance(v, Cell) else cell(v) for b, v in places.items()},
        list(STYLES),
        **more,
    )


def table_sheet(rows: int = 10, name: str = "Sheet1", **more: Any) -> Sheet:
    """A title, and a table of four columns from B3 on."""
    cells: dict[str, CellValue | Cell] = {"A1": "Sales by region"}
    cells |= {f"{letter}3": cell(f"head {letter}", BOLD) for letter in "BCDE"}
    for row in range(4, rows + 3):
        cells |= {f"B{row}": f"item {row}", f"C{row}": cell(row * 1.5, AMOUNT)}
        cells |= {f"D{row}": row, f"E{row}": f"note {row % 3}"}
    return sheet_of(cells, name, **more)


def result(
    sheet: Sheet, tables: Mapping[str, float] | None = None, file: str = "book.xlsx", **more: Any
) -> FileResult:
    """One file of one sheet with tables by range and score."""
    found = [Table(file, sheet.name, parse_a1(a1), score, 1, sheet) for a1, score in (tables or {}).items()]
    return FileResult(file, [SheetTables(sheet.name, sheet, found, **more)])


def joined(results: Sequence[FileResult], file: str = "book.xlsx") -> FileResult:
    """The sheets of several results as one file."""
    return FileResult(file, [sheet for one in results for sheet in one.sheets])
