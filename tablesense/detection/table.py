"""What detection returns: tables, and what was looked at to find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tablesense.boxes import Box, to_a1
from tablesense.sheets.sheet import CellValue, Sheet

if TYPE_CHECKING:
    import pandas
    import polars

HeaderStyle = Literal["joined", "levels"]


@dataclass(frozen=True)
class Table:
    """A table that was found on a sheet.

    Attributes:
        file: the file as it was given; empty for bytes and for an open workbook.
        sheet: name of the sheet.
        box: the table's cells.
        score: how sure the network is, in [0, 1].
        header_rows: how many of the first rows name the columns.
        source: the sheet the table is on, with all its cells.
        title: the lines of text that stand above the table as its title, with line ends between them;
            None when nothing there is one.
        notes: the lines that stand with it as notes, from the top down: sources, footnotes, units.
    """

    file: str
    sheet: str
    box: Box
    score: float
    header_rows: int
    source: Sheet = field(repr=False, compare=False)
    title: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        """The cells as an A1 range, ``B4:H20``."""
        return to_a1(self.box)

    @property
    def rows(self) -> int:
        """Number of rows, those of the header included."""
        return self.box.height

    @property
    def columns(self) -> int:
        """Number of columns."""
        return self.box.width

    def values(self) -> list[list[CellValue]]:
        """Every row's values as the file holds them, those of the header included."""
        from tablesense.detection.frames import cell_values

        return cell_values(self.source, self.box)

    def column_names(self, separator: str = " / ") -> list[str]:
        """A name a column: its header cells joined, merged ones filled; never empty, never twice."""
        from tablesense.detection.column_names import joined_names

        return joined_names(self, separator)

    def to_dict(self, separator: str = " / ") -> dict[str, list[CellValue]]:
        """The rows below the header, a list a column."""
        from tablesense.detection.frames import to_dict

        return to_dict(self, separator)

    def to_pandas(self, header: HeaderStyle = "joined", separator: str = " / ") -> pandas.DataFrame:
        """The rows below the header as a data frame, types kept.

        Args:
            header: what several header rows become: one joined name, or a level of the columns each.
            separator: what joins the names.

        Raises:
            UserError: pandas is not installed.
        """
        from tablesense.detection.frames import to_pandas

        return to_pandas(self, header, separator)

    def to_polars(self, separator: str = " / ") -> polars.DataFrame:
        """The rows below the header as a data frame, types kept; a column of mixed types becomes text.

        Raises:
            UserError: polars is not installed.
        """
        from tablesense.detection.frames import to_polars

        return to_polars(self, separator)

    def as_row(self) -> dict[str, Any]:
        """What is said of the table in listings: plain values, no cells."""
        return {
            "file": self.file,
            "sheet": self.sheet,
            "range": self.range,
            "score": round(self.score, 4),
            "rows": self.rows,
            "columns": self.columns,
            "header_rows": self.header_rows,
            "title": self.title,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class SheetTables:
    """A sheet that was looked at.

    Attributes:
        name: of the sheet.
        sheet: its cells.
        tables: what was found, from the top down.
        note: one line where something keeps the answer from being whole: why nothing was looked for,
            or what was cut off. None when all of the sheet was seen.
        failed: whether nothing was looked for because something went wrong.
        empty: whether nothing was looked for because the sheet holds no value.
    """

    name: str
    sheet: Sheet
    tables: Sequence[Table] = ()
    note: str | None = None
    failed: bool = False
    empty: bool = False


@dataclass(frozen=True)
class FileResult:
    """A file that was looked at; ``error`` is one line when it could not be read, and it has no sheets."""

    file: str
    sheets: Sequence[SheetTables] = ()
    error: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the file or one of its sheets could not be looked at."""
        return self.error is not None or any(sheet.failed for sheet in self.sheets)

    @property
    def tables(self) -> list[Table]:
        """The tables of all sheets, in order."""
        return [table for sheet in self.sheets for table in sheet.tables]
