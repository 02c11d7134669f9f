"""A table's cells as values, column names and data frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tablesense.boxes import Box
from tablesense.errors import UserError
from tablesense.features.featurize import display_text
from tablesense.sheets.sheet import CellKind, CellValue, Sheet

if TYPE_CHECKING:
    import pandas
    import polars

    from tablesense.detection.table import HeaderStyle, Table

_ACROSS = "centerContinuous"  # Excel's way to centre a text over blank cells without merging them


def cell_values(sheet: Sheet, box: Box) -> list[list[CellValue]]:
    """The values of a box, row by row; None where a cell is blank."""
    return [
        [
            None if (cell := sheet.cells.get((row, column))) is None else cell.value
            for column in range(box.left, box.right)
        ]
        for row in range(box.top, box.bottom)
    ]


def data_columns(table: Table) -> list[list[CellValue]]:
    """The values below the header, a list a column, without rows that are blank all through.

    Blank text and errors such as ``#N/A`` are missing values.
    """
    sheet, box = table.source, table.box
    rows = []
    for row in range(box.top + table.header_rows, box.bottom):
        values = [_datum(sheet, row, column) for column in range(box.left, box.right)]
        if any(value is not None for value in values):
            rows.append(values)
    return [[values[number] for values in rows] for number in range(box.width)]


def _datum(sheet: Sheet, row: int, column: int) -> CellValue:
    cell = sheet.cells.get((row, column))
    if cell is None or cell.kind is CellKind.ERROR:
        return None
    if isinstance(cell.value, str) and not cell.value.strip():
        return None
    return cell.value


def header_texts(table: Table) -> list[list[str]]:
    """The header's texts, row by row, with every merged or spanned range filled by its first cell."""
    sheet, box = table.source, table.box
    header = box._replace(bottom=box.top + table.header_rows)
    texts = [
        [_header_text(sheet, row, column) for column in range(box.left, box.right)]
        for row in range(header.top, header.bottom)
    ]
    _fill_merged(texts, sheet, header)
    for row, line in enumerate(texts, box.top):
        _spread_across(sheet, row, box.left, line)
    return texts


def _fill_merged(texts: list[list[str]], sheet: Sheet, header: Box) -> None:
    """Fill merged ranges with their first cell. A place is filled once, by the last range that covers it."""
    free = [list(range(header.width + 1)) for _ in texts]  # leads on to the first place that is not filled
    for merge in reversed(sheet.merges):
        if not header.intersection(merge):
            continue
        text = _header_text(sheet, merge.top, merge.left)
        left, right = max(merge.left - header.left, 0), min(merge.right, header.right) - header.left
        for row in range(
            max(merge.top, header.top) - header.top, min(merge.bottom, header.bottom) - header.top
        ):
            place = _first_free(free[row], left)
            while place < right:
                texts[row][place] = text
                free[row][place] = place + 1
                place = _first_free(free[row], place)


def _first_free(free: list[int], place: int) -> int:
    while free[place] != place:
        free[place] = free[free[place]]  # so that the way is short for whoever comes next
        place = free[place]
    return place


def _header_text(sheet: Sheet, row: int, column: int) -> str:
    cell = sheet.cells.get((row, column))
    return "" if cell is None else " ".join(display_text(cell).split())


def _spread_across(sheet: Sheet, row: int, left: int, line: list[str]) -> None:
    for number in range(1, len(line)):
        cell = sheet.cells.get((row, left + number))
        if not line[number] and cell is not None and sheet.styles[cell.style].horizontal == _ACROSS:
            line[number] = line[number - 1]


def joined_names(table: Table, separator: str) -> list[str]:
    """One name a column: its header texts joined; a name for those without one, a number for doubles."""
    texts = header_texts(table)
    names = []
    for number in range(table.columns):
        parts: list[str] = []
        for line in texts:
            if line[number] and line[number] not in parts[-1:]:
                parts.append(line[number])
        names.append(separator.join(parts) or _unnamed(number))
    return unique(names)


def _unnamed(number: int) -> str:
    """What a column without a name is called; the first has the number 0."""
    return f"column_{number + 1}"


def unique(names: Sequence[str]) -> list[str]:
    """The names, with ``_2``, ``_3`` added to those that came before."""
    taken = set(names)
    seen: set[str] = set()
    numbers: dict[str, int] = {}  # the last one given to a name
    result = []
    for name in names:
        number, candidate = numbers.get(name, 1), name
        while candidate in seen or (candidate != name and candidate in taken):
            number += 1
            candidate = f"{name}_{number}"
        numbers[name] = number
        seen.add(candidate)
        result.append(candidate)
    return result


