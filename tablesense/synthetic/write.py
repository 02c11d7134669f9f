"""Planned sheets become the bytes of an .xlsx workbook."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Sequence
from copy import copy
from typing import cast
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from tablesense.boxes import to_a1
from tablesense.synthetic.blocks import CellSpec
from tablesense.synthetic.layout import PlannedSheet
from tablesense.synthetic.styles import Look, Theme

StyleKey = tuple[Look, str, int, bool, str]

_MOMENT = (2024, 1, 1, 0, 0, 0)
_FORMULA = re.compile(r'<c r="([A-Z]+\d+)"([^>]*)><f>(.*?)</f><v\s*(?:/>|></v>)')
_MODIFIED = re.compile(rb"(<dcterms:(modified|created)[^>]*>)[^<]*(</)")


def workbook_bytes(sheets: Sequence[PlannedSheet]) -> bytes:
    """Write planned sheets as one workbook; the same plan gives the same bytes.

    openpyxl writes formulas without results and the time of day into the file. Real workbooks carry
    results, which is all that most readers see of a formula, so they are filled in afterwards.
    """
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    results = []
    for number, sheet in enumerate(sheets, 1):
        worksheet = workbook.create_sheet(sheet.name)
        results.append(SheetWriter(worksheet, sheet, number).write())
    raw = io.BytesIO()
    # The archive is only an intermediate here: stored, not deflated, because it is read back at once.
    ExcelWriter(workbook, zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED)).save()
    return _rewrite(raw, {f"xl/worksheets/sheet{i}.xml": r for i, r in enumerate(results, 1)})


class SheetWriter:
    """Writes one planned sheet; every distinct formatting is made once and then copied."""

    def __init__(self, worksheet: Worksheet, sheet: PlannedSheet, number: int) -> None:
        self.worksheet = worksheet
        self.number = number
        self.sheet = sheet
        self.theme: Theme = sheet.theme
        self.styles: dict[StyleKey, StyleArray] = {}

    def write(self) -> dict[str, float | int | str]:
        """Write everything; returns the results of the formulas by cell name."""
        block, results = self.sheet.block, {}
        sides = self._outlines()
        for (row, column), spec in sorted(block.cells.items()):
            sided = sides.get((row, column), "")
            if spec.value is None and not self._is_visible(spec, sided):
                continue
            cell = cast(Cell, self.worksheet.cell(row + 1, column + 1))  # no merges yet
            if spec.formula is None:
                cell.value = spec.value
            else:
                cell.value = spec.formula.text()
                if isinstance(spec.value, int | float | str):
                    results[cell.coordinate] = spec.value
            self._format(cell, spec, sided)
            if spec.comment is not None:
                cell.comment = Comment(spec.comment, "tablesense")
        self._write_ranges()
        return results

    def _outlines(self) -> dict[tuple[int, int], str]:
        """The sides of cells that lie on the outline of a table, if the theme draws one."""
        sides: dict[tuple[int, int], str] = {}
        for box in self.sheet.tables if self.theme.outline else ():
            for row in range(box.top, box.bottom):
                for column, side in ((box.left, "l"), (box.right - 1, "r")):
                    sides[row, column] = sides.get((row, column), "") + side
            for column in range(box.left, box.right):
                for row, side in ((box.top, "t"), (box.bottom - 1, "b")):
                    sides[row, column] = sides.get((row, column), "") + side
        return sides

    def _is_visible(self, spec: CellSpec, sided: str) -> bool:
        look = self.theme.look(spec.role)
        return bool(sided or look.fill or look.border or (spec.band and self.theme.band))

    def _format(self, cell: Cell, spec: CellSpec, sided: str) -> None:
        is_date = isinstance(spec.value, dt.date | dt.time)
        number_format = spec.number_format if is_date or not self.theme.is_export else "General"
        key = (self.theme.look(spec.role), number_format, spec.indent, spec.band, sided)
        if key not in self.styles:
            self._apply(cell, *key)
            self.styles[key] = copy(cell._style)  # type: ignore[attr-defined]
        # Ten times faster than setting font, fill and border of every cell; absent from the stubs.
        cell._style = copy(self.styles[key])  # type: ignore[attr-defined]

    def _apply(self, cell: Cell, look: Look, number_format: str, indent: int, band: bool, sided: str) -> None:
        """Set the formatting of one cell the slow way."""
        theme = self.theme
        if theme.level != "none":
            cell.font = Font(
                name=theme.font,
                size=look.size or theme.size,
                bold=look.bold,
                italic=look.italic,
                underline="single" if look.underline else None,
                color=look.color,
            )
        fill = look.fill or (theme.band if band else None)
        if fill:
            cell.fill = PatternFill("solid", fgColor=fill)
        drawn = look.border + sided
        if drawn:
            lines = {side: Side("thin") for side in drawn} | {side: Side("medium") for side in sided}
            left, right, top, bottom = (lines.get(side, Side()) for side in "lrtb")
            cell.border = Border(left=left, right=right, top=top, bottom=bottom)
        if look.horizontal or look.wrap or indent:
            horizontal = "left" if indent else look.horizontal
            cell.alignment = Alignment(horizontal=horizontal, wrap_text=look.wrap, indent=indent)
        cell.number_format = number_format

    def _write_ranges(self) -> None:
        """Merges, native tables, hidden rows and columns, widths."""
        block, worksheet = self.sheet.block, self.worksheet
        for box in block.merges:
            # Not merge_cells(): it walks the covered cells again, which are planned blank already.
            worksheet.merged_cells.add(to_a1(box))
        for box in block.native:
            name = f"Table{self.number}_{len(worksheet.tables) + 1}"
            table = Table(displayName=name, ref=to_a1(box))
            table.tableStyleInfo = TableStyleInfo(name="TableStyleMedium2", showRowStripes=True)
            worksheet.add_table(table)
        for row in sorted(block.hidden_rows):
            worksheet.row_dimensions[row + 1].hidden = True
        if self.theme.column_widths:
            for column, width in _column_widths(block.cells).items():
                worksheet.column_dimensions[get_column_letter(column + 1)].width = width
        for column in sorted(block.hidden_columns):
            worksheet.column_dimensions[get_column_letter(column + 1)].hidden = True
        worksheet.sheet_view.showGridLines = self.theme.show_gridlines


def _column_widths(cells: dict[tuple[int, int], CellSpec]) -> dict[int, float]:
    """Widths that fit the longest text of a column, within reason."""
    widths: dict[int, float] = {}
    for (_, column), spec in sorted(cells.items()):
        if spec.value is not None:
            widths[column] = max(widths.get(column, 0), min(len(str(spec.value)), 28) + 2)
    return widths


def _rewrite(raw: io.BytesIO, results: dict[str, dict[str, float | int | str]]) -> bytes:
    """Copy the archive with formula results filled in and all times fixed."""
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if results.get(name):
                data = _with_results(data.decode(), results[name]).encode()
            elif name == "docProps/core.xml":
                data = _MODIFIED.sub(rb"\g<1>2024-01-01T00:00:00Z\3", data)
            target.writestr(zipfile.ZipInfo(name, _MOMENT), data, zipfile.ZIP_DEFLATED, 1)
    return out.getvalue()


def _with_results(xml: str, results: dict[str, float | int | str]) -> str:
    """Fill the empty ``<v>`` of formula cells; a text result here is always an error value."""

    def fill(match: re.Match[str]) -> str:
        name, attributes, formula = match.groups()
        result = results[name]
        kind = ' t="e"' if isinstance(result, str) else ""
        return f'<c r="{name}"{attributes}{kind}><f>{formula}</f><v>{escape(str(result))}</v>'

    return _FORMULA.sub(fill, xml)
