"""Cell styles of an OpenDocument sheet: inheritance resolved, each made a :class:`Style` once."""

import re
from collections.abc import Iterable
from typing import Any
from xml.etree.ElementTree import Element

from tablesense.sheets.colors import rgb
from tablesense.sheets.sheet import Style, sane_format

STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_NUMBER = "{urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0}"

_SIDES = ("left", "right", "top", "bottom")
_LENGTH = re.compile(r"(-?[\d.]+)(pt|cm|mm|in|px|pc)")
_POINTS = {"pt": 1.0, "cm": 28.3465, "mm": 2.83465, "in": 72.0, "px": 0.75, "pc": 12.0}
_INDENT_STEP = 10.0  # points a level, as LibreOffice indents
_HORIZONTAL = {"start": "left", "end": "right"}
_VERTICAL = {"middle": "center", "automatic": "bottom"}
_DATE_PARTS = {
    "year": "yyyy",
    "month": "mm",
    "day": "dd",
    "hours": "hh",
    "minutes": "mm",
    "seconds": "ss",
    "day-of-week": "ddd",
}
_DEPTH = 50  # of inheritance; a style may be its own ancestor in a damaged file


class CellStyles:
    """The cell styles by name. ``met[0]`` is the default: the look of an untouched cell."""

    def __init__(self) -> None:
        self._properties: dict[str | None, dict[str, str]] = {None: {}}
        self._parents: dict[str, str | None] = {}
        self._formats: dict[str, str] = {}
        self._by_name: dict[str | None, int] = {}
        self._by_style: dict[Style, int] = {}
        self.met: list[Style] = []

    def add(self, styles: Iterable[Element]) -> None:
        """Take in the children of ``office:styles`` or ``office:automatic-styles``."""
        for node in styles:
            name = node.get(f"{STYLE}name")
            if node.tag == f"{STYLE}default-style" and node.get(f"{STYLE}family") == "table-cell":
                self._properties[None] = _properties(node)
            elif name is None:
                continue
            elif node.tag == f"{STYLE}style" and node.get(f"{STYLE}family") == "table-cell":
                self._properties[name] = _properties(node)
                self._parents[name] = node.get(f"{STYLE}parent-style-name")
            elif node.tag.startswith(_NUMBER):
                self._formats[name] = sane_format(_number_format(node))

    def index(self, name: str | None) -> int:
        """The index in ``met`` of a style; one that the file lacks means the default."""
        if not self.met:
            default = self._style("Default")
            self._by_style[default] = 0
            self.met.append(default)
        found = self._by_name.get(name)
        if found is None:
            style = self._style(name)
            if style not in self._by_style:
                self._by_style[style] = len(self.met)
                self.met.append(style)
            found = self._by_name[name] = self._by_style[style]
        return found

    def _style(self, name: str | None) -> Style:
        line: list[str | None] = []
        name = name if name in self._properties and name else "Default"
        while name in self._parents and len(line) < _DEPTH:
            line.append(name)
            name = self._parents[name]
        merged: dict[str, str] = {}
        for ancestor in [None, *reversed(line)]:
            merged.update(self._properties[ancestor])
        return self._converted(merged)

    def _converted(self, found: dict[str, str]) -> Style:
        font_color = found.get("color", "")
        protection = found.get("cell-protect", "protected")
        aligned = found.get("text-align-source", "fix") == "fix"
        return Style(
            font_color=rgb(font_color.removeprefix("#")) or "000000",
            fill_color=rgb(found.get("background-color", "").removeprefix("#")),
            font_size=_points(found.get("font-size", "")),
            bold=found.get("font-weight", "normal") in {"bold", "600", "700", "800", "900"},
            italic=found.get("font-style", "normal") != "normal",
            underline=found.get("text-underline-style", "none") != "none",
            strikethrough=found.get("text-line-through-style", "none") != "none",
            **{f"border_{side}": _is_drawn(found.get(f"border-{side}", "none")) for side in _SIDES},
            horizontal=_aligned(found.get("text-align", "general"), _HORIZONTAL) if aligned else "general",
            vertical=_aligned(found.get("vertical-align", "automatic"), _VERTICAL),
            wrap=found.get("wrap-option") == "wrap",
            indent=round((_points(found.get("margin-left", "")) or 0.0) / _INDENT_STEP),
            number_format=self._formats.get(found.get("data-style-name", ""), "General"),
            locked="protected" in protection,
            hidden="hidden" in protection,
        )


def _properties(style: Element) -> dict[str, str]:
    """What a style says itself, by attribute name; the four borders apart."""
    found: dict[str, str] = {}
    for node in style:
        for key, value in node.attrib.items():
            name = key.rpartition("}")[2]
            if key == f"{_FO}border":
                for side in _SIDES:
                    found.setdefault(f"border-{side}", value)
            elif name.startswith("border-") and not key.startswith(_FO):
                continue  # border widths of lines that are drawn double
            else:
                found[name] = value
    data_style = style.get(f"{STYLE}data-style-name")
    return found | ({"data-style-name": data_style} if data_style else {})


def _number_format(node: Element) -> str:
    """An Excel code of the same kind and precision as a data style."""
    kind = node.tag.removeprefix(_NUMBER)
    parts = list(node.iter())
    if kind in ("date-style", "time-style"):
        codes = [_DATE_PARTS.get(part.tag.removeprefix(_NUMBER), "") for part in parts]
        return "-".join(filter(None, codes)) or "yyyy-mm-dd"
    if kind == "text-style":
        return "@"
    digits = next((part for part in parts if part.get(f"{_NUMBER}min-integer-digits")), None)
    if digits is None or kind == "boolean-style":
        return "General"
    places = digits.get(f"{_NUMBER}decimal-places")
    if places is None and kind == "number-style":
        return "General"
    code = "#,##0" if digits.get(f"{_NUMBER}grouping") == "true" else "0"
    if places and places.isdigit() and int(places):
        code += "." + "0" * min(int(places), 30)
    if kind == "currency-style":
        symbol = next((part.text for part in parts if part.tag == f"{_NUMBER}currency-symbol"), None)
        return f"[${symbol or '¤'}] {code}"
    return f"{code}%" if kind == "percentage-style" else code


def _aligned(value: str, names: dict[str, str]) -> str:
    return names.get(value, value)


def _is_drawn(border: str) -> bool:
    return bool(border) and not {"none", "hidden"} & set(border.split())


def _points(length: str) -> float | None:
    """A length in points; None for one that is relative, or absent."""
    match: Any = _LENGTH.fullmatch(length)
    if match is None:
        return None
    try:
        return round(float(match[1]) * _POINTS[match[2]], 2)
    except ValueError:  # more than one point
        return None
