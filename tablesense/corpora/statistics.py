"""What is in a corpus, in numbers."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tablesense.corpora.check import Checked
from tablesense.corpora.record import SheetAnnotation
from tablesense.corpora.splits import SPLITS


class Spread(NamedTuple):
    """The middle of some numbers and their upper end."""

    median: float
    p90: float
    largest: float


class SplitCounts(NamedTuple):
    """What a split holds."""

    split: str
    sheets: int
    tables: int
    groups: int


class Statistics(NamedTuple):
    """A corpus in numbers; what is said of sheets' cells is about those that could be read and hold some."""

    workbooks: int
    splits: list[SplitCounts]
    sheets_by_tables: dict[str, int]
    table_rows: Spread | None
    table_columns: Spread | None
    sheet_cells: Spread | None
    formatted_share: float | None


_BY_TABLES = {"0": (0, 0), "1": (1, 1), "2": (2, 2), "3 to 5": (3, 5), "6 or more": (6, 10**9)}


def statistics(checked: Checked) -> Statistics:
    """Count sheets, tables and groups, and measure tables and sheets."""
    annotations = checked.corpus.annotations
    tables = [box for annotation in annotations for box in annotation.tables]
    counts = [len(annotation.tables) for annotation in annotations]
    facts = [fact for fact in checked.facts.values() if fact.filled]
    return Statistics(
        workbooks=len({annotation.file_name for annotation in annotations}),
        splits=count_splits(annotations),
        sheets_by_tables={
            name: sum(low <= count <= high for count in counts) for name, (low, high) in _BY_TABLES.items()
        },
        table_rows=_spread(box.height for box in tables),
        table_columns=_spread(box.width for box in tables),
        sheet_cells=_spread(fact.filled for fact in facts),
        formatted_share=sum(fact.is_formatted for fact in facts) / len(facts) if facts else None,
    )


def count_splits(annotations: Sequence[SheetAnnotation]) -> list[SplitCounts]:
    """The splits that there are: ours, then others by name, then the sheets without one."""
    found: dict[str | None, list[SheetAnnotation]] = {split: [] for split in SPLITS}
    for annotation in annotations:
        found.setdefault(annotation.split, []).append(annotation)
    without = found.pop(None, [])
    counts = [count_sheets(name or "", sheets) for name, sheets in found.items() if sheets]
    return counts + ([count_sheets("(none)", without)] if without else [])


def count_sheets(name: str, annotations: Sequence[SheetAnnotation]) -> SplitCounts:
    """How many sheets, tables and groups there are."""
    tables = sum(len(annotation.tables) for annotation in annotations)
    return SplitCounts(name, len(annotations), tables, len({annotation.group for annotation in annotations}))


def _spread(numbers: Iterable[int]) -> Spread | None:
    values = list(numbers)
    if not values:
        return None
    median, p90 = np.percentile(values, [50, 90])
    return Spread(float(median), float(p90), float(max(values)))
