"""Column headers of report tables: the series of number columns and the rows that name them."""

import datetime as dt
from dataclasses import dataclass, replace
from random import Random

from tablesense.boxes import Box
from tablesense.sheets.sheet import CellValue
from tablesense.synthetic import vocabulary as words
from tablesense.synthetic.blocks import Block, Role
from tablesense.synthetic.columns import Column, measure, number_column


@dataclass(frozen=True, slots=True)
class Series:
    """Number columns under one spanning header, or under none."""

    span: CellValue
    names: tuple[CellValue, ...]
    columns: tuple[Column, ...]
    name_format: str = "General"


def series_names(rng: Random, count: int) -> tuple[tuple[CellValue, ...], str]:
    """``count`` neighbouring headers that belong together, and their number format."""
    kind = rng.randrange(7)
    if kind == 0:
        first = rng.randint(1960, 2020)
        return tuple(first + index for index in range(count)), "General"
    if kind == 1:
        first = rng.randint(1960, 2010)
        return tuple(f"{first + index}-{(first + index + 1) % 100:02}" for index in range(count)), "General"
    if kind == 2:
        months = rng.choice((words.MONTHS, words.SHORT_MONTHS))
        return tuple(months[index % 12] for index in range(count)), "General"
    if kind == 3:
        start = rng.randint(1998, 2020) * 12 + rng.randrange(12)
        moments = [dt.datetime(m // 12, m % 12 + 1, 1) for m in range(start, start + count)]
        return tuple(moments), rng.choice(("mmm-yy", "mm/yyyy"))
    if kind == 4:
        year = rng.randint(1995, 2024)
        return tuple(f"{words.QUARTERS[i % 4]} {year + i // 4}" for i in range(count)), "General"
    if kind == 5 and count <= len(words.REGIONS):
        return tuple(rng.sample(words.REGIONS, count)), "General"
    return tuple(measure(rng) for _ in range(count)), "General"


def _series(rng: Random, span: CellValue, names: tuple[CellValue, ...], name_format: str) -> Series:
    """Columns for the names; all alike when the names are of one kind, as years are."""
    if rng.random() < 0.6:
        columns = (number_column(rng),) * len(names)
    else:
        columns = tuple(number_column(rng) for _ in names)
    return Series(span, names, columns, name_format)


def plan_series(rng: Random, count: int) -> list[Series]:
    """Share about ``count`` number columns out to one series without span, or several with one each."""
    if count < 4 or rng.random() < 0.55:
        names, name_format = series_names(rng, count)
        return [_series(rng, None, names, name_format)]
    each = rng.choice([size for size in (2, 3, 4) if size <= count // 2])
    spans, _ = series_names(rng, count // each)
    names = tuple(measure(rng) for _ in range(each))
    first = _series(rng, None, names, "General")
    if any(isinstance(span, dt.datetime) for span in spans):
        spans = tuple(f"{span:%B %Y}" if isinstance(span, dt.datetime) else span for span in spans)
    return [replace(first, span=span) for span in spans]


def place_series(rng: Random, plan: list[Series], first: int) -> list[list[int]]:
    """The column of every name; at times one blank column sets the series apart."""
    spaced = len(plan) > 1 and rng.random() < 0.2
    places: list[list[int]] = []
    column = first
    for series in plan:
        places.append(list(range(column, column + len(series.names))))
        column += len(series.names) + spaced
    return places


def header_rows(rng: Random, plan: list[Series], places: list[list[int]], labels: list[str]) -> Block:
    """The header above the columns; ``labels`` name the row label columns, empty ones stay blank."""
    block = Block()
    row = 0
    if any(series.span is not None for series in plan):
        _span_row(block, rng, plan, places)
        # SAUS leaves a blank row between header levels; a minority, as everywhere.
        row = 2 if rng.random() < 0.08 else 1
    row = _name_rows(block, rng, plan, places, row)
    if rng.random() < 0.1:
        units = rng.choice(("(1,000)", "($)", "(%)", "USD", "MMBtu", "tons", "(mil.)"))
        for column in (column for group in places for column in group):
            block.put(row, column, units, Role.HEADER)
        row += 1
    _corner(block, rng, labels, row)
    _fill_blanks(block, row, places[-1][-1] + 1)
    return block


def _span_row(block: Block, rng: Random, plan: list[Series], places: list[list[int]]) -> None:
    manner = rng.random()
    for series, columns in zip(plan, places, strict=True):
        block.put(0, columns[0], series.span, Role.HEADER)
        if manner < 0.65 and len(columns) > 1:
            block.merge(Box(columns[0], 0, columns[-1] + 1, 1))
        elif manner < 0.75:
            for column in columns[1:]:
                block.put(0, column, series.span, Role.HEADER)


def _name_rows(block: Block, rng: Random, plan: list[Series], places: list[list[int]], row: int) -> int:
    """The row of names, or two with the words of each name stacked; returns the next free row."""
    names = [
        (column, name, series)
        for series, group in zip(plan, places, strict=True)
        for column, name in zip(group, series.names, strict=True)
    ]
    stack = rng.random() < 0.25 and any(isinstance(name, str) and " " in name for _, name, _ in names)
    for column, name, series in names:
        if not stack:
            block.put(row, column, name, Role.HEADER, series.name_format)
        elif isinstance(name, str) and " " in name:
            upper, lower = name.split(" ", 1)
            block.put(row, column, upper, Role.HEADER)
            block.put(row + 1, column, lower, Role.HEADER)
        else:
            block.put(row + 1, column, name, Role.HEADER, series.name_format)
    return row + 1 + stack


def _corner(block: Block, rng: Random, labels: list[str], height: int) -> None:
    """Names of the label columns: on the last header row, on the first, or merged over all."""
    manner = rng.random()
    for column, label in enumerate(labels):
        if not label:
            continue
        if height > 1 and manner < 0.4:
            block.put(0, column, label, Role.HEADER)
            block.merge(Box(column, 0, column + 1, height))
        else:
            block.put(0 if manner > 0.8 else height - 1, column, label, Role.HEADER)


def _fill_blanks(block: Block, height: int, width: int) -> None:
    """Plan the header's blank cells too: a fill or border covers them as well."""
    for row in range(height):
        for column in range(width):
            if (row, column) not in block.cells:
                block.put(row, column, None, Role.HEADER)
