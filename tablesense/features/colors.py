"""A colour becomes one of eight buckets by hue, lightness and saturation."""

import colorsys
import re
from functools import lru_cache

from tablesense.features.channels import COLOR_BUCKETS

# Below this saturation a colour is a shade of gray to the eye, whatever its hue.
_GRAY_SATURATION = 0.15
_RGB = re.compile(r"[0-9A-Fa-f]{6}")
_HUES = (("red", 20), ("yellow", 70), ("green", 165), ("blue", 265), ("other", 330), ("red", 361))


@lru_cache(maxsize=4096)
def color_bucket(rgb: str) -> str:
    """Name the bucket of an ``RRGGBB`` colour: one of ``COLOR_BUCKETS``.

    Near-black and near-white are decided by lightness before hue; orange counts as yellow from 20
    degrees on, purple and pink are ``other``.

    Raises:
        ValueError: the text is no ``RRGGBB`` colour.
    """
    if _RGB.fullmatch(rgb) is None:
        raise ValueError(f"{rgb!r} is not a colour like 'FF8800'")
    red, green, blue = (int(rgb[i : i + 2], 16) / 255 for i in (0, 2, 4))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    if lightness < 0.12:
        return "black"
    if lightness > 0.95:
        return "white"
    if saturation < _GRAY_SATURATION:
        return "gray"
    return next(name for name, limit in _HUES if hue * 360 < limit)


assert {name for name, _ in _HUES} < set(COLOR_BUCKETS)  # noqa: S101 - a typo here would be silent
