"""Sheets: sections (a table with its title and notes) arranged with blank rows and columns between."""

from dataclasses import dataclass, replace
from random import Random

from tablesense.boxes import Box
from tablesense.synthetic import vocabulary as words
from tablesense.synthetic.blocks import Block, Role
from tablesense.synthetic.prose import loose_block, notes_block, side_block, title_block
from tablesense.synthetic.records import record_table, transposed_table
from tablesense.synthetic.reports import report_table
from tablesense.synthetic.styles import Theme, draw_theme


@dataclass(frozen=True)
class PlannedSheet:
    """A sheet before it is written; ``arrangement`` says how its tables lie to each other."""

    name: str
    block: Block
    theme: Theme
    arrangement: str

    @property
    def tables(self) -> tuple[Box, ...]:
        """The boxes of the tables, from top to bottom, then from left to right."""
        return tuple(sorted(self.block.tables, key=lambda box: (box.top, box.left)))


def generate_sheet(rng: Random) -> PlannedSheet:
    """Plan a sheet: 45% hold one table, 25% two, 20% three to six, 10% none."""
    theme = draw_theme(rng)
    kind = rng.random()
    if kind < 0.1:
        arrangement, body = "none", _stack([loose_block(rng) for _ in range(rng.randint(1, 3))], rng)
    elif kind < 0.55:
        arrangement, body = "one", _single(rng)
    else:
        count = 2 if kind < 0.8 else rng.choice((3, 3, 3, 4, 4, 5, 6))
        arrangement, body = _several(rng, count)
    sheet = Block()
    corner = (0, 0) if rng.random() < 0.5 else (rng.randint(0, 4), rng.randint(0, 2))
    sheet.paste(body, *corner)
    _add_comments(sheet, rng)
    _hide(sheet, rng)
    if theme.is_export:
        _export_values(sheet, rng)
    return PlannedSheet(rng.choice(words.SHEET_NAMES), sheet, theme, arrangement)


def _size(rng: Random, median: float, spread: float, low: int, high: int) -> int:
    return max(low, min(high, round(median * rng.lognormvariate(0, spread))))


def draw_table(rng: Random, scale: float = 1.0) -> Block:
    """A table of a common size times ``scale`` (fewer rows where a sheet holds many), of any kind."""
    kind = rng.random()
    rows = _size(rng, 14 * scale, 0.7, 2, 120)
    columns = _size(rng, 6 * scale**0.5, 0.45, 2, 30)
    if kind < 0.38:
        return record_table(rng, rows, columns)
    if kind < 0.88:
        return report_table(rng, rows, max(columns - 1, 1))
    if kind < 0.95:
        return transposed_table(rng, min(columns + 1, 10), rng.randint(3, 8))
    return record_table(rng, rng.randint(1, 3), rng.randint(2, 4))


def _extreme_table(rng: Random) -> Block:
    """A long table (to about 1,500 rows) or a wide one (60 columns and more)."""
    if rng.random() < 0.5:
        return record_table(rng, _size(rng, 350, 0.6, 120, 1500), rng.randint(3, 9))
    if rng.random() < 0.5:
        return report_table(rng, rng.randint(4, 15), rng.randint(60, 90))
    return record_table(rng, rng.randint(4, 15), rng.randint(60, 90))


def section(rng: Random, table: Block) -> Block:
    """A table with what belongs to it: title above, notes below, a side calculation at times."""
    block = Block()
    row = 0
    if rng.random() < 0.6:
        title = title_block(rng, table.width)
        block.paste(title, 0, 0)
        row = title.height + rng.choice((0, 0, 1, 1, 2))
    block.paste(table, row, 0)
    if rng.random() < 0.3:
        block.paste(notes_block(rng, table.width), block.height + rng.choice((0, 1, 1, 2)), 0)
    if table.height > 6 and rng.random() < 0.08:
        beside = row + rng.randint(1, table.height - 4)
        block.paste(side_block(rng), beside, block.width + rng.choice((1, 2, 2, 3)))
    return block


def _single(rng: Random) -> Block:
    """One table, at times with a form or text above or below."""
    table = _extreme_table(rng) if rng.random() < 0.06 else draw_table(rng, 1.3)
    parts = [section(rng, table)]
    if rng.random() < 0.15:
        parts.insert(rng.randrange(2), loose_block(rng))
        if rng.random() < 0.3:
            return _beside(parts, rng)
    return _stack(parts, rng)


def _several(rng: Random, count: int) -> tuple[str, Block]:
    """``count`` tables, stacked, side by side, in a grid or staggered."""
    kind = rng.random()
    scale = 0.75 if count == 2 else 0.5
    sections = [section(rng, table) for table in _tables(rng, count, scale)]
    if count >= 4 and kind < 0.4:
        return "grid", _grid(sections, rng)
    if kind < 0.5:
        if rng.random() < 0.15:
            sections.insert(rng.randrange(count + 1), loose_block(rng))
        return "stacked", _stack(sections, rng)
    if kind < 0.82:
        return "side by side", _beside(sections, rng)
    return "staggered", _staggered(sections, rng)


