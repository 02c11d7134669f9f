"""The features of a sheet cell by cell: slow and plain, what the fast way in the package is held to."""

import datetime as dt
import math
import re
import statistics
import sys
from collections.abc import Collection, Iterable

import numpy as np
from numpy.typing import NDArray

from tablesense.boxes import Box
from tablesense.features import text as looks
from tablesense.features.channels import INDEX, NUM_CHANNELS
from tablesense.features.featurize import KEEP, SheetGrid
from tablesense.features.fold import AxisFold, Fold
from tablesense.features.relations import SUM_TOLERANCE
from tablesense.features.styles import pattern_code, style_bytes
from tablesense.sheets.sheet import Cell, CellKind, Sheet

Bytes = NDArray[np.uint8]
_KIND_CHANNEL = {
    CellKind.TEXT: "kind_text",
    CellKind.NUMBER: "kind_number",
    CellKind.BOOLEAN: "kind_boolean",
    CellKind.DATE: "kind_date",
    CellKind.ERROR: "kind_error",
}
_NO_TEXT = re.compile(r"\s*")


def featurize_by_cell(sheet: Sheet, keep: int = KEEP) -> SheetGrid:
    filled = {position for position, cell in sheet.cells.items() if is_filled(cell)}
    extent = _extent(sheet, filled)
    if extent is None:
        first = AxisFold(np.zeros(1, dtype=np.int64))
        return SheetGrid(np.zeros((NUM_CHANNELS, 1, 1), dtype=np.uint8), Fold(first, first))
    style_codes = [pattern_code(style) for style in sheet.styles]
    codes = {
        position: 16 * style_codes[cell.style] + (_pattern_kind(cell) if position in filled else 0)
        for position, cell in sheet.cells.items()
    }
    headers = [table.box._replace(bottom=table.box.top + table.header_rows) for table in sheet.tables]
    fold = _fold_cells(
        {position: code for position, code in codes.items() if code},
        extent,
        keep,
        edges=[table.box for table in sheet.tables] + [box for box in headers if box.height],
    )
    return SheetGrid(_describe(sheet, fold), fold)


def is_filled(cell: Cell) -> bool:
    """Whether a cell shows something: a value that is not blank text, or a formula."""
    if isinstance(cell.value, str):
        return _NO_TEXT.fullmatch(cell.value) is None
    return cell.value is not None or cell.formula is not None


def is_numeric(cell: Cell) -> bool:
    """Whether a filled cell is data to the eye: a number, a date, or text that says one."""
    if cell.kind == CellKind.TEXT:
        return isinstance(cell.value, str) and looks.is_number_text(cell.value)
    unknown_result = cell.formula is not None and cell.value is None  # most formulas compute numbers
    return cell.kind in (CellKind.NUMBER, CellKind.DATE) or unknown_result


def _pattern_kind(cell: Cell) -> int:
    """What folding compares of a value: its kind, with numbers written as text counted as numbers."""
    return int(CellKind.NUMBER) if is_numeric(cell) else int(cell.kind)


def _extent(sheet: Sheet, filled: set[tuple[int, int]]) -> Box | None:
    """The box around all values and native tables, and one more line where formatting goes on."""
    boxes = [Box(column, row, column + 1, row + 1) for row, column in filled]
    boxes += [table.box for table in sheet.tables]
    if not boxes:
        return None
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
    near = Box(max(left - 1, 0), max(top - 1, 0), right + 1, bottom + 1)
    for (row, column), cell in sheet.cells.items():
        is_near = near.left <= column < near.right and near.top <= row < near.bottom
        if is_near and pattern_code(sheet.styles[cell.style]):
            left, top = min(left, column), min(top, row)
            right, bottom = max(right, column + 1), max(bottom, row + 1)
    return Box(left, top, right, bottom)


