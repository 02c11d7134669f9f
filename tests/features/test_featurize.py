"""Every channel is set by a sheet built to show it, and left alone by the same sheet without it."""

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tablesense.boxes import Box
from tablesense.features.channels import CHANNELS, CONTENT_CHANNELS, FORMATTING, INDEX, NUM_CHANNELS
from tablesense.features.featurize import Bytes, display_text, featurize, is_filled, is_numeric
from tablesense.sheets.sheet import Cell, CellKind, CellValue, NativeTable, Sheet, Style

DOCS = Path(__file__).parents[2] / "docs" / "features.md"
KINDS = {str: CellKind.TEXT, bool: CellKind.BOOLEAN, type(None): CellKind.EMPTY}
DATES = (dt.date, dt.time, dt.timedelta)
CORNER = "~"  # a text that shares neither value nor pattern nor words with what stands beside it


def cell(value: CellValue | Cell, style: int = 0) -> Cell:
    """A cell with the kind that its value has when it is read from a file."""
    if isinstance(value, Cell):
        return value
    kind = CellKind.DATE if isinstance(value, DATES) else KINDS.get(type(value), CellKind.NUMBER)
    return Cell(value, kind, style)


def sheet_of(rows: Sequence[Sequence[CellValue | Cell]], top: int = 0, left: int = 0) -> Sheet:
    cells = {
        (top + y, left + x): cell(value)
        for y, row in enumerate(rows)
        for x, value in enumerate(row)
        if value is not None
    }
    return Sheet("S", cells)


def corner(value: CellValue | Cell, above: CellValue = CORNER, left: CellValue = CORNER) -> Sheet:
    """A sheet of two by two cells with the value in B2."""
    return sheet_of([[CORNER, above], [left, value]])


def styled(style: Style, usual: Style | None = None) -> Sheet:
    """Like :func:`corner`, with a style for B2."""
    sheet = corner(cell("tea", style=1))
    sheet.styles = [usual or Style(), style]
    return sheet


def merged(box: Box) -> Sheet:
    sheet = corner("tea")
    sheet.merges = [box]
    return sheet


def with_table(table: NativeTable) -> Sheet:
    sheet = corner("tea")
    sheet.tables = [table]
    return sheet


def repeated(rows: int, columns: int) -> Sheet:
    return sheet_of([[7] * columns] * rows)


def hidden_lines(rows: frozenset[int] = frozenset(), columns: frozenset[int] = frozenset()) -> Sheet:
    sheet = corner("tea")
    sheet.hidden_rows, sheet.hidden_columns = rows, columns
    return sheet


def at_b2(sheet: Sheet, channel: str) -> int:
    return int(featurize(sheet).values[INDEX[channel], 1, 1])


def at_the_end(sheet: Sheet, channel: str) -> int:
    return int(featurize(sheet).values[INDEX[channel], -1, -1])


def plane(sheet: Sheet, channel: str) -> list[list[int]]:
    values: list[list[int]] = featurize(sheet).values[INDEX[channel]].tolist()
    return values


def names_at_b2(values: Bytes) -> set[str]:
    return {name for name in CHANNELS if values[INDEX[name], 1, 1]}


