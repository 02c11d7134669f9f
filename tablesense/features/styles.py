"""A style becomes bytes: computed once for each distinct style of a workbook, not for each cell."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from tablesense.features.channels import INDEX, NUM_CHANNELS
from tablesense.features.colors import color_bucket
from tablesense.sheets.sheet import Style

_CURRENCY = re.compile(r"[$€£¥₹]|\[\$|\bUSD\b|\bEUR\b", re.IGNORECASE)
_LOCALE = re.compile(r"\[\$-[^\]]*\]")  # [$-409]: a language, and no currency for all its dollar sign
_SECOND_PARTS = re.compile(r"(s\]?)\.0+")
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!\$|h|m|s)[^\]]*\]')
_ALIGN = {
    "left": "align_left",
    "center": "align_center",
    "right": "align_right",
    "centerContinuous": "align_center",
}


@lru_cache(maxsize=4096)
def number_format_kind(number_format: str) -> str | None:
    """One of percent, currency, date, integer, decimal; None for General and text.

    Only the section for positive numbers counts. The codes are those of ECMA-376, 18.8.31.
    """
    section = _LOCALE.sub("", number_format.split(";")[0])
    if section.lower() in ("general", "@", ""):
        return None
    if _CURRENCY.search(section):
        return "currency"
    bare = _QUOTED.sub("", section).lower()
    if "%" in bare:
        return "percent"
    if any(letter in bare for letter in "ymdhs") and "0" not in _SECOND_PARTS.sub(r"\1", bare):
        return "date"
    if "0." in bare or "#." in bare or "e+" in bare:
        return "decimal"
    return "integer" if "0" in bare or "#" in bare else None


def pattern_code(style: Style) -> int:
    """What folding compares of a style: bold, fill and the borders. 0 for a plain style."""
    flags = (style.bold, style.border_top, style.border_bottom, style.border_left, style.border_right)
    code = sum(1 << bit for bit, flag in enumerate(flags) if flag)
    return code + (32 if style.fill_color is not None else 0)


def median_font_size(styles: Sequence[Style], counts: Sequence[int]) -> float | None:
    """The median font size of a sheet's cells, given how many have each style; None when none has one."""
    sizes = sorted((style.font_size, n) for style, n in zip(styles, counts, strict=True) if style.font_size)
    ends = list(accumulate(n for _, n in sizes))
    if not ends or ends[-1] == 0:
        return None
    low, high = (sizes[bisect_right(ends, at)][0] for at in ((ends[-1] - 1) // 2, ends[-1] // 2))
    return (low + high) / 2


def style_bytes(style: Style, median_size: float | None, default: Style) -> NDArray[np.uint8]:
    """The format channels of a style, ``[C]`` bytes.

    Args:
        style: the style.
        median_size: median font size of the sheet in points; None when no cell has one.
        default: the style of a cell that was never formatted.
    """
    names = [name for name, present in _flags(style) if present]
    if style != default:
        names.append("has_format")
    for prefix, color in (("font", style.font_color), ("fill", style.fill_color)):
        if color is not None:
            names.append(f"{prefix}_{color_bucket(color)}")
    kind = number_format_kind(style.number_format)
    if kind:
        names.append(f"format_{kind}")
    if style.horizontal in _ALIGN:
        names.append(_ALIGN[style.horizontal])
    if style.font_size and median_size:
        share = style.font_size / median_size
        names.append("font_small" if share < 0.8 else "font_large" if share > 1.2 else "font_medium")
    values = np.zeros(NUM_CHANNELS, dtype=np.uint8)
    values[[INDEX[name] for name in names]] = 255
    values[INDEX["indent"]] = min(255, 51 * style.indent)
    return values


def _flags(style: Style) -> tuple[tuple[str, bool], ...]:
    return (
        ("bold", style.bold),
        ("italic", style.italic),
        ("underline", style.underline),
        ("strikethrough", style.strikethrough),
        ("border_left", style.border_left),
        ("border_right", style.border_right),
        ("border_top", style.border_top),
        ("border_bottom", style.border_bottom),
        ("locked", style.locked),
        ("hidden", style.hidden),
    )