def _describe(sheet: Sheet, fold: Fold) -> Bytes:
    rows = {int(position): number for number, position in enumerate(fold.rows.kept)}
    columns = {int(position): number for number, position in enumerate(fold.columns.kept)}
    sizes = [size for cell in sheet.cells.values() if (size := sheet.styles[cell.style].font_size)]
    median_size = statistics.median(sizes) if sizes else None
    by_style = [style_bytes(style, median_size, sheet.styles[0]) for style in sheet.styles]
    if not sheet.has_formatting:
        by_style = [np.zeros(NUM_CHANNELS, dtype=np.uint8)] * len(sheet.styles)
    # A blank cell without formatting is all zeros, like the blank lines that augmentation and padding add.
    grid = np.zeros((len(rows), len(columns), NUM_CHANNELS), dtype=np.uint8)
    for (row, column), cell in sheet.cells.items():
        y, x = rows.get(row), columns.get(column)
        if y is None or x is None:
            continue
        grid[y, x] = by_style[cell.style]
        if cell.comment:
            grid[y, x, INDEX["has_comment"]] = 255
        if is_filled(cell):
            above, left = sheet.cells.get((row - 1, column)), sheet.cells.get((row, column - 1))
            grid[y, x] += _content_bytes(cell, above, left)
    _mark_repeated(grid, sheet, fold)
    _mark_sums(grid, sheet, fold)
    _mark_structure(grid, sheet, fold)
    return np.ascontiguousarray(grid.transpose(2, 0, 1))


def _content_bytes(cell: Cell, above: Cell | None, left: Cell | None) -> Bytes:
    """The content channels of a filled cell, next to its neighbours in the sheet."""
    text = display_text(cell)
    kind = "kind_formula" if cell.formula is not None else _KIND_CHANNEL.get(cell.kind, "kind_text")
    names = [kind, "filled", "numeric" if is_numeric(cell) else "textual", _length_channel(len(text))]
    names += [name for name, present in _text_flags(text) if present]
    if isinstance(cell.value, (int, float)) and not isinstance(cell.value, bool) and cell.value < 0:
        names.append("negative")
    for side, neighbour in (("above", above), ("left", left)):
        if neighbour is None or not is_filled(neighbour):
            continue
        other = display_text(neighbour)
        if other == text:
            names.append(f"same_value_{side}")
        if looks.pattern_of(other) == looks.pattern_of(text):
            names.append(f"same_pattern_{side}")
        if number_of(cell) > number_of(neighbour):
            names.append(f"greater_than_{side}")
    values = np.zeros(NUM_CHANNELS, dtype=np.uint8)
    values[[INDEX[name] for name in names]] = 255
    if text:
        values[INDEX["digit_share"]] = round(255 * sum(letter.isdigit() for letter in text) / len(text))
        values[INDEX["letter_share"]] = round(255 * sum(letter.isalpha() for letter in text) / len(text))
        values[INDEX["leading_spaces"]] = min(255, 32 * (len(text) - len(text.lstrip())))
    return values


def display_text(cell: Cell) -> str:
    """The value as text; close to what a user sees, number formats aside."""
    value = cell.value
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return "" if value is None else str(value)


def _length_channel(length: int) -> str:
    for limit in (10, 50, 100):
        if length < limit:
            return f"length_below_{limit}"
    return "length_100_up"


def _text_flags(text: str) -> tuple[tuple[str, bool], ...]:
    stripped = text.strip()
    return (
        ("all_caps", len(stripped) > 1 and stripped.isupper()),
        ("ends_with_colon", stripped.endswith(":")),
        ("total_word", looks.has_total_word(stripped)),
        ("note_word", looks.has_note_start(stripped)),
        ("year_like", looks.is_year(stripped)),
        ("separator", looks.is_separator(stripped)),
        ("bracketed", len(stripped) > 2 and stripped[0] == "(" and stripped[-1] == ")"),
    )


def number_of(cell: Cell) -> float:
    """The number or the date of a numeric cell, not-a-number where it has neither."""
    value = cell.value
    if not is_numeric(cell) or isinstance(value, bool):
        return math.nan
    if isinstance(value, dt.datetime):
        return (value - dt.datetime.min).total_seconds() / 86400
    if isinstance(value, str):
        return looks.number_in(value)
    if not isinstance(value, (int, float)) or abs(value) > sys.float_info.max:
        return value if isinstance(value, float) else math.nan
    return float(value)


