"""Cells that add up other planned cells, with the formula and its true result."""

from tablesense.boxes import Box
from tablesense.synthetic.blocks import Block, CellSpec, Formula, Role
from tablesense.synthetic.columns import ERRORS


def sum_cell(block: Block, boxes: tuple[Box, ...], formula: bool, role: Role) -> CellSpec:
    """The sum of planned cells; ranges are written ``=SUM(..)+SUM(..)``, single cells ``=B5+B9``."""
    specs = [
        block.cells[row, column]
        for box in boxes
        for row in range(box.top, box.bottom)
        for column in range(box.left, box.right)
    ]
    errors = [spec.value for spec in specs if spec.value in ERRORS]
    total = sum(spec.value for spec in specs if isinstance(spec.value, int | float))
    template = "+".join("{}" if box.area == 1 else "SUM({})" for box in boxes)
    written = Formula(template, boxes) if formula else None
    result = errors[0] if errors else round(total, 4)
    return CellSpec(result, role, specs[-1].number_format, formula=written)


def change_cell(block: Block, row: int, first: int, last: int, formula: bool, role: Role) -> CellSpec:
    """The relative change from one column to another, an error where that cannot be computed."""
    before, after = block.cells[row, first].value, block.cells[row, last].value
    result: float | str = "#VALUE!"
    if isinstance(before, int | float) and isinstance(after, int | float):
        result = round(after / before - 1, 4) if before else "#DIV/0!"
    boxes = tuple(Box(column, row, column + 1, row + 1) for column in (last, first))
    written = Formula("{}/{}-1", boxes) if formula else None
    return CellSpec(result, role, "0.0%", formula=written)
