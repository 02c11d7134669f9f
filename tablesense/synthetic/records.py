"""Tables of records: one header row (or column), one row (or column) a record."""

from dataclasses import replace
from random import Random

from tablesense.boxes import Box
from tablesense.synthetic import vocabulary as words
from tablesense.synthetic.blocks import Block, CellSpec, Role
from tablesense.synthetic.columns import Column, any_column, key_column, text_column
from tablesense.synthetic.sums import sum_cell


def record_columns(rng: Random, count: int) -> list[Column]:
    """A key column and ``count - 1`` others, headers made distinct."""
    # Lists of text alone are common on the web and look like prose to whoever goes by numbers.
    draw = text_column if rng.random() < 0.12 else any_column
    columns = [key_column(rng), *(draw(rng) for _ in range(count - 1))]
    seen: dict[str, int] = {}
    distinct = []
    for column in columns:
        seen[column.header] = seen.get(column.header, 0) + 1
        times = seen[column.header]
        name = column.header if times == 1 else f"{column.header} {times}"
        distinct.append(Column(name, column.draw, column.number_format, column.summable, column.filled))
    return distinct


def record_table(rng: Random, rows: int, columns: int) -> Block:
    """A list of records, at times without header, with a total row, or as a native Excel table."""
    block = Block()
    plan = record_columns(rng, columns)
    # Without a header only a list of some size is surely a table and no form.
    header = not (rows >= 6 and columns >= 3 and rng.random() < 0.08)
    if header:
        for index, column in enumerate(plan):
            block.put(0, index, column.header, Role.HEADER)
    first = int(header)
    blank_after_header = header and rng.random() < 0.05
    first += blank_after_header
    _fill_body(block, rng, plan, first, rows)
    if rows >= 6 and rng.random() < 0.12:
        _join_first_column(block, rng, first, rows)
    native = header and not block.merges and not blank_after_header and rng.random() < 0.12
    if not native and rng.random() < 0.2:
        _add_total(block, rng, plan, first, rows)
    box = Box(0, 0, columns, block.height)
    block.tables.append(box)
    if native:
        block.native.append(box)
    return block


def _fill_body(block: Block, rng: Random, plan: list[Column], first: int, rows: int) -> None:
    for row in range(rows):
        for index, column in enumerate(plan):
            # The first and last row are kept full, so that the table's edge is seen in the values.
            edge = row in (0, rows - 1)
            value = column.draw(rng, row) if edge else column.value(rng, row)
            role = Role.ROW_LABEL if index == 0 else Role.DATA
            block.cells[first + row, index] = CellSpec(value, role, column.number_format, band=row % 2 == 1)


def _join_first_column(block: Block, rng: Random, first: int, rows: int) -> None:
    """Let runs of rows share their first cell, merged, or written once with blanks below."""
    merged = rng.random() < 0.5
    start = first
    while start < first + rows:
        stop = min(start + rng.choice((1, 2, 2, 3, 4)), first + rows)
        for row in range(start + 1, stop):
            block.cells[row, 0] = replace(block.cells[row, 0], value=None)
        if merged and stop - start > 1:
            block.merge(Box(0, start, 1, stop))
        start = stop


def _add_total(block: Block, rng: Random, plan: list[Column], first: int, rows: int) -> None:
    """A last row of sums, directly below or after one blank row."""
    summable = [index for index, column in enumerate(plan) if index and column.summable]
    if not summable:
        return
    row = first + rows + (rng.random() < 0.2)
    formulas = rng.random() < 0.6
    for index, column in enumerate(plan):
        block.put(row, index, None, Role.TOTAL, column.number_format)
    if rng.random() < 0.85:
        block.put(row, 0, rng.choice(words.TOTALS), Role.TOTAL)
    for index in summable:
        box = Box(index, first, index + 1, first + rows)
        block.cells[row, index] = sum_cell(block, (box,), formulas, Role.TOTAL)


def transposed_table(rng: Random, fields: int, records: int) -> Block:
    """Headers in the first column, one record a column."""
    block = Block()
    for row, column in enumerate(record_columns(rng, fields)):
        block.put(row, 0, column.header, Role.HEADER)
        for record in range(records):
            edge = record in (0, records - 1)
            value = column.draw(rng, record) if edge else column.value(rng, record)
            block.put(row, record + 1, value, Role.DATA, column.number_format)
    block.tables.append(Box(0, 0, records + 1, fields))
    return block
