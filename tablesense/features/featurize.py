"""A sheet becomes a grid of bytes: fold it, then describe every kept cell by its named channels."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tablesense.boxes import Box
from tablesense.features.channels import INDEX, NUM_CHANNELS
from tablesense.features.content import (
    NUM_CONTENT,
    ContentBytes,
    ContentFacts,
    display_text,
    is_filled,
    is_numeric,
    numbered,
    value_text,
)
from tablesense.features.fold import AxisFold, Fold, Positions, fold_cells
from tablesense.features.relations import find_sums, repeated
from tablesense.features.styles import median_font_size, pattern_code, style_bytes
from tablesense.sheets.packed import CellArrays, find_cells, pack
from tablesense.sheets.sheet import CellKind, Sheet, SheetError

__all__ = ["KEEP", "SheetGrid", "display_text", "featurize", "is_filled", "is_numeric"]

KEEP = 2  # rows and columns kept at each end of a run; see EXPERIMENTS.md for what 1, 2 and 3 lose

# A grid costs a byte a cell and channel, twice for a moment: 300 MB at this size.
MAX_GRID_CELLS = 2_000_000

_BLOCK = 1 << 16  # cells written at a time, so that they cost little memory beside the grid

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class SheetGrid:
    """A folded sheet. ``values`` is ``[C, H, W]`` bytes (255 is 1); ``fold`` maps its boxes to the sheet."""

    values: Bytes
    fold: Fold

    @property
    def height(self) -> int:
        """Rows of the grid."""
        return int(self.values.shape[1])

    @property
    def width(self) -> int:
        """Columns of the grid."""
        return int(self.values.shape[2])


def featurize(sheet: Sheet, keep: int = KEEP) -> SheetGrid:
    """Fold a sheet and describe its cells; a sheet without any value gives the one blank cell A1.

    Args:
        sheet: any sheet; only cells with a value, native tables and what touches them count.
        keep: rows and columns kept at each end of a run that is folded.

    Raises:
        SheetError: the grid would be too large even folded.
    """
    cells = pack(sheet.cells)
    facts = ContentFacts(cells)
    codes = _style_codes(sheet, cells)[cells.styles]
    extent = _extent(sheet, cells, facts.filled[cells.contents], codes)
    if extent is None:
        first = AxisFold(np.zeros(1, dtype=np.int64))
        return SheetGrid(np.zeros((NUM_CHANNELS, 1, 1), dtype=np.uint8), Fold(first, first))
    codes = 16 * codes + facts.patterns[cells.contents]
    marked = codes > 0
    headers = [table.box._replace(bottom=table.box.top + table.header_rows) for table in sheet.tables]
    fold = fold_cells(
        cells.rows[marked],
        cells.columns[marked],
        codes[marked],
        extent,
        keep,
        edges=[table.box for table in sheet.tables] + [box for box in headers if box.height],
    )
    if len(fold.rows) * len(fold.columns) > MAX_GRID_CELLS:
        raise SheetError(
            f"sheet {sheet.name!r}: {len(fold.rows)} x {len(fold.columns)} cells after folding are too many"
        )
    return SheetGrid(_describe(sheet, cells, facts, fold), fold)


def _style_codes(sheet: Sheet, cells: CellArrays) -> Positions:
    """The pattern code of each style that a cell has, 0 for the others."""
    codes = np.zeros(len(sheet.styles), dtype=np.int64)
    for index in np.flatnonzero(np.bincount(cells.styles)).tolist():
        codes[index] = pattern_code(sheet.styles[index])
    return codes


def _extent(sheet: Sheet, cells: CellArrays, filled: NDArray[np.bool_], codes: Positions) -> Box | None:
    """The box around all values and native tables, and one more line where formatting goes on."""
    boxes = [table.box for table in sheet.tables] + _around(cells.rows[filled], cells.columns[filled])
    if not boxes:
        return None
    box = _hull(boxes)
    near = (cells.rows >= box.top - 1) & (cells.rows <= box.bottom)
    near &= (cells.columns >= box.left - 1) & (cells.columns <= box.right)
    near &= codes > 0
    return _hull([box, *_around(cells.rows[near], cells.columns[near])])


def _around(rows: Positions, columns: Positions) -> list[Box]:
    """The box around some cells; none around no cell."""
    if len(rows) == 0:
        return []
    box = Box(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    return [Box(*(int(edge) for edge in box))]


def _hull(boxes: list[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return Box(min(left), min(top), max(right), max(bottom))


def _describe(sheet: Sheet, cells: CellArrays, facts: ContentFacts, fold: Fold) -> Bytes:
    y, x = fold.rows.index(cells.rows), fold.columns.index(cells.columns)
    kept = np.flatnonzero((y >= 0) & (x >= 0))
    place = y[kept] * len(fold.columns) + x[kept]
    # A blank cell without formatting is all zeros, like the blank lines that augmentation and padding add.
    grid = np.zeros((len(fold.rows), len(fold.columns), NUM_CHANNELS), dtype=np.uint8)
    flat = grid.reshape(-1, NUM_CHANNELS)
    if sheet.has_formatting:
        by_style = _style_table(sheet, cells)
        for block in _blocks(len(kept)):
            flat[place[block]] = by_style[cells.styles[kept[block]]]
    flat[place[cells.comments[kept]], INDEX["has_comment"]] = 255
    has_content = facts.filled[cells.contents[kept]]
    _write_content(flat, place[has_content], cells, facts, kept[has_content])
    _write_repeated(flat, len(fold.columns), place[has_content], cells, kept[has_content])
    _write_sums(flat, place, cells, facts, kept)
    _mark_structure(grid, sheet, fold)
    return np.ascontiguousarray(grid.transpose(2, 0, 1))


def _style_table(sheet: Sheet, cells: CellArrays) -> Bytes:
    """The channels of each style, ``[styles, C]``; of one that no cell has, zeros."""
    counts = np.bincount(cells.styles, minlength=len(sheet.styles))
    median_size = median_font_size(sheet.styles, counts.tolist())
    table = np.zeros((len(sheet.styles), NUM_CHANNELS), dtype=np.uint8)
    for index in np.flatnonzero(counts).tolist():
        table[index] = style_bytes(sheet.styles[index], median_size, sheet.styles[0])
    return table


def _write_content(
    flat: Bytes, place: Positions, cells: CellArrays, facts: ContentFacts, which: Positions
) -> None:
    """Write the content channels of some filled cells, next to their neighbours in the sheet.

    Args:
        flat: ``[cells of the grid, C]``.
        place: where in ``flat`` each cell is.
        cells: the sheet's cells.
        facts: of their contents.
        which: index of each cell among the sheet's.
    """
    contents = cells.contents[which]
    neighbours = {
        "above": find_cells(cells, cells.rows[which] - 1, cells.columns[which]),
        "left": find_cells(cells, cells.rows[which], cells.columns[which] - 1),
    }
    others = {}
    for side, (at, there) in neighbours.items():
        there[there] = facts.filled[cells.contents[at[there]]]
        others[side] = np.flatnonzero(there), cells.contents[at[there]]
    is_needed = np.zeros(len(cells.values), dtype=np.bool_)
    for some in (contents, *(other for _, other in others.values())):
        is_needed[some] = True
    described = ContentBytes(cells, facts, np.flatnonzero(is_needed))
    own = described.index(contents)
    for block in _blocks(len(which)):
        flat[place[block], :NUM_CONTENT] = described.values[own[block]]
    for side, (with_neighbour, other) in others.items():
        mine, theirs = own[with_neighbour], described.index(other)
        for name, numbers in (("same_value", described.texts), ("same_pattern", described.patterns)):
            same = with_neighbour[numbers[mine] == numbers[theirs]]
            flat[place[same], INDEX[f"{name}_{side}"]] = 255
        greater = described.numbers[mine] > described.numbers[theirs]
        flat[place[with_neighbour[greater]], INDEX[f"greater_than_{side}"]] = 255


def _write_repeated(flat: Bytes, width: int, place: Positions, cells: CellArrays, which: Positions) -> None:
    """Write which of the filled cells come again, as headers do: texts and years, not numbers."""
    is_word = (flat[place][:, [INDEX["textual"], INDEX["year_like"]]] > 0).any(1)
    place, which = place[is_word], which[is_word]
    contents, each = np.unique(cells.contents[which], return_inverse=True)
    texts = numbered([value_text(cells.values[i]) for i in contents.tolist()])[each]
    rows, columns = np.divmod(place, width)
    flat[place[repeated(columns, rows, texts)], INDEX["repeated_in_column"]] = 255
    flat[place[repeated(rows, columns, texts)], INDEX["repeated_in_row"]] = 255


def _write_sums(
    flat: Bytes, place: Positions, cells: CellArrays, facts: ContentFacts, which: Positions
) -> None:
    """Write which cells are sums, of all cells of the sheet, those that are folded away too.

    Args:
        flat: ``[cells of the grid, C]``.
        place: where in ``flat`` each kept cell is.
        cells: the sheet's cells.
        facts: of their contents.
        which: index of each kept cell among the sheet's.
    """
    ends = facts.filled & ~facts.numeric & ~facts.separators & (cells.kinds != CellKind.ERROR)
    numbers = np.where(cells.kinds == CellKind.DATE, np.nan, facts.numbers)  # dates are not added up
    numbers, ends = numbers[cells.contents], ends[cells.contents]
    for name, lines, positions in (
        ("sum_of_above", cells.columns, cells.rows),
        ("sum_of_left", cells.rows, cells.columns),
    ):
        found = find_sums(lines, positions, numbers, ends)
        flat[place[found[which]], INDEX[name]] = 255


def _blocks(length: int) -> list[slice]:
    return [slice(start, start + _BLOCK) for start in range(0, length, _BLOCK)]


def _mark_structure(grid: Bytes, sheet: Sheet, fold: Fold) -> None:
    """Write what spans cells: merges, native tables, hidden lines, folded lines."""
    rows, columns = fold.rows.kept, fold.columns.kept
    if sheet.merges:
        _mark_merges(grid, rows, columns, sheet.merges)
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


def _mark_merges(grid: Bytes, rows: Positions, columns: Positions, merges: list[Box]) -> None:
    """``merged_left`` says that the cell and the one to its left are parts of one merged range.

    Ranges of a damaged file lie over each other in thousands. So their corners are counted, and summed up
    once: a cell whose sum is above zero is in a range.
    """
    left, top, right, bottom = np.array(merges, dtype=np.int64).T
    for name, x, y in (
        ("merged_left", (left + 1, right), (top, bottom)),
        ("merged_right", (left, right - 1), (top, bottom)),
        ("merged_top", (left, right), (top + 1, bottom)),
        ("merged_bottom", (left, right), (top, bottom - 1)),
    ):
        sums = np.zeros((len(rows) + 1, len(columns) + 1), dtype=np.int32)
        starts, stops = (np.searchsorted(rows, edge) for edge in y)
        for edge, sign in zip(x, (1, -1), strict=True):
            at = np.searchsorted(columns, edge)
            np.add.at(sums, (starts, at), sign)
            np.add.at(sums, (stops, at), -sign)
        np.cumsum(sums, axis=0, out=sums)
        np.cumsum(sums, axis=1, out=sums)
        grid[sums[:-1, :-1] > 0, INDEX[name]] = 255
