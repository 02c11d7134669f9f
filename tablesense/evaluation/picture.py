"""A sheet drawn as an SVG: its cells as text, tables framed and labelled, wrong cells hatched."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from tablesense.boxes import Box, column_letters
from tablesense.evaluation.labels import LABEL_HEIGHT, Area, place_labels, text_width
from tablesense.evaluation.layout import COLUMN, GAP, ROW, Layout
from tablesense.evaluation.view import View
from tablesense.features.featurize import display_text, is_filled
from tablesense.sheets.sheet import Cell, Sheet

_LINE = 19  # of the text above the sheet
_MARGIN = 6
_MIN_WIDTH = 640  # narrow sheets too have a title
_LETTER = 4  # no letter of the font that counts is narrower, so more text than this is never seen
_GREY, _LINES, _LEFT_OUT = "#57606a", "#d0d7de", "#eaeef2"


class Frame(NamedTuple):
    """A framed range with its label; an edge that is not shown is left open."""

    box: Box
    label: str
    color: str
    is_dashed: bool = False


class LegendEntry(NamedTuple):
    """What a frame or a hatching means."""

    text: str
    color: str
    is_dashed: bool = False
    is_hatched: bool = False


def sheet_svg(
    sheet: Sheet,
    view: View,
    frames: Sequence[Frame],
    hatched: Mapping[tuple[int, int], str] | None = None,
    title: Sequence[str] = (),
    legend: Sequence[LegendEntry] = (),
) -> str:
    """Draw the rows and columns of ``view``; what it leaves out becomes a grey band.

    Args:
        sheet: the sheet; its text is escaped, it never becomes markup.
        view: what to show.
        frames: the tables; of two with the same edge the later one is on top.
        hatched: colours of cells, by ``(row, column)``, that are wrong in some way.
        title: lines above the sheet; escaped as well.
        legend: a line below the title.
    """
    head = _MARGIN + _LINE * (len(title) + bool(legend)) if title or legend else 0
    layout = Layout(view, head)
    hatched = hatched or {}
    framed = [frame for frame in frames if view.shows(frame.box)]
    legend_width = sum(_legend_width(entry) for entry in legend)
    width = max(layout.columns.end, legend_width, _MIN_WIDTH if title else 0) + _MARGIN
    height = layout.rows.end + LABEL_HEIGHT + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="Helvetica, Arial, sans-serif" font-size="11">',
        *_patterns([*hatched.values(), *(entry.color for entry in legend if entry.is_hatched)]),
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *_title(title, width),
        *_legend(legend, _MARGIN + _LINE * len(title)),
        *_grid(layout),
        *_cells(sheet, layout),
        *_hatching(layout, hatched),
        *_gaps(layout),
        *(_frame(layout, frame) for frame in framed),
        *_labels(sheet, layout, framed),
    ]
    return "\n".join([*parts, "</svg>\n"])


def _plain(text: str) -> str:
    """Text on one line that can stand in XML and cannot turn its surroundings around."""
    line = " ".join(text.split())
    return escape("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line))


def _title(lines: Sequence[str], width: int) -> list[str]:
    shown = []
    for number, line in enumerate(lines):
        style = 'font-size="13" font-weight="bold" fill="#1f2328"' if number == 0 else f'fill="{_GREY}"'
        baseline = _MARGIN + _LINE * number + 13
        # A nested svg cuts off what is longer than the picture is wide.
        shown.append(
            f'<svg width="{width}" height="{baseline + 6}">'
            f'<text x="{_MARGIN}" y="{baseline}" {style}>{_plain(line[:300])}</text></svg>'
        )
    return shown


def _legend(entries: Sequence[LegendEntry], top: int) -> list[str]:
    parts, x = [], _MARGIN
    for entry in entries:
        fill = f"url(#{_pattern(entry.color)})" if entry.is_hatched else "none"
        line = (
            "" if entry.is_hatched else f'stroke="{entry.color}" stroke-width="2.5"{_dash(entry.is_dashed)}'
        )
        parts.append(f'<rect x="{x + 1}" y="{top + 3}" width="22" height="12" fill="{fill}" {line}/>')
        parts.append(f'<text x="{x + 29}" y="{top + 13}" fill="{_GREY}">{_plain(entry.text)}</text>')
        x += _legend_width(entry)
    return parts


def _legend_width(entry: LegendEntry) -> int:
    return 29 + text_width(entry.text) + 14


def _pattern(color: str) -> str:
    return f"hatch-{color.removeprefix('#')}"


def _patterns(colors: Sequence[str]) -> list[str]:
    """Hatchings, which show on cells of any colour; each colour has its direction, for who sees none."""
    return [
        f'<pattern id="{_pattern(color)}" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate({45 + 90 * (number % 2)})">'
        f'<rect width="6" height="6" fill="{color}" fill-opacity="0.16"/>'
        f'<path d="M0 0V6" stroke="{color}" stroke-width="2" stroke-opacity="0.55"/></pattern>'
        for number, color in enumerate(sorted(set(colors)))
    ]


def _grid(layout: Layout) -> list[str]:
    rows, columns = layout.rows, layout.columns
    parts = []
    for column, x in columns.starts.items():
        parts.append(
            f'<text x="{x + COLUMN // 2}" y="{layout.letters + 13}" fill="{_GREY}" text-anchor="middle">'
            f"{column_letters(column)}</text>"
        )
    for row, y in rows.starts.items():
        parts.append(
            f'<text x="{columns.start - 5}" y="{y + 13}" fill="{_GREY}" text-anchor="end">{row + 1}</text>'
        )
    xs = sorted({edge for start in columns.starts.values() for edge in (start, start + COLUMN)})
    ys = sorted({edge for start in rows.starts.values() for edge in (start, start + ROW)})
    path = "".join(f"M{x} {rows.start}V{rows.end}" for x in xs)
    path += "".join(f"M{columns.start} {y}H{columns.end}" for y in ys)
    return [*parts, f'<path d="{path}" fill="none" stroke="{_LINES}"/>']


def _gaps(layout: Layout) -> list[str]:
    """Bands over the grid that say how much is left out."""
    rows, columns = layout.rows, layout.columns
    parts = []
    for y, count in rows.gaps:
        width = columns.end - columns.start
        parts.append(f'<rect x="{columns.start}" y="{y}" width="{width}" height="{ROW}" fill="{_LEFT_OUT}"/>')
        label = f"⋮ {count:,} row{'s' if count > 1 else ''} left out"
        parts.append(f'<text x="{columns.start + 6}" y="{y + 13}" fill="{_GREY}">{label}</text>')
    for x, count in columns.gaps:
        height = rows.end - rows.start
        parts.append(f'<rect x="{x}" y="{rows.start}" width="{GAP}" height="{height}" fill="{_LEFT_OUT}"/>')
        label = f'<text x="{x + GAP // 2}" y="{layout.letters + 13}" fill="{_GREY}" text-anchor="middle">'
        parts.append(f"{label}⋯{count}</text>")
    return parts


def _cells(sheet: Sheet, layout: Layout) -> list[str]:
    """All fills, then all texts: text runs over the blank cells to its right, as in a spreadsheet."""
    fills, texts = [], []
    for row, y in layout.rows.starts.items():
        for column, x in layout.columns.starts.items():
            cell = sheet.cells.get((row, column))
            if cell is None:
                continue
            if color := sheet.styles[cell.style].fill_color:
                fills.append(f'<rect x="{x}" y="{y}" width="{COLUMN}" height="{ROW}" fill="#{color}"/>')
            if is_filled(cell):
                texts.append(_text(sheet, cell, x, y, _text_room(sheet, layout, row, column)))
    return fills + texts


def _text_room(sheet: Sheet, layout: Layout, row: int, column: int) -> int:
    """Pixels a cell's text may take: numbers stay in their cell, text has the blank ones to its right."""
    room = COLUMN
    if not isinstance(sheet.cells[row, column].value, str):
        return room
    for other in range(column + 1, column + 1 + len(layout.columns.starts)):
        neighbour = sheet.cells.get((row, other))
        if other not in layout.columns.starts or (neighbour is not None and is_filled(neighbour)):
            break
        room += COLUMN
    return room


