"""Reader of .xls (Excel 2 to 2003): xlrd gives values and formatting, calamine the values where it fails."""

import datetime as dt
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any, Literal

import xlrd
from xlrd.biffh import XLRDError, error_text_from_code
from xlrd.book import Book
from xlrd.formatting import Font
from xlrd.sheet import Sheet as XlrdSheet
from xlrd.xldate import xldate_as_datetime

from tablesense.boxes import MAX_COLS, MAX_ROWS, Box
from tablesense.sheets.calamine_values import plain, read_values
from tablesense.sheets.detect_format import in_short
from tablesense.sheets.request import Budget, ReadRequest
from tablesense.sheets.sheet import (
    Cell,
    CellKind,
    CellValue,
    Sheet,
    SheetError,
    Style,
    outside,
    real_merges,
    sane_format,
)

_HORIZONTAL = ("general", "left", "center", "right", "fill", "justify", "centerContinuous", "distributed")
_VERTICAL = ("top", "center", "bottom", "justify", "distributed")
_KINDS = {
    xlrd.XL_CELL_TEXT: CellKind.TEXT,
    xlrd.XL_CELL_NUMBER: CellKind.NUMBER,
    xlrd.XL_CELL_DATE: CellKind.DATE,
    xlrd.XL_CELL_BOOLEAN: CellKind.BOOLEAN,
    xlrd.XL_CELL_ERROR: CellKind.ERROR,
}
_DURATION = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_DEFAULT_XF = 15  # Excel writes fifteen formats of its own before that of an untouched cell
_FORMULA, _BOF, _EOF = (0x0006, 0x0206, 0x0406), (0x0009, 0x0209, 0x0409, 0x0809), 0x000A


def read_xls(data: bytes, request: ReadRequest, budget: Budget) -> list[Sheet]:
    """Read the worksheets that are asked for; charts and macro sheets are left out.

    Raises:
        SheetError: the workbook is encrypted or damaged, or over the limits.
    """
    try:
        return _read_with_xlrd(data, request, budget)
    except (SheetError, MemoryError):
        raise
    except XLRDError as error:
        if "encrypted" in str(error):
            raise SheetError("it is password protected; remove the password") from error
        return _read_values(data, request, budget, error)
    except Exception as error:  # xlrd meets damage with whatever its code trips over
        return _read_values(data, request, budget, error)


def _read_values(data: bytes, request: ReadRequest, budget: Budget, error: Exception) -> list[Sheet]:
    note = f"only values and merged cells could be read (xlrd: {in_short(error)})"
    budget.go_back(0)
    return read_values(data, request, budget, note)


def _read_with_xlrd(data: bytes, request: ReadRequest, budget: Budget) -> list[Sheet]:
    with xlrd.open_workbook(
        file_contents=data, logfile=StringIO(), formatting_info=True, on_demand=True, ragged_rows=True
    ) as opened:
        book: Any = opened  # xlrd knows more of a book than its stubs
        styles = _Styles(book)
        sheets = []
        for number, name in enumerate(book.sheet_names()):
            visible = book._sheet_visibility[number] == 0  # known before the sheet is read
            if request.wants(name, visible=visible):
                # Excel 2 to 4: the sheet is the file, and read by now, so there is nothing to look through
                formulas = frozenset(_formula_places(book.mem or b"", book._sh_abs_posn[number]))
                found = book.sheet_by_index(number)
                sheets.append(_sheet(found, styles, formulas, budget, visible=visible))
                book.unload_sheet(number)
        return [replace(sheet, styles=list(styles.met)) for sheet in sheets]


def _sheet(
    found: XlrdSheet,
    styles: "_Styles",
    formulas: frozenset[tuple[int, int]],
    budget: Budget,
    *,
    visible: bool,
) -> Sheet:
    cells: dict[tuple[int, int], Cell] = {}
    for row in range(found.nrows):
        values = zip(found.row_types(row), found.row_values(row), strict=True)
        for column, (type_code, value) in enumerate(values):
            style = styles.index(found.cell_xf_index(row, column))
            cell = _cell(type_code, value, style, styles, is_formula=(row, column) in formulas)
            if cell.kind is not CellKind.EMPTY or cell.style:
                budget.spend()
                cells[row, column] = cell
    for place in found.cell_note_map:
        budget.spend()
        cells.setdefault(place, Cell(None, CellKind.EMPTY)).comment = True
    row, column = max((row for row, _ in cells), default=0), max((column for _, column in cells), default=0)
    if row >= MAX_ROWS or column >= MAX_COLS:
        raise outside(row, column)
    merges = (Box(left, top, right, bottom) for top, bottom, left, right in found.merged_cells)
    return Sheet(
        found.name,
        cells,
        merges=real_merges(merges),
        hidden_rows=frozenset(row for row, about in found.rowinfo_map.items() if about.hidden),
        hidden_columns=frozenset(column for column, about in found.colinfo_map.items() if about.hidden),
        visible=visible,
    )