PLAIN = corner("tea")
# Channel -> a sheet whose B2 shows it (a sum: its last cell), and one whose B2 does not.
EXAMPLES: dict[str, tuple[Sheet, Sheet]] = {
    "kind_text": (PLAIN, corner(3)),
    "kind_number": (corner(3), corner("3")),
    "kind_boolean": (corner(True), corner(1)),
    "kind_formula": (corner(Cell(3, CellKind.NUMBER, formula="=1+2")), corner(3)),
    "kind_error": (corner(Cell("#N/A", CellKind.ERROR)), corner("#N/A")),
    "kind_date": (corner(dt.date(2024, 2, 29)), corner("2024-02-29")),
    "filled": (PLAIN, corner("  ")),
    "numeric": (corner("1,234.5"), PLAIN),
    "textual": (PLAIN, corner("1,234.5")),
    "digit_share": (corner("Q1"), PLAIN),
    "letter_share": (corner("Q1"), corner(1)),
    "length_below_10": (corner("a" * 9), corner("a" * 10)),
    "length_below_50": (corner("a" * 49), corner("a" * 50)),
    "length_below_100": (corner("a" * 99), corner("a" * 49)),
    "length_100_up": (corner("a" * 100), corner("a" * 99)),
    "all_caps": (corner("TEA 1"), corner("Tea 1")),
    "ends_with_colon": (corner("tea: "), corner("tea: black")),
    "total_word": (corner("Grand total"), corner("Totally")),
    "note_word": (corner("Source: Enron"), PLAIN),
    "year_like": (corner(1999), corner(1899)),
    "separator": (corner("-----"), corner("--a--")),
    "leading_spaces": (corner("  tea"), corner("tea  ")),
    "bracketed": (corner("(tea)"), corner("(tea")),
    "negative": (corner(-0.5), corner(0.5)),
    "same_pattern_above": (corner("Q1", above="Q2"), corner("Q1", above="1Q", left="Q2")),
    "same_pattern_left": (corner("Q1", left="Q2"), corner("Q1", left="1Q", above="Q2")),
    "same_value_above": (corner(2.5, above="2.5"), corner(2.5, above=2.6, left=2.5)),
    "same_value_left": (corner(2.5, left="2.5"), corner(2.5, left=2.6, above=2.5)),
    "font_black": (styled(Style(font_color="000000")), PLAIN),
    "font_white": (styled(Style(font_color="FFFFFF")), PLAIN),
    "font_gray": (styled(Style(font_color="808080")), PLAIN),
    "font_red": (styled(Style(font_color="FF0000")), PLAIN),
    "font_yellow": (styled(Style(font_color="FFFF00")), PLAIN),
    "font_green": (styled(Style(font_color="00B050")), PLAIN),
    "font_blue": (styled(Style(font_color="0000FF")), PLAIN),
    "font_other": (styled(Style(font_color="FF00FF")), PLAIN),
    "fill_black": (styled(Style(fill_color="000000")), PLAIN),
    "fill_white": (styled(Style(fill_color="FFFFFF")), PLAIN),
    "fill_gray": (styled(Style(fill_color="808080")), PLAIN),
    "fill_red": (styled(Style(fill_color="FF0000")), PLAIN),
    "fill_yellow": (styled(Style(fill_color="FFFF00")), PLAIN),
    "fill_green": (styled(Style(fill_color="00B050")), PLAIN),
    "fill_blue": (styled(Style(fill_color="0000FF")), PLAIN),
    "fill_other": (styled(Style(fill_color="FF00FF")), PLAIN),
    "font_small": (styled(Style(font_size=8), Style(font_size=11)), PLAIN),
    "font_medium": (styled(Style(font_size=11), Style(font_size=11)), PLAIN),
    "font_large": (styled(Style(font_size=14), Style(font_size=11)), PLAIN),
    "bold": (styled(Style(bold=True)), PLAIN),
    "italic": (styled(Style(italic=True)), PLAIN),
    "underline": (styled(Style(underline=True)), PLAIN),
    "strikethrough": (styled(Style(strikethrough=True)), PLAIN),
    "border_left": (styled(Style(border_left=True)), PLAIN),
    "border_right": (styled(Style(border_right=True)), PLAIN),
    "border_top": (styled(Style(border_top=True)), PLAIN),
    "border_bottom": (styled(Style(border_bottom=True)), PLAIN),
    "locked": (PLAIN, styled(Style(locked=False))),
    "hidden": (styled(Style(hidden=True)), PLAIN),
    "align_left": (styled(Style(horizontal="left")), PLAIN),
    "align_center": (styled(Style(horizontal="centerContinuous")), PLAIN),
    "align_right": (styled(Style(horizontal="right")), PLAIN),
    "indent": (styled(Style(indent=2)), PLAIN),
    "has_format": (styled(Style(wrap=True)), styled(Style())),
    "has_comment": (corner(Cell("tea", CellKind.TEXT, comment=True)), PLAIN),
    "format_percent": (styled(Style(number_format="0%")), PLAIN),
    "format_currency": (styled(Style(number_format="$0.00")), PLAIN),
    "format_date": (styled(Style(number_format="d/m/yyyy")), PLAIN),
    "format_integer": (styled(Style(number_format="#,##0")), PLAIN),
    "format_decimal": (styled(Style(number_format="0.00")), PLAIN),
    "merged_left": (merged(Box(0, 1, 2, 2)), merged(Box(1, 0, 3, 3))),
    "merged_right": (merged(Box(1, 1, 3, 2)), merged(Box(0, 0, 2, 3))),
    "merged_top": (merged(Box(1, 0, 2, 2)), merged(Box(0, 1, 3, 3))),
    "merged_bottom": (merged(Box(1, 1, 2, 3)), merged(Box(0, 0, 3, 2))),
    "in_table": (with_table(NativeTable(Box(0, 0, 2, 2))), with_table(NativeTable(Box(0, 0, 2, 1)))),
    "in_table_header": (
        with_table(NativeTable(Box(0, 1, 2, 3))),
        with_table(NativeTable(Box(0, 1, 2, 3), 0)),
    ),
    "rows_folded_after": (repeated(rows=10, columns=2), repeated(rows=4, columns=9)),
    "columns_folded_after": (repeated(rows=2, columns=10), repeated(rows=9, columns=4)),
    "repeated_in_column": (
        sheet_of([[CORNER, CORNER], [1, "tea"], [2, "milk"], [3, "tea"]]),
        sheet_of([[CORNER, CORNER], [1, "tea"], [2, "tea"], ["tea", 3]]),
    ),
    "repeated_in_row": (
        sheet_of([[CORNER, CORNER, 1], [2, "tea", 3, "tea"]]),
        sheet_of([[CORNER, CORNER, 1], [2, "tea", "tea"], [3, 4, "tea"]]),
    ),
    "sum_of_above": (sheet_of([[1], [4.5], [5.5]]), sheet_of([[1], [4.5], [5.6]])),
    "sum_of_left": (sheet_of([[1, 4.5, 5.5]]), sheet_of([[1, 4.5, 5.6]])),
    "greater_than_above": (corner(3, above=2), corner(2, above=2, left=1)),
    "greater_than_left": (corner(3, left=2), corner(2, left=2, above=1)),
}


