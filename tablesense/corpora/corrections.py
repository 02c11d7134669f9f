"""Better marks for some sheets of a corpus that is not changed itself."""

import json
from dataclasses import replace
from pathlib import Path

from tablesense.corpora.corpus import Corpus, Problem, lines_of
from tablesense.corpora.record import SheetAnnotation, annotation_of


def corrected(corpus: Corpus, path: Path) -> Corpus:
    """A corpus with other tables on the sheets that a file names.

    Args:
        corpus: as it was read.
        path: lines as of ``annotations.jsonl``; each replaces the tables of its sheet, which keeps group and
            split, and with ``"table_regions": null`` the sheet is left out. Lines that cannot be used, or
            name no sheet of the corpus, become problems.

    Raises:
        UserError: the file cannot be read.
    """
    tables: dict[tuple[str, str], SheetAnnotation | None] = {}
    problems = []
    known = {_key(annotation) for annotation in corpus.annotations}
    for where, line in lines_of(path):
        try:
            row = json.loads(line)
            is_left_out = isinstance(row, dict) and row.get("table_regions", "") is None
            correction = annotation_of({**row, "table_regions": []} if is_left_out else row)
        except (ValueError, RecursionError) as error:
            problems.append(Problem("correction", where, str(error)))
            continue
        if _key(correction) in known:
            tables[_key(correction)] = None if is_left_out else correction
        else:
            message = f"{corpus.name} has no sheet {correction.sheet_name!r} of {correction.file_name!r}"
            problems.append(Problem("correction", where, message))
    annotations = []
    for annotation in corpus.annotations:
        now = tables.get(_key(annotation), annotation)
        if now is not None:
            annotations.append(replace(annotation, tables=now.tables))
    return replace(corpus, annotations=annotations, problems=[*corpus.problems, *problems])


def _key(annotation: SheetAnnotation) -> tuple[str, str]:
    return annotation.file_name, annotation.sheet_name
