"""Pictures of validation sheets: the best, the worst, those with most missed and most extra tables.

Every epoch would show the same few sheets if only the ranking counted. So a kind takes its sheets from
the top of its ranking, those that were shown longest ago (or never) first.
"""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tablesense.boxes import Box, to_a1
from tablesense.evaluation.eob import overlapping_pairs
from tablesense.evaluation.picture import Frame, LegendEntry, sheet_svg
from tablesense.evaluation.scores import SheetResult
from tablesense.evaluation.sheet_errors import NEAR, SheetErrors, sheet_errors
from tablesense.evaluation.view import choose_view
from tablesense.sheets.sheet import Sheet, SheetError
from tablesense.sheets.workbook import open_workbook

log = logging.getLogger(__name__)

KINDS = ("best", "worst", "missed", "extra")

# Told apart without colour vision as well: by lightness, by dashes, by the direction of the hatching.
_EXACT, _OFF, _EXTRA, _ANNOTATED = "#1a7f37", "#0969da", "#a40e26", "#9a6700"
_LEGEND = (
    LegendEntry("found, exact", _EXACT),
    LegendEntry("found, edges off", _OFF),
    LegendEntry("found, extra", _EXTRA),
    LegendEntry("annotated, missed or off", _ANNOTATED, is_dashed=True),
    LegendEntry("cells wrongly found", _EXTRA, is_hatched=True),
    LegendEntry("cells not found", _ANNOTATED, is_hatched=True),
)


class Picture(NamedTuple):
    """A drawn sheet; ``name`` can be the stem of a file on every system."""

    name: str
    svg: str


class PictureChooser:
    """Chooses sheets to draw, and remembers which were shown.

    ``best`` has the highest F1 at EoB-0, of equals most tables; ``worst`` the lowest F1, of equals the
    largest EoB; ``missed`` most true tables and ``extra`` most predictions without a pair at EoB-2.

    Args:
        per_kind: sheets of each kind.
        top: how far down a ranking a kind reaches for a sheet that was not shown lately.
    """

    def __init__(self, per_kind: int = 2, top: int = 10) -> None:
        self.per_kind, self.top = per_kind, top
        self._calls = 0
        self._shown: dict[tuple[str, str, str], int] = {}

    def choose(self, results: Sequence[SheetResult], threshold: float) -> list[tuple[str, SheetResult]]:
        """The sheets to draw, by kind; none of a kind where none fits, and no sheet twice.

        What is chosen does not depend on the order of the results.
        """
        self._calls += 1
        by_key = {result.key: result for result in results}
        errors = {key: sheet_errors(result, threshold) for key, result in sorted(by_key.items())}
        chosen: list[tuple[str, SheetResult]] = []
        for kind in KINDS:
            taken = {result.key for _, result in chosen}
            ranked = sorted(
                (rank, key)
                for key, sheet in errors.items()
                if key not in taken and (rank := _rank(kind, sheet))
            )
            candidates = [key for _, key in ranked[: self.top]]
            candidates.sort(key=lambda key: self._shown.get(key, 0))  # stable: equals stay ranked
            chosen += [(kind, by_key[key]) for key in candidates[: self.per_kind]]
        self._shown |= {result.key: self._calls for _, result in chosen}
        return chosen

    def state_dict(self) -> dict[str, Any]:
        """What was shown when, in plain values for a checkpoint."""
        return {"calls": self._calls, "shown": [[*key, call] for key, call in self._shown.items()]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on as the chooser would have whose state this is."""
        self._calls = state["calls"]
        self._shown = {(corpus, file, sheet): call for corpus, file, sheet, call in state["shown"]}


def _rank(kind: str, sheet: SheetErrors) -> tuple[float, ...] | None:
    """The lowest comes first; None: the sheet is none of this kind."""
    if kind == "best":
        return (-sheet.f1, -sheet.annotated) if sheet.exact else None
    if kind == "worst":
        is_wrong = sheet.exact < max(sheet.annotated, sheet.predicted)
        return (sheet.f1, -sheet.largest_eob) if is_wrong else None
    count = sheet.missed if kind == "missed" else sheet.extra
    return (-count,) if count else None


def validation_pictures(
    results: Sequence[SheetResult],
    threshold: float,
    find_workbook: Callable[[SheetResult], Path],
    chooser: PictureChooser,
) -> list[Picture]:
    """Choose sheets and draw them; one that cannot be read any more is left out, with a warning.

    Args:
        results: of all validation sheets.
        threshold: boxes scored lower count as not found.
        find_workbook: says where the workbook of a result lies.
        chooser: remembers which sheets were shown.
    """
    pictures = []
    numbers = dict.fromkeys(KINDS, 0)
    for kind, result in chooser.choose(results, threshold):
        numbers[kind] += 1
        try:
            svg = draw(_read(find_workbook(result), result.sheet_name), result, threshold)
        except Exception as error:  # a picture is never worth a training run
            log.warning("no picture of %r, sheet %r: %s", result.file_name, result.sheet_name, _line(error))
            continue
        pictures.append(Picture(_name(kind, numbers[kind], result), svg))
    return pictures


def _read(path: Path, sheet_name: str) -> Sheet:
    sheets = open_workbook(path, sheet_names=[sheet_name])
    if not sheets:
        raise SheetError(f"{path}: the workbook has no such sheet")
    return sheets[0]


def _line(error: Exception) -> str:
    """An error on one line, with what could steer a terminal made visible."""
    text = str(error) if isinstance(error, SheetError) else repr(error)
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _name(kind: str, number: int, result: SheetResult) -> str:
    """``worst_1_deco_Budget_2001_Sheet1``: only letters, digits, ``_`` and ``-``, and not too long."""
    file_stem = result.file_name.removesuffix(".xlsx").removesuffix(".xlsm")
    parts = (_safe(result.corpus, 20), _safe(file_stem, 50), _safe(result.sheet_name, 31))
    return "_".join([kind, str(number), *(part for part in parts if part)])


def _safe(text: str, length: int) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "_", text)[:length].strip("_")


def draw(sheet: Sheet, result: SheetResult, threshold: float) -> str:
    """Draw a sheet with what is there and what was found, what is wrong hatched and in view first.

    Args:
        sheet: the sheet the result is of.
        result: its boxes.
        threshold: boxes scored lower are not drawn.
    """
    frames, is_right = _frames(result, threshold)
    boxes = _most_important_first([frame.box for frame in frames], is_right)
    view = choose_view(sheet, boxes)
    hatched = _wrong_cells(result, threshold, view.rows, view.columns)
    unseen = sum(not view.shows(frame.box) for frame in frames)
    return sheet_svg(sheet, view, frames, hatched, _title(result, threshold, unseen), _LEGEND)


def _frames(result: SheetResult, threshold: float) -> tuple[list[Frame], list[bool]]:
    """A frame for each annotated and each found table, one for both where they agree; and which do."""
    scored = result.best_first(threshold)
    pairs = overlapping_pairs([box for box, _ in scored], result.annotated)
    error_of = {p: error for p, _, error in pairs}
    exact = {a for _, a, error in pairs if error == 0}
    met = {a for _, a, _ in pairs}
    frames = []
    for number, box in enumerate(result.annotated):
        if number not in exact:
            label = to_a1(box) if number in met else f"{to_a1(box)} missed"
            frames.append(Frame(box, label, _ANNOTATED, is_dashed=True))
    for number, (box, score) in enumerate(scored):
        error = error_of.get(number)
        label = f"{to_a1(box)}  {score:.2f}"
        if error is None:
            frames.append(Frame(box, f"{label} extra", _EXTRA))
        elif error:
            frames.append(Frame(box, f"{label} off by {error}", _OFF))
        else:
            frames.append(Frame(box, label, _EXACT))
    return frames, [frame.color == _EXACT for frame in frames]


def _most_important_first(boxes: Sequence[Box], is_right: Sequence[bool]) -> list[Box]:
    """What is wrong before what is right; from the first of them on, the nearest come first."""
    wrong_first = sorted(zip(is_right, (box.top for box in boxes), boxes, strict=True))
    if not wrong_first:
        return []
    *_, first = wrong_first[0]
    return [box for *_, box in sorted(wrong_first, key=lambda item: (item[0], _distance(item[2], first)))]


def _distance(box: Box, other: Box) -> int:
    """Rows and columns between two boxes."""
    columns = max(box.left, other.left) - min(box.right, other.right)
    rows = max(box.top, other.top) - min(box.bottom, other.bottom)
    return max(columns, 0) + max(rows, 0)


def _wrong_cells(
    result: SheetResult, threshold: float, rows: Iterable[int], columns: Sequence[int]
) -> dict[tuple[int, int], str]:
    """The shown cells that are in a table but in no found one, or the other way round."""
    found = result.above(threshold)
    wrong = {}
    for row in rows:
        for column in columns:
            cell = Box(column, row, column + 1, row + 1)
            is_table = any(box.contains(cell) for box in result.annotated)
            if is_table != any(box.contains(cell) for box in found):
                wrong[row, column] = _ANNOTATED if is_table else _EXTRA
    return wrong


def _title(result: SheetResult, threshold: float, unseen: int) -> list[str]:
    errors = sheet_errors(result, threshold)
    counts = (
        f"{errors.annotated} annotated, {errors.predicted} found (score {threshold:g} or more): "
        f"{errors.exact} exact, {errors.near} within {NEAR} cells; "
        f"{errors.missed} missed and {errors.extra} extra at EoB-{NEAR}"
    )
    if unseen:
        counts += f"; {unseen} not in the picture"
    return [f"{result.corpus}: {result.file_name}, sheet {result.sheet_name}", counts]