def to_dict(table: Table, separator: str) -> dict[str, list[CellValue]]:
    """See :meth:`Table.to_dict`."""
    return dict(zip(joined_names(table, separator), data_columns(table), strict=True))


def to_pandas(table: Table, header: HeaderStyle, separator: str) -> pandas.DataFrame:
    """See :meth:`Table.to_pandas`."""
    pd = require("pandas")
    if header not in ("joined", "levels"):
        raise UserError(f"to_pandas: header must be 'joined' or 'levels', got {header!r}")
    columns = data_columns(table)
    series = [pd.Series(values, dtype=_pandas_type(values)) for values in columns]
    frame: pandas.DataFrame = pd.concat(series, axis=1) if series else pd.DataFrame()
    if header == "levels" and table.header_rows > 1:
        levels = header_texts(table)
        levels[-1] = _last_level(levels)
        frame.columns = pd.MultiIndex.from_arrays(levels)
    else:
        frame.columns = pd.Index(joined_names(table, separator))
    return frame


def _last_level(levels: list[list[str]]) -> list[str]:
    """The lowest names: of a column without any name its place, of one named like another a number."""
    seen: dict[tuple[str, ...], int] = {}
    names = []
    for number, path in enumerate(zip(*levels, strict=True)):
        if not any(path):
            path = (*path[:-1], _unnamed(number))
        seen[path] = seen.get(path, 0) + 1
        names.append(path[-1] if seen[path] == 1 else f"{path[-1]}_{seen[path]}")
    return names


def _pandas_type(values: Sequence[CellValue]) -> str | None:
    """The type that keeps a column what it is; None leaves the choice to pandas."""
    kinds, missing = _kinds(values)
    if kinds == {int} and _fit_64_bits(values):
        return "Int64" if missing else "int64"
    if kinds == {bool}:
        return "boolean" if missing else "bool"
    if kinds and kinds <= {int, float}:
        return "float64"
    if kinds and kinds <= {dt.datetime, dt.date}:
        return "datetime64[us]"
    if kinds == {str}:
        return None
    return "object"


def to_polars(table: Table, separator: str) -> polars.DataFrame:
    """See :meth:`Table.to_polars`."""
    pl = require("polars")
    columns = [
        _polars_series(pl, name, values)
        for name, values in zip(joined_names(table, separator), data_columns(table), strict=True)
    ]
    frame: polars.DataFrame = pl.DataFrame(columns)
    return frame


def _polars_series(pl: Any, name: str, values: Sequence[CellValue]) -> polars.Series:  # noqa: ANN401
    kinds, _ = _kinds(values)
    numbers = {int: pl.Int64, float: pl.Float64, bool: pl.Boolean, str: pl.String}
    moments = {
        dt.datetime: pl.Datetime("us"),
        dt.date: pl.Date,
        dt.time: pl.Time,
        dt.timedelta: pl.Duration("us"),
    }
    known = numbers | moments
    chosen: Any = pl.String
    if len(kinds) == 1:
        chosen = known[next(iter(kinds))]
    elif kinds == {int, float}:
        chosen, values = pl.Float64, [None if value is None else float(value) for value in values]  # type: ignore[arg-type]
    elif kinds == {dt.datetime, dt.date}:
        chosen, values = pl.Datetime("us"), [_as_moment(value) for value in values]
    if chosen is pl.String or (chosen is pl.Int64 and not _fit_64_bits(values)):
        chosen, values = pl.String, [None if value is None else as_text(value) for value in values]
    series: polars.Series = pl.Series(name, values, dtype=chosen)
    return series


def _kinds(values: Sequence[CellValue]) -> tuple[set[type], bool]:
    """The types of the values, and whether some are missing."""
    kinds: set[type] = {type(value) for value in values if value is not None}
    return kinds, any(value is None for value in values)


def _fit_64_bits(values: Sequence[CellValue]) -> bool:
    return all(not isinstance(value, int) or -(2**63) <= value < 2**63 for value in values)


def _as_moment(value: CellValue) -> CellValue:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime.combine(value, dt.time())
    return value


def as_text(value: CellValue) -> str:
    """A value as a file of text holds it: dates as ISO 8601, booleans as a spreadsheet writes them."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    return "" if value is None else str(value)


def require(name: str) -> Any:  # noqa: ANN401 - a module
    """Import an optional library.

    Raises:
        UserError: it is not installed; the message says how to install it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise UserError(f"{name} is not installed: pip install {name}") from error
