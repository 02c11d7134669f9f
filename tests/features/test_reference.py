"""The features of whole sheets are those that a loop over the cells gives."""

import datetime as dt

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tablesense.boxes import Box
from tablesense.features.featurize import featurize
from tablesense.features.text import pattern_of, patterns_of
from tablesense.sheets.sheet import Cell, CellKind, CellValue, NativeTable, Sheet, Style
from tests.features.reference import featurize_by_cell

WORDS = (
    "Total",
    "Source: x",
    "(a)",
    "TEA",
    "  tea",
    "12%",
    "n/a",
    "----",
    "1999",
    "2001-02p",
    "x\ny",
    " ",
    "",
    "a:",
    "$3",
)
STYLES = [
    Style(),
    Style(bold=True, font_size=8, fill_color="FF0000"),
    Style(border_top=True, font_size=11, number_format="0.0%"),
    Style(italic=True, font_size=20, indent=3),
]
KINDS = {str: CellKind.TEXT, bool: CellKind.BOOLEAN, type(None): CellKind.EMPTY, int: CellKind.NUMBER}
KINDS |= {
    float: CellKind.NUMBER,
    dt.timedelta: CellKind.DATE,
    dt.time: CellKind.DATE,
    dt.datetime: CellKind.DATE,
}

texts = st.sampled_from(WORDS) | st.text(max_size=120)
numbers = (
    st.integers()
    | st.floats()
    | st.integers(1890, 2110)
    | st.sampled_from([-0.0, 0, 1, 2, 3, 4.5, 5.5, 1999.0, 1e22, 1900.5])
)
times = (
    st.datetimes()
    | st.times()
    | st.timedeltas()
    | st.dates().map(lambda day: dt.datetime(*day.timetuple()[:3]))
)
values: st.SearchStrategy[CellValue] = st.none() | st.booleans() | texts | numbers | times
boxes = st.tuples(*[st.integers(0, 4)] * 2, *[st.integers(1, 5)] * 2).map(
    lambda box: Box(box[0], box[1], box[0] + box[2], box[1] + box[3])
)


@st.composite
def sheets(draw: st.DrawFn) -> Sheet:
    """Small sheets with repeated lines, neighbours that are the same, and all that is not a cell."""
    pool = draw(
        st.lists(st.tuples(values, st.integers(0, 3), st.booleans(), st.booleans()), min_size=1, max_size=5)
    )
    line = st.lists(st.integers(-1, len(pool) - 1), max_size=5)
    rows = draw(st.lists(st.tuples(line, st.integers(1, 7)), max_size=5))
    lines = [line for line, times in rows for _ in range(times)]
    cells = {}
    for row, picks in enumerate(lines):
        for column, pick in enumerate(picks):
            if pick >= 0:
                value, style, is_formula, comment = pool[pick]
                kind = draw(st.sampled_from([KINDS[type(value)], CellKind.ERROR, CellKind.TEXT]))
                cells[row, column] = Cell(value, kind, style, "=A1" if is_formula else None, comment)
    return Sheet(
        name="S",
        cells=cells,
        styles=STYLES,
        merges=draw(st.lists(boxes, max_size=2)),
        tables=[NativeTable(box, draw(st.integers(0, 2))) for box in draw(st.lists(boxes, max_size=2))],
        hidden_rows=draw(st.frozensets(st.integers(0, 9), max_size=2)),
        hidden_columns=draw(st.frozensets(st.integers(0, 9), max_size=2)),
        has_formatting=draw(st.booleans()),
    )


@given(sheets(), st.integers(1, 3))
@settings(deadline=None)
def test_features_are_those_of_the_loop_over_the_cells(sheet: Sheet, keep: int) -> None:
    grid, expected = featurize(sheet, keep), featurize_by_cell(sheet, keep)
    np.testing.assert_array_equal(grid.fold.rows.kept, expected.fold.rows.kept)
    np.testing.assert_array_equal(grid.fold.columns.kept, expected.fold.columns.kept)
    np.testing.assert_array_equal(grid.values, expected.values)


@given(st.lists(st.sampled_from([-13, -9, -4, -1.5, 0, 1.5, 4, 5.5, 9, 13, "x", "--"]), max_size=14))
@example([9, -9, 4, -13, -9])  # of two terms as far from zero, the first counts
@settings(deadline=None)
def test_sums_are_those_of_the_loop_over_the_cells(column: list[int | float | str]) -> None:
    cells = {(row, 0): Cell(value, KINDS[type(value)]) for row, value in enumerate(column)}
    sheet = Sheet("S", cells | {(0, row): cell for (row, _), cell in cells.items()})
    np.testing.assert_array_equal(featurize(sheet, 2).values, featurize_by_cell(sheet, 2).values)


@given(st.lists(st.text()))
@example(["a\nb", "1"])
@example([])
def test_patterns_of_many_texts_are_those_of_each(many: list[str]) -> None:
    stripped = [text.strip() for text in many]
    assert patterns_of(stripped) == [pattern_of(text) for text in stripped]
