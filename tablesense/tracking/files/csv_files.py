"""Rows as a CSV file."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from tablesense.tracking.run.atomic import write_text
from tablesense.tracking.run.protocols import Row


def write_csv(file: Path, rows: Iterable[Row]) -> None:
    """Write rows with the same keys, a header line first; the folder is made where it is missing.

    Without a row nothing is written: there is no header to write.
    """
    rows = list(rows)
    if not rows:
        return
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    file.parent.mkdir(exist_ok=True)
    write_text(file, text.getvalue())
