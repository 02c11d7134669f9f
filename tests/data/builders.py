"""Small samples and corpora for the tests of this package."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openpyxl

from tablesense.boxes import Box
from tablesense.corpora.record import SheetAnnotation
from tablesense.data.sample import Sample
from tablesense.features.channels import INDEX, NUM_CHANNELS

Row = Sequence[str | float | None]


def random_sample(rows: int, columns: int, boxes: Sequence[Box] = (), seed: int = 0) -> Sample:
    """A sheet of random bytes with these tables; nothing of it was folded away."""
    values = np.random.default_rng(seed).integers(0, 256, (NUM_CHANNELS, rows, columns), dtype=np.uint8)
    values[[INDEX["rows_folded_after"], INDEX["columns_folded_after"]]] = 0
    return Sample(values, np.array(boxes, dtype=np.int64).reshape(-1, 4))


def table(rows: int, columns: int = 3) -> list[Row]:
    """A header, rows of numbers and a total."""
    header: Row = [f"head {number}" for number in range(columns)]
    body: list[Row] = [["tea", *[float(number) for number in range(1, columns)]] for _ in range(rows - 2)]
    return [header, *body, ["Total", *[9.5] * (columns - 1)]]


def save_workbook(path: Path, sheets: dict[str, list[Row]]) -> Path:
    """A workbook whose sheets hold these rows from A1 on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def save_corpus(
    folder: Path, workbooks: dict[str, dict[str, list[Row]]], annotations: Sequence[SheetAnnotation]
) -> Path:
    """A corpus folder with these workbooks and annotations."""
    for file_name, sheets in workbooks.items():
        save_workbook(folder / "workbooks" / file_name, sheets)
    lines = "".join(f"{annotation.to_json()}\n" for annotation in annotations)
    (folder / "annotations.jsonl").write_text(lines, encoding="utf-8")
    return folder
