"""Colours as a workbook writes them (theme, palette or direct, with a tint) become ``RRGGBB``."""

import colorsys
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from openpyxl.styles.colors import COLOR_INDEX

from tablesense.sheets.xlsx_xml import parse_xml

_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_MOST_THEMES = 1 << 15  # bytes; larger ones are not worth the memory of a cache
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})?([0-9A-Fa-f]{6})")

# The file lists dark 1, light 1, dark 2, light 2; cells number them light 1, dark 1, light 2, dark 2.
_THEME_SLOTS = (
    *("lt1", "dk1", "lt2", "dk2"),
    *("accent1", "accent2", "accent3", "accent4", "accent5", "accent6"),
    *("hlink", "folHlink"),
)
OFFICE_THEME = (
    *("FFFFFF", "000000", "EEECE1", "1F497D"),
    *("4F81BD", "C0504D", "9BBB59", "8064A2", "4BACC6", "F79646"),
    *("0000FF", "800080"),
)
"""The theme of Office 2007, in the order cells number it: what applies where a workbook has none."""

DEFAULT_PALETTE = tuple(color[2:] for color in COLOR_INDEX[:64])
"""The 64 indexed colours of Excel 97, as ``RRGGBB``."""


@dataclass(frozen=True, slots=True)
class ColorTable:
    """A workbook's colours: its theme and its palette. Each method answers ``RRGGBB`` or None.

    None means that the colour is left to the application (automatic, system) or undefined.
    """

    theme: tuple[str, ...] = OFFICE_THEME
    palette: tuple[str, ...] = DEFAULT_PALETTE

    def from_theme(self, index: int, tint: float = 0.0) -> str | None:
        """The theme colour that cells call ``index``, lightened or darkened by ``tint``."""
        return apply_tint(self.theme[index], tint) if 0 <= index < len(self.theme) else None

    def from_index(self, index: int, tint: float = 0.0) -> str | None:
        """The palette colour ``index``; 64 and above are the system's own and give None."""
        if not 0 <= index < len(DEFAULT_PALETTE):
            return None
        # A workbook's own palette may stop early, or hold nothing.
        palette = self.palette if index < len(self.palette) else DEFAULT_PALETTE
        return apply_tint(palette[index], tint)


def palette_of(colors: Iterable[str]) -> tuple[str, ...]:
    """A palette of ``ARGB`` or ``RGB`` texts as ``RRGGBB``; one that is no colour becomes black."""
    return tuple(rgb(color) or "000000" for color in colors)


def rgb(text: str, tint: float = 0.0) -> str | None:
    """``AARRGGBB`` or ``RRGGBB`` as tinted ``RRGGBB``, else None.

    Alpha is ignored, as Excel ignores it: writers put 00 or FF there for the same opaque colour.
    """
    match = _HEX.fullmatch(text)
    return apply_tint(match[1].upper(), tint) if match else None


def apply_tint(color: str, tint: float) -> str:
    """Lighten (``tint`` in 0..1) or darken (-1..0) ``RRGGBB``: ECMA-376 part 1, 18.8.19."""
    if tint == 0.0:
        return color
    red, green, blue = (int(color[start : start + 2], 16) / 255 for start in (0, 2, 4))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    lightness = lightness * (1 + tint) if tint < 0 else lightness * (1 - tint) + tint
    tinted = colorsys.hls_to_rgb(hue, min(max(lightness, 0.0), 1.0), saturation)
    return "".join(f"{round(channel * 255):02X}" for channel in tinted)


def parse_theme(xml: bytes | str | None) -> tuple[str, ...]:
    """The twelve colours of a theme part in the order cells number them; see :data:`OFFICE_THEME`.

    A slot that the part does not define keeps the Office colour.

    Raises:
        xml.etree.ElementTree.ParseError: the part is not XML.
        defusedxml.DefusedXmlException: the part declares entities.
    """
    if not xml:
        return OFFICE_THEME
    return _most_themes(xml) if len(xml) <= _MOST_THEMES else _theme_colors(xml)


def _theme_colors(xml: bytes | str) -> tuple[str, ...]:
    data = xml.encode() if isinstance(xml, str) else xml
    scheme = parse_xml(data).find(f"{_DRAWING}themeElements/{_DRAWING}clrScheme")
    colors = dict(zip(_THEME_SLOTS, OFFICE_THEME, strict=True))
    for slot in scheme if scheme is not None else ():
        name = slot.tag.removeprefix(_DRAWING)
        # <a:sysClr val="window" lastClr="FFFFFF"/> names a system colour and what it last was.
        texts = [node.get("lastClr") or node.get("val") or "" for node in slot]
        color = rgb(texts[0]) if texts else None
        if name in colors and color is not None:
            colors[name] = color
    return tuple(colors.values())


_most_themes = lru_cache(maxsize=16)(_theme_colors)  # most workbooks have the one of their program