def test_the_examples_show_every_channel() -> None:
    assert tuple(EXAMPLES) == CHANNELS
    assert len(set(CHANNELS)) == NUM_CHANNELS == len(INDEX)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_channel_is_set_by_what_it_names_and_by_nothing_else(channel: str) -> None:
    shown, without = EXAMPLES[channel]
    at = at_the_end if channel.startswith("sum_") else at_b2
    assert at(shown, channel) > 0
    assert at(without, channel) == 0


def test_the_documentation_names_the_channels_in_order() -> None:
    table = re.findall(r"^\| `(\w+)` \|", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert tuple(table) == CHANNELS


@pytest.mark.parametrize(
    ("style", "channel"),
    [(Style(bold=True), "bold"), (Style(border_left=True), "border_left"), (Style(italic=True), "italic")],
)
def test_a_style_changes_its_channel_only(style: Style, channel: str) -> None:
    plain, other = featurize(PLAIN).values, featurize(styled(style)).values
    assert names_at_b2(other) - names_at_b2(plain) == {channel, "has_format"}
    other[:, 1, 1] = plain[:, 1, 1]
    np.testing.assert_array_equal(other, plain)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("tea", {"kind_text", "textual", "letter_share"}),
        (3, {"kind_number", "numeric", "digit_share"}),
        ("3", {"kind_text", "numeric", "digit_share"}),
        (True, {"kind_boolean", "textual", "letter_share"}),
        (dt.datetime(2024, 2, 29), {"kind_date", "numeric", "digit_share"}),
        (dt.time(8, 15), {"kind_date", "numeric", "digit_share"}),
        (Cell("#N/A", CellKind.ERROR), {"kind_error", "textual", "letter_share", "all_caps"}),
        (Cell("tea", CellKind.TEXT, formula="=A1"), {"kind_formula", "textual", "letter_share"}),
        (Cell("7", CellKind.TEXT, formula="=A1"), {"kind_formula", "numeric", "digit_share"}),
        (Cell(7, CellKind.NUMBER, formula="=A1"), {"kind_formula", "numeric", "digit_share"}),
        (Cell(None, CellKind.EMPTY, formula="=A1"), {"kind_formula", "numeric"}),
    ],
)
def test_the_content_of_a_cell_in_full(value: CellValue | Cell, names: set[str]) -> None:
    length = "length_below_50" if isinstance(value, dt.datetime) else "length_below_10"
    found = names_at_b2(featurize(corner(value)).values) & set(CONTENT_CHANNELS)
    assert found == names | {"filled", length}


