import pytest
from defusedxml import EntitiesForbidden
from hypothesis import given
from hypothesis import strategies as st

from tablesense.sheets.colors import (
    DEFAULT_PALETTE,
    OFFICE_THEME,
    ColorTable,
    apply_tint,
    palette_of,
    parse_theme,
    rgb,
)

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"{number:06X}")
TINTS = st.floats(-1, 1, allow_nan=False)


def theme_xml(slots: str, prolog: str = "") -> str:
    return (
        f'{prolog}<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:themeElements>'
        f'<a:clrScheme name="x">{slots}</a:clrScheme></a:themeElements></a:theme>'
    )


@pytest.mark.parametrize(
    ("color", "tint", "expected"),
    [  # as Excel shows them in the palette of its Office theme
        ("FFFFFF", -0.15, "D9D9D9"),
        ("FFFFFF", -0.25, "BFBFBF"),
        ("000000", 0.5, "808080"),
        ("4F81BD", 0.6, "B8CCE4"),
        ("4F81BD", 0.8, "DCE6F1"),
        ("4F81BD", -0.25, "366092"),
        ("C0504D", 0.4, "DA9694"),
        ("1F497D", -0.5, "0F243E"),
    ],
)
def test_tint_matches_excel(color: str, tint: float, expected: str) -> None:
    # Excel computes in whole steps of 1/240, so a channel may be off by one or two.
    tinted = apply_tint(color, tint)
    pairs = [(int(tinted[i : i + 2], 16), int(expected[i : i + 2], 16)) for i in (0, 2, 4)]
    assert max(abs(a - b) for a, b in pairs) <= 2, tinted


@given(COLORS)
def test_tint_ends(color: str) -> None:
    assert apply_tint(color, 0.0) == color
    assert apply_tint(color, 1.0) == "FFFFFF"
    assert apply_tint(color, -1.0) == "000000"


@given(COLORS, TINTS)
def test_tint_moves_every_channel_range_one_way(color: str, tint: float) -> None:
    def lightness(text: str) -> int:
        channels = [int(text[i : i + 2], 16) for i in (0, 2, 4)]
        return max(channels) + min(channels)

    change = lightness(apply_tint(color, tint)) - lightness(color)
    assert change * tint >= -2 * abs(tint)  # two channels, each rounded by at most one half


def test_rgb_ignores_alpha_and_case() -> None:
    assert rgb("00aabbcc") == rgb("FFAABBCC") == rgb("AABBCC") == "AABBCC"
    assert rgb("AABBCC", tint=1.0) == "FFFFFF"
    assert rgb("red") is None
    assert rgb("") is None


def test_theme_swaps_dark_and_light() -> None:
    xml = theme_xml(
        '<a:dk1><a:sysClr val="windowText" lastClr="010101"/></a:dk1>'
        '<a:lt1><a:sysClr val="window" lastClr="FEFEFE"/></a:lt1>'
        '<a:dk2><a:srgbClr val="020202"/></a:dk2><a:lt2><a:srgbClr val="fdfdfd"/></a:lt2>'
        '<a:accent1><a:srgbClr val="123456"/></a:accent1>'
    )
    theme = parse_theme(xml.encode())
    assert theme[:5] == ("FEFEFE", "010101", "FDFDFD", "020202", "123456")
    assert theme[5:] == OFFICE_THEME[5:]  # not defined: the Office colour stays


@pytest.mark.parametrize("xml", [None, b"", "<nothing/>", theme_xml("<a:dk1/>"), theme_xml("")])
def test_theme_falls_back_on_office(xml: bytes | str | None) -> None:
    assert parse_theme(xml) == OFFICE_THEME


def test_theme_refuses_entities() -> None:
    with pytest.raises(EntitiesForbidden):
        parse_theme(theme_xml("", prolog='<!DOCTYPE a [<!ENTITY b "c">]>'))


def test_table_resolves_theme_and_palette() -> None:
    table = ColorTable(palette=palette_of(["FF111111", "nonsense"]))
    assert table.from_theme(0) == "FFFFFF"
    assert table.from_theme(1, 1.0) == "FFFFFF"
    assert table.from_theme(12) is None
    assert table.from_theme(-1) is None
    assert [table.from_index(index) for index in (0, 1, 2)] == ["111111", "000000", DEFAULT_PALETTE[2]]
    assert ColorTable().from_index(10) == "FF0000"
    assert [table.from_index(index) for index in (-1, 64, 65, 81)] == [None] * 4
