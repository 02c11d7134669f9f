"""The stylesheet of an .xlsx file: each cell format becomes a :class:`Style` the first time it is used.

openpyxl's own stylesheet classes also build named styles and refuse, or print about, files that
Excel opens; nothing of that matters here.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any
from xml.etree.ElementTree import Element

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format

from tablesense.sheets.colors import ColorTable, palette_of, rgb
from tablesense.sheets.sheet import Style, sane_format
from tablesense.sheets.xlsx_xml import parse_xml

_FALSE = frozenset({"0", "false"})


class Stylesheet:
    """A workbook's cell formats, by the style id that cells carry.

    Args:
        xml: the stylesheet part; None for a workbook without one, whose cells all look the same.
        theme: the theme's colours, see :func:`tablesense.sheets.colors.parse_theme`.
    """

    def __init__(self, xml: bytes | None, theme: tuple[str, ...]) -> None:
        self._root = root = parse_xml(xml) if xml else Element("styleSheet")
        self._theme = theme
        # Some writers use the namespace of Strict Open XML, so names are matched without one.
        parts = {node.tag.rpartition("}")[2]: list(node) for node in root}
        self._fonts, self._fills, self._borders = (
            parts.get(name, []) for name in ("fonts", "fills", "borders")
        )
        codes = {
            node.get("numFmtId", ""): sane_format(node.get("formatCode", ""))
            for node in root.iterfind("{*}numFmts/*")
        }
        self._formats = {str(number): code for number, code in BUILTIN_FORMATS.items()} | codes
        self._xfs = root.findall("{*}cellXfs/{*}xf") or [Element("xf")]
        self._by_id: dict[int, int] = {}
        self._by_style: dict[Style, int] = {}
        self.index(0)  # so that styles[0] is the default

    @property
    def styles(self) -> list[Style]:
        """The styles met so far, in the order of their indices."""
        return list(self._by_style)

    @property
    def date_ids(self) -> frozenset[int]:
        """The style ids that show a number as a date, a time or a duration."""
        return self._ids(is_date_format)

    @property
    def duration_ids(self) -> frozenset[int]:
        """The style ids that show a number as a duration, such as ``[h]:mm``."""
        return self._ids(is_timedelta_format)

    def number_code(self, style_id: int) -> str:
        """How the style of an id shows a number: ``n`` as such, ``date`` or ``duration``."""
        if style_id >= len(self._xfs):
            return "n"
        code = self._format(self._xfs[style_id])
        if not is_date_format(code):
            return "n"
        return "duration" if is_timedelta_format(code) else "date"

    def index(self, style_id: int) -> int:
        """The index in ``styles`` of a cell's style id; an id the stylesheet lacks means the default."""
        found = self._by_id.get(style_id)
        if found is None:
            style = self._style(self._xfs[style_id if 0 <= style_id < len(self._xfs) else 0])
            # Formats that differ in something a Style leaves out share an index.
            found = self._by_id[style_id] = self._by_style.setdefault(style, len(self._by_style))
        return found

    def _style(self, xf: Element) -> Style:
        alignment, protection = _attributes(xf, "alignment"), _attributes(xf, "protection")
        return Style(
            **_picked(self._fonts, xf.get("fontId"), self._font),
            **_picked(self._fills, xf.get("fillId"), self._fill),
            **_picked(self._borders, xf.get("borderId"), _border),
            number_format=self._format(xf),
            horizontal=alignment.get("horizontal", "general"),
            vertical=alignment.get("vertical", "bottom"),
            wrap=alignment.get("wrapText", "0") not in _FALSE,
            indent=int(alignment.get("indent", 0)),
            locked=protection.get("locked", "1") not in _FALSE,
            hidden=protection.get("hidden", "0") not in _FALSE,
        )

    def _format(self, xf: Element) -> str:
        return self._formats.get(xf.get("numFmtId", "0")) or "General"

    def _ids(self, test: Callable[[str], bool]) -> frozenset[int]:
        return frozenset(index for index, xf in enumerate(self._xfs) if test(self._format(xf)))

    @cached_property
    def _colors(self) -> ColorTable:
        colors = self._root.iterfind(".//{*}indexedColors/{*}rgbColor")
        return ColorTable(self._theme, palette_of(node.get("rgb", "") for node in colors))

    def _font(self, font: Element) -> dict[str, Any]:
        size = _attributes(font, "sz").get("val")
        return {
            "font_color": self._color(font.find("{*}color"), system="000000"),
            "font_size": float(size) if size else None,
            "bold": _flag(font, "b"),
            "italic": _flag(font, "i"),
            "strikethrough": _flag(font, "strike"),
            "underline": _flag(font, "u"),
        }

    def _fill(self, fill: Element) -> dict[str, Any]:
        color = None
        pattern = fill.find("{*}patternFill")
        if pattern is None:
            color = self._color(fill.find("{*}gradientFill/{*}stop/{*}color"))
        elif pattern.get("patternType", "none") != "none":
            # Excel paints a solid fill with the foreground; the background only shows in a hatch.
            color = self._color(pattern.find("{*}fgColor"))
        return {"fill_color": color}

    def _color(self, color: Element | None, system: str | None = None) -> str | None:
        """The colour of a ``<color>`` element; ``system`` is what the application's own stands for."""
        if color is None:
            return None
        tint = float(color.get("tint", 0))
        if "indexed" in color.attrib:
            return self._colors.from_index(int(color.get("indexed", 0)), tint) or system
        if "theme" in color.attrib:
            return self._colors.from_theme(int(color.get("theme", 0)), tint)
        return rgb(color.get("rgb", ""), tint) or system


def _border(border: Element) -> dict[str, Any]:
    drawn = {side.tag.rpartition("}")[2] for side in border if side.get("style", "none") != "none"}
    return {
        # Strict Open XML calls the sides start and end, for sheets that run from right to left.
        "border_left": not drawn.isdisjoint({"left", "start"}),
        "border_right": not drawn.isdisjoint({"right", "end"}),
        "border_top": "top" in drawn,
        "border_bottom": "bottom" in drawn,
    }


def _flag(font: Element, tag: str) -> bool:
    """Whether a property such as ``<b/>`` is there and not switched off."""
    node = font.find(f"{{*}}{tag}")
    return node is not None and node.get("val", "1") not in _FALSE | {"none"}


def _attributes(parent: Element, tag: str) -> Mapping[str, str]:
    node = parent.find(f"{{*}}{tag}")
    return {} if node is None else node.attrib


def _picked(
    parts: list[Element], index: str | None, convert: Callable[[Element], dict[str, Any]]
) -> dict[str, Any]:
    """The part that a format names; one that the stylesheet lacks changes nothing."""
    number = int(index or 0)
    return convert(parts[number]) if 0 <= number < len(parts) else {}
