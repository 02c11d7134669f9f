"""Blocks: planned cells with their merges and tables, as plain data that knows no file format.

A block is made of cells counted from its own top left corner. Larger blocks are made by pasting
smaller ones, so a table, a table with its title, and a whole sheet are the same type.
"""

from dataclasses import dataclass, field, replace
from enum import Enum

from tablesense.boxes import Box, to_a1
from tablesense.sheets.sheet import CellValue


class Role(Enum):
    """What a cell is for; a theme turns it into formatting."""

    TITLE = "title"
    SUBTITLE = "subtitle"
    NOTE = "note"
    TEXT = "text"
    FORM_LABEL = "form label"
    FORM_VALUE = "form value"
    HEADER = "header"
    ROW_LABEL = "row label"
    GROUP_HEAD = "group head"
    DATA = "data"
    SUBTOTAL = "subtotal"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula whose ``{}`` stand for ``boxes``, in the coordinates of the block it lies in."""

    template: str
    boxes: tuple[Box, ...]

    def shift(self, columns: int, rows: int) -> "Formula":
        """The same formula for a block moved right and down."""
        return Formula(self.template, tuple(box.shift(columns, rows) for box in self.boxes))

    def text(self) -> str:
        """The formula as Excel writes it."""
        ranges = [to_a1(box) for box in self.boxes]
        names = [
            name.split(":")[0] if box.area == 1 else name
            for name, box in zip(ranges, self.boxes, strict=True)
        ]
        return "=" + self.template.format(*names)


@dataclass(frozen=True, slots=True)
class CellSpec:
    """One planned cell. With a formula, ``value`` is the formula's result."""

    value: CellValue = None
    role: Role = Role.TEXT
    number_format: str = "General"
    indent: int = 0
    band: bool = False
    formula: Formula | None = None
    comment: str | None = None


@dataclass
class Block:
    """Planned cells by ``(row, column)``; ``tables`` are the answers, ``native`` Excel table objects."""

    cells: dict[tuple[int, int], CellSpec] = field(default_factory=dict)
    merges: list[Box] = field(default_factory=list)
    tables: list[Box] = field(default_factory=list)
    native: list[Box] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)

    @property
    def height(self) -> int:
        """Rows up to the last planned cell."""
        return max((row for row, _ in self.cells), default=-1) + 1

    @property
    def width(self) -> int:
        """Columns up to the last planned cell."""
        return max((column for _, column in self.cells), default=-1) + 1

    def put(
        self,
        row: int,
        column: int,
        value: CellValue,
        role: Role,
        number_format: str = "General",
        indent: int = 0,
    ) -> None:
        """Plan one cell."""
        self.cells[row, column] = CellSpec(value, role, number_format, indent)

    def merge(self, box: Box) -> None:
        """Merge a range; the covered cells are planned blank, in the role of its first cell."""
        first = self.cells[box.top, box.left]
        for row in range(box.top, box.bottom):
            for column in range(box.left, box.right):
                if (row, column) != (box.top, box.left):
                    self.cells[row, column] = CellSpec(None, first.role)
        self.merges.append(box)

    def paste(self, other: "Block", row: int, column: int) -> None:
        """Copy another block into this one with its corner at ``(row, column)``.

        Raises:
            ValueError: a cell of the other block would lie on one that is planned already.
        """
        for (top, left), cell in other.cells.items():
            place = (row + top, column + left)
            if place in self.cells:
                raise ValueError(f"two blocks meet in the cell at row {place[0]}, column {place[1]}")
            if cell.formula is not None:
                cell = replace(cell, formula=cell.formula.shift(column, row))
            self.cells[place] = cell
        self.merges += [box.shift(column, row) for box in other.merges]
        self.tables += [box.shift(column, row) for box in other.tables]
        self.native += [box.shift(column, row) for box in other.native]
        self.hidden_rows |= {row + index for index in other.hidden_rows}
        self.hidden_columns |= {column + index for index in other.hidden_columns}