def test_shares_and_spaces_are_graded() -> None:
    sheet = corner("   Q1-2")  # seven characters: three spaces, one letter, two digits, one dash
    assert at_b2(sheet, "digit_share") == round(255 * 2 / 7)
    assert at_b2(sheet, "letter_share") == round(255 * 1 / 7)
    assert at_b2(sheet, "leading_spaces") == 96
    assert at_b2(corner(" " * 30 + "tea"), "leading_spaces") == 255


def test_folded_lines_are_counted_on_a_logarithmic_scale() -> None:
    steps = {4: 0, 5: 1, 7: 3, 1004: 1000}
    for length, folded in steps.items():
        expected = round(255 * np.log2(1 + folded) / 16)
        assert at_b2(repeated(length, 2), "rows_folded_after") == expected
        assert at_b2(repeated(2, length), "columns_folded_after") == expected
    values = plane(repeated(10, 3), "rows_folded_after")
    assert [row[0] > 0 for row in values] == [False, True, False, False]


def test_neighbours_are_those_of_the_sheet_also_where_lines_are_folded_away() -> None:
    sheet = sheet_of([[number] for number in range(10)])
    assert plane(sheet, "same_pattern_above") == [[0], [255], [255], [255]]
    assert plane(sheet, "same_value_above") == [[0]] * 4
    sheet.cells[8, 0] = cell(7)
    assert plane(sheet, "same_value_above") == [[0], [0], [255], [0]]


def test_blank_neighbours_are_not_the_same() -> None:
    sheet = sheet_of([[None, " "], [" ", "tea"], ["tea"]])
    for channel in ("same_pattern_above", "same_pattern_left", "same_value_above", "same_value_left"):
        assert np.array(plane(sheet, channel)).max() == 0


def test_a_merged_range_is_joined_inside_and_open_at_its_edges() -> None:
    sheet = sheet_of([["a", "b", "c"], ["d", "e", "f"], ["g", "h", "i"]])
    sheet.merges = [Box(0, 1, 2, 3)]  # A2:B3
    assert plane(sheet, "merged_left") == [[0, 0, 0], [0, 255, 0], [0, 255, 0]]
    assert plane(sheet, "merged_right") == [[0, 0, 0], [255, 0, 0], [255, 0, 0]]
    assert plane(sheet, "merged_top") == [[0, 0, 0], [0, 0, 0], [255, 255, 0]]
    assert plane(sheet, "merged_bottom") == [[0, 0, 0], [255, 255, 0], [0, 0, 0]]


@pytest.mark.parametrize("header_rows", [0, 1, 3])
def test_a_native_table_and_its_header_keep_their_edges(header_rows: int) -> None:
    sheet = repeated(30, 20)
    box = Box(6, 9, 12, 19)
    sheet.tables = [NativeTable(box, header_rows)]
    grid = featurize(sheet)
    assert grid.fold.is_exact(box)
    inside = grid.fold.to_grid(box)
    expected = np.zeros((grid.height, grid.width), dtype=np.uint8)
    expected[inside.top : inside.bottom, inside.left : inside.right] = 255
    np.testing.assert_array_equal(grid.values[INDEX["in_table"]], expected)
    if header_rows:
        header = box._replace(bottom=box.top + header_rows)
        assert grid.fold.is_exact(header)
        expected[grid.fold.to_grid(header).bottom :] = 0
    else:
        expected[:] = 0
    np.testing.assert_array_equal(grid.values[INDEX["in_table_header"]], expected)


def test_a_native_table_counts_where_its_cells_are_blank() -> None:
    sheet = Sheet("S", tables=[NativeTable(Box(1, 1, 4, 4))])
    grid = featurize(sheet)
    assert grid.fold.to_sheet(Box(0, 0, grid.width, grid.height)) == Box(1, 1, 4, 4)
    assert grid.values[INDEX["filled"]].max() == 0


def test_hidden_lines_are_marked_over_their_whole_length() -> None:
    rows, columns = frozenset({1, 99}), frozenset({0})
    assert plane(hidden_lines(rows=rows), "hidden") == [[0, 0], [255, 255]]
    assert plane(hidden_lines(columns=columns), "hidden") == [[255, 0], [255, 0]]
    assert plane(hidden_lines(rows, columns), "hidden") == [[255, 0], [255, 255]]


def test_a_sheet_without_formatting_says_nothing_about_styles() -> None:
    sheet = styled(Style("FF0000", "00FF00", 20, bold=True), Style(font_size=11))
    values = featurize(sheet).values
    sheet.has_formatting = False
    without = featurize(sheet).values
    assert values[list(FORMATTING)].max() == 255
    assert without[list(FORMATTING)].max() == 0
    content = [INDEX[name] for name in CONTENT_CHANNELS]
    np.testing.assert_array_equal(without[content], values[content])