def _is_word(cell: Cell | None) -> bool:
    if cell is None or not is_filled(cell):
        return False
    return not is_numeric(cell) or looks.is_year(display_text(cell))


def _mark_repeated(grid: Bytes, sheet: Sheet, fold: Fold) -> None:
    """``repeated_in_column``: an equal text in the column, and something else between the two."""
    shown = np.full(grid.shape[:2], None, dtype=object)
    for y, row in enumerate(fold.rows.kept.tolist()):
        for x, column in enumerate(fold.columns.kept.tolist()):
            cell = sheet.cells.get((row, column))
            shown[y, x] = display_text(cell) if cell is not None and _is_word(cell) else None
    for lines, marks in ((shown.T, grid.transpose(1, 0, 2)), (shown, grid)):
        name = "repeated_in_row" if lines is shown else "repeated_in_column"
        for line, marked in zip(lines.tolist(), marks, strict=True):
            for one, text in enumerate(line):
                others = [other for other in range(len(line)) if line[other] == text]
                parted = any(
                    set(line[min(one, other) : max(one, other)]) != {text} for other in others if other != one
                )
                if text is not None and parted:
                    marked[one, INDEX[name]] = 255


def _mark_sums(grid: Bytes, sheet: Sheet, fold: Fold) -> None:
    """``sum_of_above``: what stands above since the last text or sum adds up to the number."""
    for name, turned in (("sum_of_above", False), ("sum_of_left", True)):
        lines: dict[int, list[tuple[int, Cell]]] = {}
        for (row, column), cell in sheet.cells.items():
            line, position = (row, column) if turned else (column, row)
            lines.setdefault(line, []).append((position, cell))
        for line, members in lines.items():
            for position in _sums(sorted(members, key=lambda member: member[0])):
                place = (line, position) if turned else (position, line)
                y, x = (
                    np.flatnonzero(fold.rows.kept == place[0]),
                    np.flatnonzero(fold.columns.kept == place[1]),
                )
                grid[y, x, INDEX[name]] = 255


def _sums(line: list[tuple[int, Cell]]) -> list[int]:
    found: list[int] = []
    terms: list[float] = []
    sums: list[float] = []
    for position, cell in line:
        if not is_filled(cell):
            continue
        number = math.nan if cell.kind == CellKind.DATE else number_of(cell)
        if not (is_numeric(cell) or looks.is_separator(display_text(cell)) or cell.kind == CellKind.ERROR):
            terms, sums = [], []
        elif not math.isnan(number):
            if _adds_up(number, terms):
                if not any(_is_close(number, term) for term in sorted(terms, key=abs, reverse=True)[:2]):
                    found.append(position)
                terms = []
                sums.append(number)
            elif not terms and len(sums) > 1 and _is_close(number, sum(sums)):
                sums = []
                found.append(position)
            else:
                terms.append(number)
    return found


def _adds_up(number: float, terms: list[float]) -> bool:
    if len(terms) < 2 or math.isclose(number - terms[-1], terms[-1] - terms[-2]):
        return False
    return _is_close(number, sum(terms)) or (len(terms) > 2 and _is_close(number, sum(terms) - terms[0]))


def _is_close(number: float, total: float) -> bool:
    return total != 0 and math.isfinite(total) and abs(number - total) <= abs(total) * SUM_TOLERANCE


def _mark_structure(grid: Bytes, sheet: Sheet, fold: Fold) -> None:
    """Write what spans cells: merges, native tables, hidden lines, folded lines."""
    rows, columns = fold.rows.kept, fold.columns.kept
    for box in sheet.merges:
        _mark_merge(grid, rows, columns, box)
    for table in sheet.tables:
        _mark_box(grid, fold, table.box, "in_table")
        header = table.box._replace(bottom=table.box.top + table.header_rows)
        _mark_box(grid, fold, header, "in_table_header")
    if sheet.hidden_rows:
        grid[np.isin(rows, list(sheet.hidden_rows)), :, INDEX["hidden"]] = 255
    if sheet.hidden_columns:
        grid[:, np.isin(columns, list(sheet.hidden_columns)), INDEX["hidden"]] = 255
    for axis, name, lines in ((0, "rows_folded_after", fold.rows), (1, "columns_folded_after", fold.columns)):
        scaled = [round(255 * min(math.log2(1 + gap) / 16, 1)) for gap in lines.gaps().tolist()]
        grid[:, :, INDEX[name]] = np.expand_dims(np.array(scaled, dtype=np.uint8), 1 - axis)