def _shown_text(cell: Cell) -> str:
    if cell.value is None:
        return cell.formula or ""  # its result is not known
    if isinstance(cell.value, float):
        # Large amounts are read better without an exponent.
        return f"{cell.value:.0f}" if 1e6 <= abs(cell.value) < 1e12 else f"{cell.value:.6g}"
    return display_text(cell)


def _text(sheet: Sheet, cell: Cell, x: int, y: int, room: int) -> str:
    style = sheet.styles[cell.style]
    weight = ' font-weight="bold"' if style.bold else ""
    color = f"#{style.font_color}" if style.font_color else "#1f2328"
    shown = _plain(_shown_text(cell)[: room // _LETTER])
    return (
        f'<svg x="{x}" y="{y}" width="{room - 2}" height="{ROW}">'
        f'<text x="4" y="13" fill="{color}"{weight}>{shown}</text></svg>'
    )


def _hatching(layout: Layout, hatched: Mapping[tuple[int, int], str]) -> list[str]:
    return [
        f'<rect x="{layout.columns.starts[column]}" y="{layout.rows.starts[row]}" width="{COLUMN}" '
        f'height="{ROW}" fill="url(#{_pattern(color)})"/>'
        for (row, column), color in hatched.items()
        if row in layout.rows.starts and column in layout.columns.starts
    ]


def _dash(is_dashed: bool) -> str:
    return ' stroke-dasharray="6 4"' if is_dashed else ""


def _frame(layout: Layout, frame: Frame) -> str:
    """The sides of a frame that are shown; a side inside a band or beyond the picture is not."""
    box, area = frame.box, layout.area(frame.box)
    sides = [
        (layout.rows.edge(box.top), f"M{area.left} {area.top}H{area.right}"),
        (layout.rows.edge(box.bottom), f"M{area.left} {area.bottom}H{area.right}"),
        (layout.columns.edge(box.left), f"M{area.left} {area.top}V{area.bottom}"),
        (layout.columns.edge(box.right), f"M{area.right} {area.top}V{area.bottom}"),
    ]
    path = "".join(side for edge, side in sides if edge is not None)
    dash = _dash(frame.is_dashed)
    return f'<path d="{path}" fill="none" stroke="{frame.color}" stroke-width="2.5"{dash}/>'


def _labels(sheet: Sheet, layout: Layout, frames: Sequence[Frame]) -> list[str]:
    """Labels on plates at the corners of their frames, where they hide least."""
    texts = [
        Area(x, y, x + COLUMN, y + ROW)
        for row, y in layout.rows.starts.items()
        for column, x in layout.columns.starts.items()
        if (cell := sheet.cells.get((row, column))) is not None and is_filled(cell)
    ]
    bounds = Area(0, layout.letters + ROW, layout.columns.end, layout.rows.end + LABEL_HEIGHT)
    wanted = [(layout.area(frame.box), frame.label) for frame in frames]
    parts = []
    for frame, plate in zip(frames, place_labels(wanted, texts, bounds), strict=True):
        parts.append(
            f'<rect x="{plate.left}" y="{plate.top}" width="{plate.right - plate.left}" '
            f'height="{LABEL_HEIGHT}" rx="3" fill="{frame.color}"/>'
            f'<text x="{plate.left + 4}" y="{plate.top + 11}" fill="#ffffff" font-weight="bold">'
            f"{_plain(frame.label)}</text>"
        )
    return parts
