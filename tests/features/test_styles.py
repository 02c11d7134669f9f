import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.styles.numbers import BUILTIN_FORMATS

from tablesense.features.channels import FORMATTING, INDEX, NUM_CHANNELS
from tablesense.features.styles import number_format_kind, pattern_code, style_bytes
from tablesense.sheets.sheet import Style

KINDS: dict[str | None, tuple[str, ...]] = {
    None: ("General", "general", "@", "", ";;;", '"text"', "_(@_)"),
    "percent": ("0%", "0.00%", "#,##0.0 %", "[Red]0%"),
    "currency": ("$#,##0", '#,##0.00 "€"', "[$€-407] #,##0", '_("$"* #,##0.00_)', "[$USD] 0", "£0", "EUR 0"),
    "date": (
        *("yyyy-mm-dd", "m/d/yy h:mm", "D-MMM-YY", "[h]:mm:ss", "mm:ss.0", "mm:ss.000", "[ss].00", "h AM/PM"),
        *("[$-409]d\\-mmm\\-yy;@", "[$-F800]dddd\\, mmmm dd\\, yyyy", 'yyyy"年"m"月"d"日"'),
    ),
    "integer": ("0", "#,##0", "#,##0_);(#,##0.00)", "00000", '0" days"', '"Total: "0', "[$-409]#,##0"),
    "decimal": ("0.00", "#,##0.00_);[Red](0)", "0.00E+00", "_-* #,##0.00_-", "0.0\\ \\m"),
}
# ECMA-376, 18.8.30: the numbers of the formats that every workbook has.
BUILTIN_KINDS = {
    None: (0, 49),
    "integer": (1, 3, 12, 13),
    "decimal": (2, 4, 11),
    "percent": (9, 10),
    "date": (14, 15, 16, 17, 18, 19, 20, 21, 22, 45, 46, 47),
}


@pytest.mark.parametrize(("number_format", "kind"), [(text, kind) for kind in KINDS for text in KINDS[kind]])
def test_number_format_kind(number_format: str, kind: str | None) -> None:
    assert number_format_kind(number_format) == kind


@pytest.mark.parametrize(
    ("number", "kind"), [(n, kind) for kind in BUILTIN_KINDS for n in BUILTIN_KINDS[kind]]
)
def test_kinds_of_builtin_formats(number: int, kind: str | None) -> None:
    assert number_format_kind(BUILTIN_FORMATS[number]) == kind


@given(st.text())
def test_any_text_has_a_kind(text: str) -> None:
    assert number_format_kind(text) in KINDS


def test_a_plain_style_has_no_pattern() -> None:
    assert pattern_code(Style()) == 0
    assert pattern_code(Style(italic=True, font_color="FF0000", number_format="0%", locked=False)) == 0


def test_patterns_tell_bold_fill_and_each_border_apart() -> None:
    styles = [
        Style(),
        Style(fill_color="FFFF00"),
        Style(bold=True),
        Style(bold=True, fill_color="FFFF00"),
        Style(border_left=True),
        Style(border_right=True),
        Style(border_top=True),
        Style(border_bottom=True),
    ]
    assert len({pattern_code(style) for style in styles}) == len(styles)
    assert pattern_code(Style(fill_color="000000")) == pattern_code(Style(fill_color="FFFF00"))


def test_a_style_sets_format_channels_only() -> None:
    loud = Style("FF0000", "00FF00", 20.0, bold=True, border_top=True, horizontal="center", indent=3)
    values = style_bytes(loud, 11.0, Style())
    assert values.shape == (NUM_CHANNELS,)
    assert set(np.flatnonzero(values).tolist()) <= set(FORMATTING)
    assert values[INDEX["indent"]] == 153


@pytest.mark.parametrize(("indent", "value"), [(0, 0), (1, 51), (5, 255), (250, 255)])
def test_indent_is_graded_and_bounded(indent: int, value: int) -> None:
    assert style_bytes(Style(indent=indent), None, Style())[INDEX["indent"]] == value


@pytest.mark.parametrize(
    ("size", "channel"),
    [
        (8.7, "font_small"),
        (8.8, "font_medium"),
        (11, "font_medium"),
        (13.2, "font_medium"),
        (13.3, "font_large"),
    ],
)
def test_font_sizes_are_told_by_the_median(size: float, channel: str) -> None:
    values = style_bytes(Style(font_size=size), 11.0, Style())
    sizes = {name for name in ("font_small", "font_medium", "font_large") if values[INDEX[name]]}
    assert sizes == {channel}


@pytest.mark.parametrize(("size", "median"), [(None, 11.0), (11.0, None), (0.0, 11.0)])
def test_an_unknown_font_size_has_no_bucket(size: float | None, median: float | None) -> None:
    values = style_bytes(Style(font_size=size), median, Style())
    assert not any(values[INDEX[name]] for name in ("font_small", "font_medium", "font_large"))


@pytest.mark.parametrize("horizontal", ["general", "fill", "justify", "distributed"])
def test_other_alignments_set_no_channel(horizontal: str) -> None:
    values = style_bytes(Style(horizontal=horizontal), None, Style(horizontal=horizontal))
    assert np.flatnonzero(values).tolist() == [INDEX["locked"]]
