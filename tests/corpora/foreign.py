"""Small workbooks and annotations in the forms that others write."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
from openpyxl.worksheet.table import Table

from tablesense.boxes import parse_a1

SHARED = Path(__file__).parents[2].parent / "shared" / "data"

Annotated = dict[tuple[str, str], tuple[set[str], str, str | None]]


def save_book(
    path: Path,
    sheets: Mapping[str, Sequence[str]],
    hidden: Sequence[str] = (),
    native: Sequence[str] = (),
    word: str = "name",
) -> Path:
    """A workbook whose sheets are filled in these ranges: texts in the first row, numbers below.

    The ranges of sheets in ``native`` are native tables as well; ``word`` begins the texts of their headers.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, ranges in sheets.items():
        sheet = book.create_sheet(name)
        for number, text in enumerate(ranges):
            left, top, right, bottom = parse_a1(text)
            for row in range(top, bottom):
                for column in range(left, right):
                    value = f"{word} {column}" if row == top else row * column + 1
                    sheet.cell(row + 1, column + 1, value)
            if name in native:
                sheet.add_table(Table(displayName=f"T{len(book.worksheets)}_{number}", ref=text))
        if name in hidden:
            sheet.sheet_state = "hidden"
    book.save(path)
    return path


def save_lines(path: Path, *rows: object) -> Path:
    """A file of JSON objects; what is text already stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def read_annotated(corpus: Path) -> Annotated:
    """Ranges, group and split by file and sheet."""
    lines = (corpus / "annotations.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    found = {
        (row["file_name"], row["sheet_name"]): (set(row["table_regions"]), row["group"], row["split"])
        for row in rows
    }
    assert len(found) == len(rows)
    return found


def fingerprints(folder: Path) -> dict[str, tuple[str, int]]:
    """Content and time of change of all files below a folder, and the folders."""
    return {
        str(path.relative_to(folder)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }
