"""What a cell looks like in the report: its style and kind as the few things the page draws."""

import re
from collections import Counter

from tablesense.pages.text import Json
from tablesense.sheets.sheet import Cell, CellKind, Sheet, Style

_COLOR = re.compile(r"[0-9A-Fa-f]{6}")
_ALIGNED = {"right": "right", "center": "center", "centerContinuous": "center"}
_BY_KIND = {
    CellKind.NUMBER: "right",
    CellKind.DATE: "right",
    CellKind.BOOLEAN: "center",
    CellKind.ERROR: "center",
}
SIZES = (0.8, 1.7)  # larger or smaller letters than this would not help to read the page
_MOST_INDENT = 10
_EXCEL_SIZE = 11.0  # points, where nothing is said


class Looks:
    """The distinct looks of a page, numbered in the order they are met."""

    def __init__(self) -> None:
        self.looks: list[Json] = []
        self._numbers: dict[tuple[Style, CellKind, bool, bool, float], int] = {}

    def of_sheet(self, sheet: Sheet) -> "SheetLooks":
        """The looks of one sheet's cells; font sizes are told relative to the sheet's own."""
        return SheetLooks(self, sheet)

    def number(self, style: Style, kind: CellKind, comment: bool, unknown: bool, size: float) -> int:
        """The number of a look; ``unknown`` is a formula whose result the file does not hold."""
        key = (style, kind, comment, unknown, size)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.looks)
            self.looks.append(_look(style, kind, comment, unknown, size))
        return found


class SheetLooks:
    """Finds the look of a sheet's cells; the same style is looked up once."""

    def __init__(self, looks: Looks, sheet: Sheet) -> None:
        self._looks, self._styles = looks, sheet.styles
        self._usual = usual_size(sheet)
        self._known: dict[tuple[int, CellKind, bool, bool], int] = {}
        self._shows = [_shows(style) for style in sheet.styles]

    def number(self, cell: Cell) -> int:
        """The number of a cell's look."""
        unknown = cell.value is None and cell.formula is not None
        key = (cell.style, cell.kind, cell.comment, unknown)
        found = self._known.get(key)
        if found is None:
            style = self._styles[cell.style]
            size = min(max((style.font_size or self._usual) / self._usual, SIZES[0]), SIZES[1])
            found = self._looks.number(style, cell.kind, cell.comment, unknown, round(size, 1))
            self._known[key] = found
        return found

    def is_seen(self, cell: Cell) -> bool:
        """Whether a cell without a value shows anything."""
        return cell.comment or self._shows[cell.style]


def usual_size(sheet: Sheet) -> float:
    """The font size of most cells, in points: what other sizes are told by."""
    cells = Counter(cell.style for cell in sheet.cells.values() if cell.value is not None)
    sizes: Counter[float] = Counter()
    for number, count in cells.items():
        sizes[sheet.styles[number].font_size or _EXCEL_SIZE] += count
    return sizes.most_common(1)[0][0] if sizes else _EXCEL_SIZE


def _shows(style: Style) -> bool:
    return style.fill_color is not None or bool(_sides(style))


def _look(style: Style, kind: CellKind, comment: bool, unknown: bool, size: float) -> Json:
    """Only what is not as in a plain cell of text, to keep the page small."""
    font_color = style.font_color if style.font_color != "000000" else None  # what the page has anyway
    look: Json = {
        "fill": _color(style.fill_color),
        "color": _color(font_color),
        "bold": style.bold,
        "italic": style.italic,
        "underline": style.underline,
        "strike": style.strikethrough,
        "sides": _sides(style),
        "align": _align(style, kind),
        "valign": style.vertical if style.vertical in {"top", "center"} else None,
        "wrap": style.wrap,
        "indent": min(style.indent, _MOST_INDENT),
        "size": size if size != 1 else None,
        # Only text runs over the blank cells beside it.
        "stays": kind not in {CellKind.TEXT, CellKind.EMPTY} or unknown,
        "comment": comment,
        "unknown": unknown,
    }
    return {name: value for name, value in look.items() if value}


def _color(color: str | None) -> str | None:
    """The colour if it is one: it becomes part of a style sheet."""
    return color if color is not None and _COLOR.fullmatch(color) else None


def _align(style: Style, kind: CellKind) -> str | None:
    if style.horizontal == "general":
        return _BY_KIND.get(kind)
    return _ALIGNED.get(style.horizontal)


def _sides(style: Style) -> str:
    drawn = (style.border_left, style.border_right, style.border_top, style.border_bottom)
    return "".join(side for side, is_drawn in zip("lrtb", drawn, strict=True) if is_drawn)
