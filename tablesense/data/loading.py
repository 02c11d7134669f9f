"""From annotated workbooks to samples: every problem named and counted, nothing lost silently."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from rich.console import Console
from rich.progress import track

from tablesense.boxes import to_a1
from tablesense.corpora.corpus import Corpus, Problem
from tablesense.corpora.record import SheetAnnotation
from tablesense.data.sample import Sample, Source
from tablesense.errors import UserError
from tablesense.features.cache import FeatureCache
from tablesense.features.featurize import SheetGrid
from tablesense.sheets.sheet import SheetError


@dataclass
class Loaded:
    """Samples, and what went wrong on the way."""

    samples: list[Sample] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def count_by_kind(problems: Iterable[Problem]) -> str:
    """How many problems of each kind, as ``2 x missing sheet, 1 x unreadable workbook``."""
    return ", ".join(f"{count} x {kind}" for kind, count in Counter(p.kind for p in problems).most_common())


def load_samples(
    corpus: Corpus, annotations: Iterable[SheetAnnotation], cache: FeatureCache, show_progress: bool = False
) -> Loaded:
    """Load the annotated sheets of a corpus through the cache.

    A workbook that cannot be read, a sheet that is not there and a table that lies outside the sheet's
    cells become problems; the rest is loaded.
    """
    by_file: dict[str, list[SheetAnnotation]] = defaultdict(list)
    for annotation in annotations:
        by_file[annotation.file_name].append(annotation)
    loaded = Loaded()
    hidden = not (show_progress and Console().is_terminal)  # in a file the bar would be blank lines
    files = track(by_file.items(), f"reading {corpus.name}", transient=True, disable=hidden)
    for file_name, sheets in files:
        try:
            grids = cache.grids(corpus.workbook(sheets[0]), [sheet.sheet_name for sheet in sheets])
        except SheetError as error:
            loaded.problems.append(Problem("unreadable workbook", file_name, str(error)))
            continue
        for annotation in sheets:
            _add(loaded, corpus.name, annotation, grids.get(annotation.sheet_name))
    return loaded


def _add(loaded: Loaded, corpus: str, annotation: SheetAnnotation, grid: SheetGrid | None) -> None:
    where = f"{annotation.file_name}, sheet {annotation.sheet_name!r}"
    if grid is None:
        loaded.problems.append(Problem("missing sheet", where, "the workbook has no such sheet"))
        return
    boxes = []
    for table in annotation.tables:
        box = grid.fold.to_grid(table)
        if grid.fold.to_sheet(box).intersection(table) == 0:
            loaded.problems.append(Problem("range outside the sheet", where, f"{to_a1(table)} holds no cell"))
            continue
        if not grid.fold.is_exact(table):
            # Kept: such ranges are rare, and one that reaches a row too far still teaches.
            nearest = to_a1(grid.fold.to_sheet(box))
            message = f"{to_a1(table)} begins or ends where cells are blank or folded; taken as {nearest}"
            loaded.problems.append(Problem("range moved", where, message))
        boxes.append(box)
    source = Source(corpus, annotation.file_name, annotation.sheet_name, annotation.tables, grid.fold)
    array = np.array(boxes, dtype=np.int64).reshape(-1, 4)
    loaded.samples.append(Sample(grid.values, array, source))


def refuse(problems: list[Problem]) -> None:
    """Raise a UserError that names the first problem and says how many there are."""
    if problems:
        raise UserError(
            f"{problems[0]} ({len(problems)} such problems; --data.on_problem=skip goes on without them)"
        )


def crop_to(sample: Sample, max_cells: int) -> tuple[Sample, int]:
    """Cut a sheet that is too large for the network down to its top left part.

    Returns:
        The sample, unchanged when it fits, and the number of its tables that were lost: those that do
        not lie wholly in what is left.
    """
    _, rows, columns = sample.values.shape
    width = min(columns, max_cells)
    height = max(1, min(rows, max_cells // width))
    if (height, width) == (rows, columns):
        return sample, 0
    inside = (sample.boxes[:, 2] <= width) & (sample.boxes[:, 3] <= height)
    cropped = Sample(sample.values[:, :height, :width], sample.boxes[inside], sample.source)
    return cropped, int((~inside).sum())
