"""A table's cells as values and data frames."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tablesense.boxes import Box
from tablesense.detection.column_names import header_texts, joined_names, names_of_levels
from tablesense.errors import UserError
from tablesense.sheets.sheet import CellKind, CellValue, Sheet

if TYPE_CHECKING:
    import pandas
    import polars

    from tablesense.detection.table import HeaderStyle, Table


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
        frame.columns = pd.MultiIndex.from_arrays(names_of_levels(header_texts(table)))
    else:
        frame.columns = pd.Index(joined_names(table, separator))
    return frame


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
