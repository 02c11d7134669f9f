import colorsys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.features.channels import COLOR_BUCKETS
from tablesense.features.colors import color_bucket

# The standard palette of Excel, with what a person would call each colour.
PALETTE = {
    "000000": "black",
    "FFFFFF": "white",
    "808080": "gray",
    "C0C0C0": "gray",
    "C00000": "red",
    "FF0000": "red",
    "FFC000": "yellow",
    "FFFF00": "yellow",
    "92D050": "green",
    "00B050": "green",
    "00B0F0": "blue",
    "002060": "blue",
    "7030A0": "other",
    "FF00FF": "other",
    "FF0040": "red",
}


@pytest.mark.parametrize(("rgb", "bucket"), PALETTE.items())
def test_palette(rgb: str, bucket: str) -> None:
    assert color_bucket(rgb) == bucket


def test_the_palette_shows_every_bucket() -> None:
    assert set(PALETTE.values()) == set(COLOR_BUCKETS)


@given(st.integers(0, 0xFFFFFF))
def test_every_colour_has_a_bucket_in_either_case(number: int) -> None:
    rgb = f"{number:06x}"
    assert color_bucket(rgb) in COLOR_BUCKETS
    assert color_bucket(rgb) == color_bucket(rgb.upper())


@given(st.integers(0, 255))
def test_a_colour_without_hue_is_black_gray_or_white(level: int) -> None:
    expected = "black" if level / 255 < 0.12 else "white" if level / 255 > 0.95 else "gray"
    assert color_bucket(f"{level:02x}" * 3) == expected


@given(st.floats(0.0, 1.0), st.sampled_from([0.05, 0.98]))
def test_very_dark_and_very_light_go_before_hue(hue: float, lightness: float) -> None:
    channels = colorsys.hls_to_rgb(hue, lightness, 1.0)
    rgb = "".join(f"{round(255 * channel):02X}" for channel in channels)
    assert color_bucket(rgb) == ("black" if lightness < 0.5 else "white")


@pytest.mark.parametrize("text", ["", "FFF", "GGGGGG", "FFFF0000", "#FF000", "+1+2+3", " 1 2 3"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a colour"):
        color_bucket(text)