def _cell(type_code: int, value: CellValue, style: int, styles: "_Styles", *, is_formula: bool) -> Cell:
    kind = _KINDS.get(type_code, CellKind.EMPTY)
    formula = "=" if is_formula else None  # that it is one counts; xlrd does not decode it
    result: CellValue = plain(value)
    if kind is CellKind.EMPTY or (value == "" and formula is None):
        kind, result = CellKind.EMPTY, None
    elif kind is CellKind.BOOLEAN:
        result = bool(value)
    elif isinstance(value, int) and kind is CellKind.ERROR:
        result = error_text_from_code.get(value, "#N/A")
    elif isinstance(value, float) and _DURATION.search(styles.met[style].number_format):
        kind, result = _date(value, styles.datemode, is_duration=True)
    elif isinstance(value, float) and kind is CellKind.DATE:
        kind, result = _date(value, styles.datemode, is_duration=False)
    return Cell(result, kind, style, formula)


def _date(value: float, datemode: Literal[0, 1], *, is_duration: bool) -> tuple[CellKind, CellValue]:
    """A serial number as what its format shows; one before 1900 or after 9999 stays a number."""
    try:
        if is_duration:
            return CellKind.DATE, dt.timedelta(days=value)
        moment: dt.datetime = xldate_as_datetime(value, datemode)
    except (OverflowError, ValueError):
        return CellKind.NUMBER, plain(value)
    if value < 0:
        return CellKind.NUMBER, plain(value)
    return CellKind.DATE, moment.time() if value < 1 else moment


def _formula_places(data: bytes, position: int) -> Iterator[tuple[int, int]]:
    """Where a sheet has formulas: xlrd reads their results and forgets that they were formulas."""
    depth = 0
    while position + 4 <= len(data):
        code, size = struct.unpack_from("<HH", data, position)
        depth += (code in _BOF) - (code == _EOF)  # a chart on the sheet is a sheet inside it
        if depth <= 0:
            return
        if code in _FORMULA and depth == 1 and size >= 4:
            yield struct.unpack_from("<HH", data, position + 4)
        position += 4 + size


class _Styles:
    """The cell formats of a book, each made a :class:`Style` the first time it is met."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._by_xf: dict[int, int] = {}
        self._by_style: dict[Style, int] = {}
        self.datemode: Literal[0, 1] = 1 if book.datemode else 0
        self.met: list[Style] = []
        if len(book.xf_list) > _DEFAULT_XF:
            self.index(_DEFAULT_XF)
        else:
            self._number(Style())

    def index(self, xf: int) -> int:
        """The index in ``met`` of a cell format; one that the book lacks means the default."""
        found = self._by_xf.get(xf)
        if found is None:
            known = 0 <= xf < len(self._book.xf_list)
            found = self._by_xf[xf] = self._number(self._style(xf)) if known else 0
        return found

    def _number(self, style: Style) -> int:
        if style not in self._by_style:
            self._by_style[style] = len(self.met)
            self.met.append(style)
        return self._by_style[style]

    def _style(self, number: int) -> Style:
        xf: Any = self._book.xf_list[number]
        fonts = self._book.font_list
        font = fonts[xf.font_index] if xf.font_index < len(fonts) else Font()
        format_ = self._book.format_map.get(xf.format_key)
        return Style(
            font_color=self._color(font.colour_index) or "000000",
            fill_color=self._color(xf.background.pattern_colour_index)
            if xf.background.fill_pattern
            else None,
            font_size=font.height / 20 or None,  # twentieths of a point
            bold=bool(font.bold) or font.weight >= 600,
            italic=bool(font.italic),
            underline=bool(font.underline_type),
            strikethrough=bool(font.struck_out),
            border_left=bool(xf.border.left_line_style),
            border_right=bool(xf.border.right_line_style),
            border_top=bool(xf.border.top_line_style),
            border_bottom=bool(xf.border.bottom_line_style),
            horizontal=_named(_HORIZONTAL, xf.alignment.hor_align),
            vertical=_named(_VERTICAL, xf.alignment.vert_align),
            wrap=bool(xf.alignment.text_wrapped),
            indent=xf.alignment.indent_level,
            number_format=sane_format(format_.format_str) if format_ else "General",
            locked=bool(xf.protection.cell_locked),
            hidden=bool(xf.protection.formula_hidden),
        )

    def _color(self, index: int) -> str | None:
        """``RRGGBB``, or None where the colour is left to the application."""
        color = self._book.colour_map.get(index)
        return None if color is None else "".join(f"{channel:02X}" for channel in color)


def _named(names: tuple[str, ...], code: int) -> str:
    return names[code] if 0 <= code < len(names) else names[0]
