"""Report tables: row labels, series of numbers, groups with heads, subtotals and totals."""

from dataclasses import replace
from random import Random

from tablesense.boxes import Box
from tablesense.synthetic import vocabulary as words
from tablesense.synthetic.blocks import Block, CellSpec, Role
from tablesense.synthetic.columns import ERRORS, Column
from tablesense.synthetic.headers import header_rows, place_series, plan_series
from tablesense.synthetic.rows import Row, RowKind, draw_labels, plan_rows
from tablesense.synthetic.sums import change_cell, sum_cell

NUMBERED = (RowKind.ITEM, RowKind.SUBTOTAL, RowKind.TOTAL)


def report_table(rng: Random, items: int, numbers: int) -> Block:
    """A report with ``items`` labelled rows and ``numbers`` number columns."""
    return Report(rng, items, numbers).build()


class Report:
    """Builds one report table: header, body, sums, and a last column that is computed."""

    def __init__(self, rng: Random, items: int, numbers: int) -> None:
        self.rng = rng
        self.labels = draw_labels(rng, items)
        self.rows = plan_rows(rng, self.labels, items)
        self.label_column, self.corners = self._label_columns()
        series = plan_series(rng, numbers)
        places = place_series(rng, series, len(self.corners))
        self.block = header_rows(rng, series, places, self.corners)
        self.columns: dict[int, Column] = {
            place: column
            for one, group in zip(series, places, strict=True)
            for place, column in zip(group, one.columns, strict=True)
        }
        # A blank row below the header is rare but real.
        self.top = self.block.height + (rng.random() < 0.08)
        self.computes = len(series) == 1 and numbers > 2 and rng.random() < 0.3

    def build(self) -> Block:
        """The finished block, its table box covering all of it."""
        self._fill_items()
        self._fill_sums()
        if self.computes:
            self._add_computed_column()
        self.block.tables.append(Box(0, 0, self.block.width, self.block.height))
        return self.block

    def _label_columns(self) -> tuple[int, list[str]]:
        """The column of the item labels, and the header of every label column."""
        corner = "" if self.rng.random() < 0.3 else self.labels.header
        grouped = any(row.kind is RowKind.GROUP_HEAD for row in self.rows)
        kind = self.rng.random()
        if grouped and kind < 0.2:
            # Group heads stand one column to the left of their items.
            return 1, [corner, ""]
        if kind < 0.3:
            return 0, [corner, "Code"]
        if kind < 0.36:
            # Long labels run over into a blank column, as in many sheets kept by hand.
            return 0, [corner, ""]
        return 0, [corner]

    def _fill_items(self) -> None:
        """Labels and item values; blank cells are planned as well, for fills and borders."""
        width = self.block.width
        missing = self.rng.choice((0.0, 0.0, 0.0, 0.03, 0.15))
        marker = self.rng.choice((None, None, "-", "(NA)", "n/a", "--", self.rng.choice(ERRORS)))
        for index, row in enumerate(self.rows):
            if row.kind is RowKind.BLANK:
                continue
            for column in range(width):
                spec = self._cell(row, index, column)
                # Gaps stay off the last column and the last row, where the table's edges are.
                inner = column in self.columns and column < width - 1 and index < len(self.rows) - 1
                if missing and inner and row.kind is RowKind.ITEM and self.rng.random() < missing:
                    spec = replace(spec, value=marker)
                self.block.cells[self.top + index, column] = spec

    def _cell(self, row: Row, index: int, column: int) -> CellSpec:
        role, band = row.kind.role, index % 2 == 1
        is_item = row.kind is RowKind.ITEM
        if column == (self.label_column if is_item else 0):
            if not is_item:
                return CellSpec(row.label, role, indent=row.indent)
            indent = 0 if self.label_column else row.indent
            return CellSpec(row.label, Role.ROW_LABEL, self.labels.number_format, indent, band)
        if column in self.columns and row.kind is RowKind.RULE:
            return CellSpec("-" * 10, role)
        if column in self.columns and row.kind in NUMBERED:
            kind = self.columns[column]
            return CellSpec(kind.draw(self.rng, index), role, kind.number_format, band=band)
        if is_item and column < len(self.corners) and self.corners[column] == "Code":
            return CellSpec(words.code(self.rng), Role.ROW_LABEL, band=band)
        return CellSpec(None, role, band=band)

    def _fill_sums(self) -> None:
        """Replace the values of totals by true sums, half of the time as formulas."""
        formulas = self.rng.random() < 0.5
        for row, plan in enumerate(self.rows, self.top):
            for column in self.columns if plan.sums else ():
                if self.columns[column].summable:
                    boxes = tuple(Box(column, self.top + a, column + 1, self.top + b) for a, b in plan.sums)
                    self.block.cells[row, column] = sum_cell(self.block, boxes, formulas, plan.kind.role)

    def _add_computed_column(self) -> None:
        """A last column with the sum of each row or the change from its first to its last number."""
        rng, block = self.rng, self.block
        first, last, right = min(self.columns), max(self.columns), block.width
        formulas, change = rng.random() < 0.6, rng.random() < 0.4
        name = rng.choice(("Change", "% chg", "Growth")) if change else rng.choice(words.TOTALS)
        named = self._lowest_header_row(last)
        for row in range(self.top):
            block.put(row, right, name if row == named else None, Role.HEADER)
        for row, plan in enumerate(self.rows, self.top):
            role = plan.kind.role
            if plan.kind in NUMBERED and change:
                block.cells[row, right] = change_cell(block, row, first, last, formulas, role)
            elif plan.kind in NUMBERED:
                boxes = (Box(first, row, last + 1, row + 1),)
                block.cells[row, right] = sum_cell(block, boxes, formulas, role)
            elif plan.kind is not RowKind.BLANK:
                block.put(row, right, "-" * 10 if plan.kind is RowKind.RULE else None, role)

    def _lowest_header_row(self, column: int) -> int:
        """The lowest header row that is filled in a column."""
        cells = [self.block.cells.get((row, column)) for row in range(self.top)]
        return max(row for row, cell in enumerate(cells) if cell is not None and cell.value is not None)
