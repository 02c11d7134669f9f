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
    annotated = {_key(sheet) for sheet in corpus.annotations}
    corrections: dict[tuple[str, str], SheetAnnotation | None] = {}
    problems = []
    for where, line in lines_of(path):
        try:
            key, correction = _parse(line)
        except (ValueError, RecursionError) as error:
            problems.append(Problem("correction", where, str(error)))
            continue
        if key not in annotated:
            message = f"{corpus.name} has no sheet {key[1]!r} of {key[0]!r}"
            problems.append(Problem("correction", where, message))
        elif key in corrections:
            problems.append(
                Problem("correction", where, f"sheet {key[1]!r} of {key[0]!r} is corrected twice")
            )
        else:
            corrections[key] = correction
    kept, left_out = [], []
    for sheet in corpus.annotations:
        correction = corrections.get(_key(sheet), sheet)
        if correction is None:
            left_out.append(sheet)
        else:
            kept.append(replace(sheet, tables=correction.tables))
    return replace(corpus, annotations=kept, problems=[*corpus.problems, *problems], left_out=left_out)


def _parse(line: str) -> tuple[tuple[str, str], SheetAnnotation | None]:
    """A sheet and its correction, None to leave it out; a line that lacks the ranges is a slip."""
    row = json.loads(line)
    is_left_out = isinstance(row, dict) and "table_regions" in row and row["table_regions"] is None
    sheet = annotation_of({**row, "table_regions": []} if is_left_out else row)
    return _key(sheet), None if is_left_out else sheet


def _key(annotation: SheetAnnotation) -> tuple[str, str]:
    return annotation.file_name, annotation.sheet_name