def _inside(positions: NDArray[np.int64], first: int, stop: int) -> slice:
    """The part of the kept positions that lies in ``[first, stop)``."""
    return slice(int(np.searchsorted(positions, first)), int(np.searchsorted(positions, stop)))


def _mark_box(grid: Bytes, fold: Fold, box: Box, name: str) -> None:
    rows = _inside(fold.rows.kept, box.top, box.bottom)
    grid[rows, _inside(fold.columns.kept, box.left, box.right), INDEX[name]] = 255


def _mark_merge(grid: Bytes, rows: NDArray[np.int64], columns: NDArray[np.int64], box: Box) -> None:
    """``merged_left`` says that the cell and the one to its left are parts of one merged range."""
    inside = _inside(rows, box.top, box.bottom), _inside(columns, box.left, box.right)
    grid[inside[0], _inside(columns, box.left + 1, box.right), INDEX["merged_left"]] = 255
    grid[inside[0], _inside(columns, box.left, box.right - 1), INDEX["merged_right"]] = 255
    grid[_inside(rows, box.top + 1, box.bottom), inside[1], INDEX["merged_top"]] = 255
    grid[_inside(rows, box.top, box.bottom - 1), inside[1], INDEX["merged_bottom"]] = 255


def _line_signatures(entries: Iterable[tuple[int, int, int]], start: int, length: int) -> NDArray[np.int64]:
    """Number the distinct patterns of the lines of a sparse grid.

    Args:
        entries: ``(line, position, code)`` of every cell that is not blank, sorted.
        start: first line.
        length: number of lines; lines without entries share the pattern 0.

    Returns:
        One number a line, equal exactly for lines with the same codes at the same positions.
    """
    lines: dict[int, list[tuple[int, int]]] = {}
    for line, position, code in entries:
        lines.setdefault(line, []).append((position, code))
    numbers: dict[tuple[tuple[int, int], ...], int] = {(): 0}
    signatures = np.zeros(length, dtype=np.int64)
    for line, pattern in lines.items():
        signatures[line - start] = numbers.setdefault(tuple(pattern), len(numbers))
    return signatures


def _fold_cells(
    codes: dict[tuple[int, int], int], extent: Box, keep: int, edges: Collection[Box] = ()
) -> Fold:
    """Fold a sparse grid of pattern codes: rows first, then columns over the kept rows.

    Args:
        codes: ``(row, column)`` -> code for every cell that is not blank.
        extent: the part of the sheet that becomes the grid.
        keep: rows or columns kept at each end of a run.
        edges: boxes whose edges end a run, so that they are kept whatever the cells look like.
    """
    inside = [
        (row, column, code)
        for (row, column), code in sorted(codes.items())
        if extent.top <= row < extent.bottom and extent.left <= column < extent.right
    ]
    signatures = _line_signatures(inside, extent.top, extent.height)
    row_edges = [edge for box in edges for edge in (box.top, box.bottom)]
    rows = AxisFold.from_signatures(_cut(signatures, extent.top, row_edges), extent.top, keep)

    kept_rows = set(rows.kept.tolist())
    turned = sorted((column, row, code) for row, column, code in inside if row in kept_rows)
    signatures = _line_signatures(turned, extent.left, extent.width)
    column_edges = [edge for box in edges for edge in (box.left, box.right)]
    columns = AxisFold.from_signatures(_cut(signatures, extent.left, column_edges), extent.left, keep)
    return Fold(rows, columns)


def _cut(signatures: NDArray[np.int64], start: int, edges: list[int]) -> NDArray[np.int64]:
    """Renumber signatures so that no run goes across an edge."""
    if not edges:
        return signatures
    segment = np.searchsorted(np.unique(edges), np.arange(start, start + len(signatures)), side="right")
    return signatures * (len(edges) + 1) + segment