def test_a_cell_that_is_not_there_is_all_zeros_whatever_the_default_style() -> None:
    sheet = sheet_of([["a", None], [None, "b"]])
    sheet.styles = [Style(italic=True)]
    assert plane(sheet, "italic") == [[255, 0], [0, 255]]
    assert plane(sheet, "has_format") == [[0, 0], [0, 0]]


RED_BUT_EMPTY = Sheet(
    "S", {(5, 5): Cell(None, CellKind.EMPTY, style=1)}, [Style(), Style(fill_color="FF0000")]
)


@pytest.mark.parametrize("sheet", [Sheet("S"), sheet_of([["  ", "\n"]]), RED_BUT_EMPTY])
def test_a_blank_sheet_is_one_blank_cell(sheet: Sheet) -> None:
    grid = featurize(sheet)
    assert grid.values.shape == (NUM_CHANNELS, 1, 1)
    assert grid.values.max() == 0
    assert grid.fold.to_sheet(Box(0, 0, 1, 1)) == Box(0, 0, 1, 1)


def test_the_grid_covers_values_and_one_line_of_formatting_around_them() -> None:
    sheet = sheet_of([["tea"]], top=5, left=4)
    assert featurize(sheet).fold.to_sheet(Box(0, 0, 1, 1)) == Box(4, 5, 5, 6)
    sheet.styles.append(Style(border_top=True))
    for position in ((6, 4), (7, 4), (5, 3), (0, 4)):
        sheet.cells[position] = Cell(None, CellKind.EMPTY, style=1)
    grid = featurize(sheet)
    assert grid.fold.to_sheet(Box(0, 0, grid.width, grid.height)) == Box(3, 5, 5, 7)


def test_an_italic_cell_beside_the_values_is_not_part_of_the_grid() -> None:
    sheet = sheet_of([["tea"]])
    sheet.styles.append(Style(italic=True))
    sheet.cells[1, 0] = Cell(None, CellKind.EMPTY, style=1)
    assert featurize(sheet).height == 1


def test_numbers_written_as_text_fold_like_numbers() -> None:
    mixed = sheet_of([[str(number) if number % 2 else number] for number in range(12)])
    words = sheet_of([["tea" if number % 2 else number] for number in range(12)])
    assert featurize(mixed).fold.rows.kept.tolist() == [0, 1, 10, 11]
    assert featurize(words).height == 12


@pytest.mark.parametrize("style", [Style(bold=True), Style(fill_color="FFFF00"), Style(border_bottom=True)])
def test_a_row_that_looks_different_ends_a_run(style: Style) -> None:
    sheet = repeated(20, 1)
    sheet.styles.append(style)
    sheet.cells[9, 0] = cell(7, style=1)
    assert featurize(sheet).fold.rows.kept.tolist() == [0, 1, 7, 8, 9, 10, 11, 18, 19]


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_keep_is_the_number_of_lines_at_each_end(keep: int) -> None:
    grid = featurize(repeated(20, 20), keep)
    assert grid.values.shape == (NUM_CHANNELS, grid.height, grid.width) == (NUM_CHANNELS, 2 * keep, 2 * keep)
    assert grid.values.flags.c_contiguous
    assert grid.values.dtype == np.uint8


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (2001.0, "2001"),
        (1e20, "1e+20"),
        (7, "7"),
        (True, "True"),
        (None, ""),
        (dt.datetime(2024, 2, 29), "2024-02-29"),
        (dt.datetime(2024, 2, 29, 12, 30), "2024-02-29 12:30:00"),
        (dt.date(2024, 2, 29), "2024-02-29"),
    ],
)
def test_display_text(value: CellValue, text: str) -> None:
    assert display_text(cell(value)) == text


def test_filled_and_numeric_by_value_and_formula() -> None:
    blank = Cell("", CellKind.TEXT, formula='=""')
    pending = Cell(None, CellKind.EMPTY, formula="=A1")
    assert not is_filled(blank), "a formula that shows nothing"
    assert is_filled(pending), "a formula whose result the file does not hold"
    assert is_filled(cell(0))
    assert is_filled(cell(False))
    assert is_numeric(pending)
    assert not is_numeric(cell(False))