def _tables(rng: Random, count: int, scale: float) -> list[Block]:
    """Different tables, or the same kind of table again and again as in monthly sheets."""
    if rng.random() < 0.3:
        table = draw_table(rng, scale)
        return [table, *(_scaled(table, rng.choice((0.5, 2, 3, 5))) for _ in range(count - 1))]
    return [draw_table(rng, scale) for _ in range(count)]


def _scaled(table: Block, factor: float) -> Block:
    """The same table with other numbers; sums stay true because all numbers grow alike."""
    cells = dict(table.cells)
    for place, spec in cells.items():
        if spec.role not in (Role.DATA, Role.SUBTOTAL, Role.TOTAL) or isinstance(spec.value, bool):
            continue
        if spec.formula is not None and "/" in spec.formula.template:
            continue  # a ratio stays what it is
        if isinstance(spec.value, int | float):
            cells[place] = replace(spec, value=round(spec.value * factor, 4))
    return replace(table, cells=cells)


def _stack(parts: list[Block], rng: Random) -> Block:
    """Parts below each other with one to four blank rows between."""
    block = Block()
    shift = rng.random() < 0.15
    row = 0
    for part in parts:
        block.paste(part, row, rng.randint(0, 3) if shift else 0)
        row = block.height + _gap(rng)
    return block


def _beside(parts: list[Block], rng: Random) -> Block:
    """Parts beside each other with one to four blank columns between, tops level."""
    block = Block()
    column = 0
    for part in parts:
        block.paste(part, 0, column)
        column = block.width + _gap(rng)
    return block


def _grid(parts: list[Block], rng: Random) -> Block:
    """Rows of two or three parts; the columns of the grid line up."""
    across = 2 if len(parts) < 6 else rng.choice((2, 3))
    lines = [parts[start : start + across] for start in range(0, len(parts), across)]
    widths = [max(line[i].width for line in lines if i < len(line)) for i in range(across)]
    gap_columns, gap_rows = _gap(rng), _gap(rng)
    block = Block()
    row = 0
    for line in lines:
        for index, part in enumerate(line):
            block.paste(part, row, sum(widths[:index]) + gap_columns * index)
        row = block.height + gap_rows
    return block


def _staggered(parts: list[Block], rng: Random) -> Block:
    """Parts beside each other that start at different rows, or run down a diagonal."""
    diagonal = rng.random() < 0.3
    block = Block()
    row = column = 0
    for part in parts:
        block.paste(part, row, column)
        column = block.width + _gap(rng)
        row = block.height + rng.randint(0, 2) if diagonal else rng.randint(0, 9)
    return block


def _gap(rng: Random) -> int:
    return rng.choice((1, 1, 2, 2, 2, 3, 4))


def _add_comments(sheet: Block, rng: Random) -> None:
    if rng.random() > 0.05:
        return
    filled = [place for place, cell in sheet.cells.items() if cell.value is not None]
    for place in rng.sample(filled, min(3, len(filled))):
        sheet.cells[place] = replace(sheet.cells[place], comment=rng.choice(words.REMARKS))


def _hide(sheet: Block, rng: Random) -> None:
    """Hide a few rows or columns well inside a table, as people do with details."""
    for box in sheet.tables[:1]:
        if box.height > 8 and rng.random() < 0.06:
            first = box.top + rng.randint(4, box.height - 4)
            sheet.hidden_rows |= set(range(first, first + rng.randint(1, 3)))
        if box.width > 4 and rng.random() < 0.08:
            sheet.hidden_columns.add(box.left + rng.randint(2, box.width - 2))


def _export_values(sheet: Block, rng: Random) -> None:
    """Keep what an export of values keeps: no formulas, no merges, nothing hidden.

    Its program may write the text of a merge into every merged cell, or all numbers as text.
    """
    for box in sheet.merges if rng.random() < 0.5 else ():
        spec = sheet.cells[box.top, box.left]
        for row in range(box.top, box.bottom):
            for column in range(box.left, box.right):
                sheet.cells[row, column] = spec
    sheet.merges.clear()
    sheet.native.clear()
    sheet.hidden_rows.clear()
    sheet.hidden_columns.clear()
    as_text = rng.random() < 0.12
    for place, spec in sheet.cells.items():
        is_number = isinstance(spec.value, int | float) and not isinstance(spec.value, bool)
        value = str(spec.value) if as_text and is_number else spec.value
        sheet.cells[place] = replace(spec, value=value, formula=None)
