"""Sheets of a corpus drawn at random, with their annotated ranges, for a person to judge."""

import random
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from tablesense.boxes import to_a1
from tablesense.corpora.check import Checked
from tablesense.corpora.extent import overlapping
from tablesense.corpora.record import SheetAnnotation
from tablesense.errors import UserError
from tablesense.evaluation.picture import Frame, LegendEntry, sheet_svg
from tablesense.evaluation.view import choose_view
from tablesense.pages.text import visible
from tablesense.sheets.workbook import open_workbook
from tablesense.terminal.untrusted import folder_name
from tablesense.tracking.run.atomic import write_text

_FINE, _OVERLAPS = "#1a7f37", "#a40e26"
_LEGEND = (LegendEntry("annotated", _FINE), LegendEntry("overlaps another", _OVERLAPS, is_dashed=True))

# Nothing can be loaded and no script can run, whatever a sheet says.
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
{pictures}
</body>
</html>
"""


class SheetPicture(NamedTuple):
    """A drawn sheet."""

    corpus: str
    annotation: SheetAnnotation
    svg: str


def draw_sheets(checked: Checked, count: int, seed: int) -> list[SheetPicture]:
    """Draw sheets at random, of those that could be read.

    Args:
        checked: the corpus.
        count: how many.
        seed: equal seeds draw equal sheets, whatever the order of the annotations.
    """
    readable = sorted(set(checked.facts), key=lambda sheet: (sheet.file_name, sheet.sheet_name))
    chosen = random.Random(seed).sample(readable, min(count, len(readable)))  # noqa: S311 - pictures, no secret
    return [
        SheetPicture(checked.corpus.name, annotation, _draw(checked, annotation)) for annotation in chosen
    ]


def _draw(checked: Checked, annotation: SheetAnnotation) -> str:
    (sheet,) = open_workbook(checked.corpus.workbook(annotation), sheet_names=[annotation.sheet_name])
    boxes = sorted(annotation.tables, key=lambda box: (box.top, box.left))
    mixed = {box for pair in overlapping(boxes) for box in pair}
    frames = [
        Frame(box, to_a1(box), _OVERLAPS if box in mixed else _FINE, is_dashed=box in mixed) for box in boxes
    ]
    view = choose_view(sheet, boxes)
    unseen = sum(not view.shows(box) for box in boxes)
    counts = f"{len(boxes)} annotated" + (f"; {unseen} not in the picture" if unseen else "")
    details = f"{counts}; split {annotation.split or 'none'}; group {annotation.group}"
    title = [f"{checked.corpus.name}: {annotation.file_name}, sheet {annotation.sheet_name}", details]
    return sheet_svg(sheet, view, frames, title=title, legend=_LEGEND)


def check_pictures_path(path: Path) -> None:
    """Refuse a path that pictures must not be written to, before any work is done.

    Raises:
        UserError: it is a page in a folder that is not there, or a folder that holds something.
    """
    if path.suffix.lower() in (".html", ".htm"):
        if path.is_dir() or not path.parent.is_dir():
            raise UserError(f"--pictures: {path} cannot be a page there")
    elif path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise UserError(f"--pictures: {path} is neither a page (FILE.html) nor a new or empty folder")


def write_pictures(pictures: Sequence[SheetPicture], path: Path) -> None:
    """Write one page when ``path`` ends in ``.html``, else an SVG file a picture into a folder.

    Raises:
        UserError: it cannot be written.
    """
    try:
        if path.suffix.lower() in (".html", ".htm"):
            title = escape(visible(f"Annotated sheets of {', '.join(sorted({p.corpus for p in pictures}))}"))
            svgs = "\n".join(f"<p>{picture.svg}</p>" for picture in pictures)
            write_text(path, _PAGE.format(title=title, pictures=svgs))
            return
        path.mkdir(parents=True, exist_ok=True)
        for number, picture in enumerate(pictures, start=1):
            stem = folder_name(f"{number:03} {picture.corpus} {Path(picture.annotation.file_name).stem}")
            write_text(path / f"{stem}.svg", picture.svg)
    except OSError as error:
        raise UserError(f"--pictures: {path} cannot be written ({error.strerror})") from error
