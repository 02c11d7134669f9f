"""A sheet drawn as an SVG: its cells as text, annotated and found tables framed."""

from collections.abc import Sequence
from html import escape

from tablesense.boxes import Box, column_letters, to_a1
from tablesense.sheets.sheet import Cell, Sheet

_ROW, _COLUMN, _MARGIN, _LETTERS = 18, 84, 34, 12
_FOUND, _ANNOTATED = "#1a7f37", "#9a6700"


def sheet_svg(
    sheet: Sheet, window: Box, found: Sequence[tuple[Box, float]] = (), annotated: Sequence[Box] = ()
) -> str:
    """Draw the cells of ``window``; tables that reach beyond it are cut off.

    Args:
        sheet: the sheet; its text is escaped, it never becomes markup.
        window: the part to draw.
        found: boxes with their scores, framed in green.
        annotated: boxes framed in ochre, dashed.
    """
    width, height = _MARGIN + window.width * _COLUMN + 4, _ROW * (window.height + 1) + 4
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="Helvetica, Arial, sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *_grid(window),
    ]
    for (row, column), cell in sorted(sheet.cells.items()):
        if window.contains(Box(column, row, column + 1, row + 1)):
            parts.append(_text(sheet, cell, *_corner(window, column, row)))
    parts += [_frame(window, box, _ANNOTATED, to_a1(box), dashed=True) for box in annotated]
    parts += [_frame(window, box, _FOUND, f"{to_a1(box)}  {score:.2f}") for box, score in found]
    return "\n".join([*parts, "</svg>\n"])


def _corner(window: Box, column: int, row: int) -> tuple[int, int]:
    """Pixel of the top left corner of a cell."""
    return _MARGIN + (column - window.left) * _COLUMN, _ROW * (row - window.top + 1)


def _grid(window: Box) -> list[str]:
    right, bottom = _corner(window, window.right, window.bottom)
    lines = []
    for column in range(window.left, window.right + 1):
        x, _ = _corner(window, column, window.top)
        lines.append(f'<path d="M{x} 0V{bottom}" stroke="#d0d7de"/>')
        if column < window.right:
            middle = x + _COLUMN // 2
            lines.append(f'<text x="{middle}" y="13" fill="#57606a">{column_letters(column)}</text>')
    for row in range(window.top, window.bottom + 1):
        _, y = _corner(window, window.left, row)
        lines.append(f'<path d="M0 {y}H{right}" stroke="#d0d7de"/>')
        if row < window.bottom:
            lines.append(f'<text x="4" y="{y + 13}" fill="#57606a">{row + 1}</text>')
    return lines


def _text(sheet: Sheet, cell: Cell, x: int, y: int) -> str:
    style = sheet.styles[cell.style]
    shown = "" if cell.value is None else str(cell.value)
    if isinstance(cell.value, float):
        shown = f"{cell.value:.6g}"
    shown = shown if len(shown) <= _LETTERS else shown[: _LETTERS - 1] + "…"
    fill = f'<rect x="{x}" y="{y}" width="{_COLUMN}" height="{_ROW}" fill="#{style.fill_color}"/>'
    weight = ' font-weight="bold"' if style.bold else ""
    color = f"#{style.font_color}" if style.font_color else "#1f2328"
    text = f'<text x="{x + 4}" y="{y + 13}" fill="{color}"{weight}>{escape(shown)}</text>'
    return (fill if style.fill_color else "") + text


def _frame(window: Box, box: Box, color: str, label: str, *, dashed: bool = False) -> str:
    left, top = _corner(window, max(box.left, window.left), max(box.top, window.top))
    right, bottom = _corner(window, min(box.right, window.right), min(box.bottom, window.bottom))
    size = f'width="{right - left}" height="{bottom - top}"'
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    # Found tables carry their label above the right corner, annotated ones at the left: both stay readable.
    x, anchor = (left, "start") if dashed else (right, "end")
    return (
        f'<rect x="{left}" y="{top}" {size} fill="none" stroke="{color}" stroke-width="2.5"{dash}/>'
        f'<text x="{x}" y="{top - 4}" fill="{color}" font-weight="bold" text-anchor="{anchor}">{label}</text>'
    )
