"""One annotated sheet: the record of every corpus, and its line in ``annotations.jsonl``."""

import json
from dataclasses import dataclass
from typing import Any

from tablesense.boxes import Box, parse_a1, to_a1


@dataclass(frozen=True)
class SheetAnnotation:
    """The tables of one sheet. Sheets of one ``group`` share a template and stay in one split."""

    file_name: str
    sheet_name: str
    tables: tuple[Box, ...]
    group: str
    split: str | None = None

    def to_json(self) -> str:
        """The record as one line of ``annotations.jsonl``."""
        row = {
            "file_name": self.file_name,
            "sheet_name": self.sheet_name,
            "table_regions": [to_a1(box) for box in self.tables],
            "group": self.group,
            "split": self.split,
        }
        return json.dumps(row, ensure_ascii=False)


def parse_annotation(line: str) -> SheetAnnotation:
    """Read one line of ``annotations.jsonl``; ``group`` defaults to the file, ``split`` to none.

    Raises:
        ValueError: the line is no JSON object, a field is missing or of the wrong type, or a range
            does not parse; the message says which.
    """
    return annotation_of(json.loads(line))


def annotation_of(row: object) -> SheetAnnotation:
    """The record of a line that was parsed; raises as :func:`parse_annotation`."""
    if not isinstance(row, dict):
        raise ValueError("expected a JSON object")
    file_name, sheet_name = row.get("file_name"), row.get("sheet_name")
    split = row.get("split")
    if not isinstance(file_name, str) or not isinstance(sheet_name, str):
        raise ValueError("'file_name' and 'sheet_name' must be text")
    regions = ranges_field(row)
    if split is not None and not isinstance(split, str):
        raise ValueError("'split' must be text or left out")
    tables = tuple(parse_a1(region) for region in regions)
    return SheetAnnotation(file_name, sheet_name, tables, str(row.get("group") or file_name), split)


def ranges_field(row: dict[str, Any]) -> tuple[str, ...]:
    """``table_regions``, as they are written.

    Raises:
        ValueError: it is no list of texts.
    """
    regions = row.get("table_regions")
    if not isinstance(regions, list) or not all(isinstance(region, str) for region in regions):
        raise ValueError("'table_regions' must be a list of ranges like 'B2:F14'")
    return tuple(regions)
