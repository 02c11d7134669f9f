"""How often header rows are counted right: ``python -m benchmarks.header_rows``.

On the tables of ``deco`` as people annotated them, and on generated sheets whose cells know their role.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.deco import annotated_sheets
from benchmarks.features import REAL_DATA
from benchmarks.generated import generated_sheets
from tablesense.boxes import Box, to_a1
from tablesense.detection.headers import count_header_rows
from tablesense.sheets.sheet import Sheet
from tablesense.synthetic.blocks import Role


class Case(NamedTuple):
    """A table whose number of header rows is known."""

    where: str
    sheet: Sheet
    box: Box
    header_rows: int


def deco_cases(folder: Path) -> Iterator[Case]:
    """The tables of DECO.

    The header reaches from the table's first row to the last row of the header annotations that begin
    before any data; an annotation one column wide names rows, not columns.
    """
    for file, sheet, annotations in annotated_sheets(folder):
        for table in annotations:
            if table.label == "Table":
                parts = [(part.label, part.box) for part in annotations if part.parent == table.name]
                rows = _header_rows(table.box, parts)
                yield Case(f"{file} {sheet.name} {to_a1(table.box)}", sheet, table.box, rows)


def _header_rows(table: Box, parts: list[tuple[str, Box]]) -> int:
    data = min((box.top for label, box in parts if label == "Data"), default=table.bottom)
    ends = [
        box.bottom
        for label, box in parts
        if label == "Header" and box.top <= data and (box.width > 1 or table.width == 1)
    ]
    return max(ends, default=table.top) - table.top


def synthetic_cases(count: int) -> Iterator[Case]:
    """Tables of generated sheets: header rows are the first rows that hold header cells.

    The names in the first column of a table laid on its side name rows.
    """
    for number, (plan, sheet) in enumerate(generated_sheets("header rows", count)):
        for box in plan.tables:
            heads = [
                row
                for (row, column), spec in plan.block.cells.items()
                if spec.role is Role.HEADER
                and column > box.left
                and box.contains(Box(column, row, column + 1, row + 1))
            ]
            known = _first_run(sorted(set(heads)), box.top)
            yield Case(f"generated sheet {number} {to_a1(box)}", sheet, box, known)


def _first_run(rows: list[int], top: int) -> int:
    count = 0
    while count < len(rows) and rows[count] == top + count:
        count += 1
    return count


def main() -> None:
    """Print the share of exact counts, and every table of DECO that is counted wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deco", type=Path, default=REAL_DATA / "deco")
    parser.add_argument("--synthetic", type=int, default=300, metavar="SHEETS")
    options = parser.parse_args()
    table = Table("tables of", "number", "exact", "off by one", "always one row", title="header rows")
    wrong = []
    sources = {"deco": list(deco_cases(options.deco)), "generated": list(synthetic_cases(options.synthetic))}
    for name, cases in sources.items():
        counts = [count_header_rows(case.sheet, case.box) for case in cases]
        off = [abs(count - case.header_rows) for count, case in zip(counts, cases, strict=True)]
        always = [case.header_rows == 1 for case in cases]
        shares = [
            f"{sum(hits) / max(len(cases), 1):.3f}"
            for hits in ([n == 0 for n in off], [n == 1 for n in off], always)
        ]
        table.add_row(name, str(len(cases)), *shares)
        wrong += [
            f"{case.where}: {count} for {case.header_rows}"
            for case, count in zip(cases, counts, strict=True)
            if count != case.header_rows and name == "deco"
        ]
    console = Console(markup=False, highlight=False)
    console.print(table)
    for line in wrong:
        console.print(line, soft_wrap=True)


if __name__ == "__main__":
    main()
