"""Generated sheets, read from the files they are written to, beside what is known of their cells."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tablesense.sheets.sheet import Sheet
from tablesense.sheets.workbook import open_workbook
from tablesense.synthetic.layout import PlannedSheet, generate_sheet
from tablesense.synthetic.write import workbook_bytes


def generated_sheets(seed: str, count: int) -> Iterator[tuple[PlannedSheet, Sheet]]:
    """So many sheets; another text as seed gives others."""
    with TemporaryDirectory() as folder:
        for number in range(count):
            plan = generate_sheet(Random(f"{seed} {number}"))
            path = Path(folder) / f"{number}.xlsx"
            path.write_bytes(workbook_bytes([plan]))
            (sheet,) = open_workbook(path)
            yield plan, sheet
