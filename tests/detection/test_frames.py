"""A table becomes data frames: names are whole and distinct, types stay what they were."""

import datetime as dt
import sys
from collections.abc import Sequence

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box
from tablesense.detection.column_names import header_texts, unique
from tablesense.detection.table import Table
from tablesense.errors import UserError
from tablesense.sheets.sheet import Cell, CellKind, CellValue, Sheet, Style

KINDS = {str: CellKind.TEXT, bool: CellKind.BOOLEAN, dt.datetime: CellKind.DATE, dt.date: CellKind.DATE}
DAY = dt.datetime(2024, 5, 1)


def table_of(rows: Sequence[Sequence[CellValue]], header_rows: int, merges: Sequence[Box] = ()) -> Table:
    cells = {
        (3 + y, 1 + x): Cell(value, KINDS.get(type(value), CellKind.NUMBER))
        for y, row in enumerate(rows)
        for x, value in enumerate(row)
        if value is not None
    }
    sheet = Sheet("S", cells, merges=[merge.shift(1, 3) for merge in merges])
    box = Box(1, 3, 1 + max(map(len, rows)), 3 + len(rows))
    return Table("book.xlsx", "S", box, 0.9, header_rows, sheet)


def paths(table: Table) -> list[object]:
    return list(table.to_pandas(header="levels").columns)


TYPED = table_of(
    [
        ["name", "count", "price", "paid", "day", "gap"],
        ["a", 1, 1.5, True, DAY, 3],
        ["b", 2, 2, False, DAY + dt.timedelta(days=1), None],
    ],
    header_rows=1,
)


def test_values_are_all_cells_of_the_range() -> None:
    assert TYPED.range == "B4:G6"
    assert TYPED.values()[0] == ["name", "count", "price", "paid", "day", "gap"]
    assert TYPED.values()[2][:3] == ["b", 2, 2]


def test_dict_holds_python_values_below_the_header() -> None:
    assert TYPED.to_dict()["paid"] == [True, False]
    assert TYPED.to_dict()["gap"] == [3, None]


def test_pandas_keeps_types() -> None:
    frame = TYPED.to_pandas()
    assert [str(kind) for kind in frame.dtypes[1:]] == ["int64", "float64", "bool", "datetime64[us]", "Int64"]
    assert frame["day"].iloc[1] == pd.Timestamp(2024, 5, 2)
    assert frame["gap"].isna().tolist() == [False, True]


def test_polars_keeps_types() -> None:
    frame = TYPED.to_polars()
    assert frame.dtypes == [pl.String, pl.Int64, pl.Float64, pl.Boolean, pl.Datetime("us"), pl.Int64]
    assert frame["gap"].to_list() == [3, None]


def test_mixed_column_keeps_python_values_in_pandas_and_is_text_in_polars() -> None:
    table = table_of([["x"], [1], ["two"], [True], [DAY]], 1)
    assert table.to_pandas()["x"].tolist() == [1, "two", True, DAY]
    assert table.to_polars()["x"].to_list() == ["1", "two", "TRUE", "2024-05-01"]


def test_whole_numbers_beyond_64_bits_survive() -> None:
    table = table_of([["x"], [2**70], [1]], 1)
    assert table.to_pandas()["x"].tolist() == [2**70, 1]
    assert table.to_polars()["x"].to_list() == [str(2**70), "1"]


def test_errors_and_blank_text_are_missing() -> None:
    table = table_of([["x", "y"], [1, "a"], [2, " "], [None, "b"]], 1)
    table.source.cells[6, 1] = Cell("#N/A", CellKind.ERROR)
    assert table.to_dict() == {"x": [1, 2, None], "y": ["a", None, "b"]}


def test_rows_blank_all_through_are_left_out() -> None:
    assert table_of([["x", "y"], [None, None], [1, 2]], 1).to_dict() == {"x": [1], "y": [2]}


def test_several_header_rows_are_joined_with_merges_filled() -> None:
    rows: list[list[CellValue]] = [
        ["Place", "Money", None, "Units"],
        [None, "Price", "Tax", "Units"],
        ["a", 1, 2, 3],
    ]
    table = table_of(rows, 2, merges=[Box(1, 0, 3, 1), Box(0, 0, 1, 2)])
    assert table.column_names() == ["Place", "Money / Price", "Money / Tax", "Units"]
    assert table.column_names(separator=".")[1] == "Money.Price"
    assert paths(table) == [("Place", "Place"), ("Money", "Price"), ("Money", "Tax"), ("Units", "Units")]


boxes = st.builds(
    lambda left, top, width, height: Box(left, top, left + width, top + height),
    *(st.integers(0, 4), st.integers(0, 4), st.integers(1, 4), st.integers(1, 4)),
)


@given(st.lists(boxes, max_size=8), st.integers(0, 3))
def test_merged_ranges_fill_what_they_cover_and_the_last_wins(merges: list[Box], header_rows: int) -> None:
    table = table_of([[f"{x} {y}" for x in range(5)] for y in range(4)], header_rows, merges)
    expected = [[f"{x} {y}" for x in range(5)] for y in range(header_rows)]
    for merge in merges:
        text = f"{merge.left} {merge.top}" if merge.top < 4 else ""
        for y in range(merge.top, min(merge.bottom, header_rows)):
            expected[y][merge.left : min(merge.right, 5)] = [text] * (min(merge.right, 5) - merge.left)
    assert header_texts(table) == expected


def test_merges_without_end_over_a_wide_header_cost_no_hours() -> None:
    """Each fills only what none has filled: 16,384 cells in all, not each time."""
    table = table_of([["x"] * 16_384, [1]], 1, [Box(0, 0, 16_384, 1)] * 100_000)
    assert header_texts(table) == [["x"] * 16_384]


def test_text_centred_across_blank_cells_spans_them() -> None:
    table = table_of([["Money", None, None], ["Price", "Tax", "Units"], [1, 2, 3]], 2)
    table.source.styles.append(Style(horizontal="centerContinuous"))
    table.source.cells[3, 2] = Cell(None, CellKind.EMPTY, 1)
    assert table.column_names() == ["Money / Price", "Money / Tax", "Units"]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (["/2001/ /2002/", "x/Plan/Real/Plan/Real"], "x 2001_Plan 2001_Real 2002_Plan 2002_Real"),
        (["2001/ /2002/ /", "Plan/Real/Plan/Real/Sum"], "2001_Plan 2001_Real 2002_Plan 2002_Real Sum"),
        (
            ["2001/ / / /2002/ / /", "a/b//c/a/b//c"],
            "2001_a 2001_b column_3 2001_c 2002_a 2002_b column_7 2002_c",
        ),
        (["2001/ /2002/ ", "///", "a/b/a/b"], "2001_a 2001_b 2002_a 2002_b"),
        (
            ["Big/ / /Big/ /", "s//L/s//L", "t/t/t/t/t/t"],
            "Big_s_t t L_t Big_s_t_2 t_2 L_t_2",
        ),  # two lines, one name
        (["1/ /2/ / / /3/ ", "c/d/a/b/c/d/a/b"], "1_c 1_d 2_a 2_b 2_c 2_d 3_a 3_b"),
        (["2001/ /2002/ / / ", "c/d/a/b/c/d"], "2001_c 2001_d 2002_a 2002_b 2002_c 2002_d"),
        (["2001/ / /2002/ ", "a/b/c/a/b"], "2001_a 2001_b c 2002_a 2002_b"),  # c may stand apart
        (["Region/ / /Budget/ ", "/a/b/a/b"], "Region a b Budget_a b_2"),  # it names its own column
        (["2001/ /2002/ /no/ ", "a/b/a/b/c/d"], "2001_a 2001_b 2002_a 2002_b no_c d"),
        (["2001/ /2002", "a/b/a"], "2001_a b 2002_a"),  # one name may come again by chance
        (["Name/ /Size/", "a/b/c/d"], "Name_a b Size_c d"),  # nothing tells that these are groups
        (["2001/ /2002/ ", "a/a/a/a"], "2001_a a 2002_a a_2"),
        (["2001/ /", "a/b/a"], "2001_a b a"),
        (
            ["2001/ / / /2002/ / /", "in/ /out/ /in/ /out/ ", "a/b/a/b/a/b/a/b"],
            "2001_in_a 2001_in_b 2001_out_a 2001_out_b 2002_in_a 2002_in_b 2002_out_a 2002_out_b",
        ),
    ],
)
def test_the_name_of_a_group_is_spread_where_the_names_below_come_again(
    header: list[str], names: str
) -> None:
    rows: list[list[CellValue]] = [[text.strip() or None for text in line.split("/")] for line in header]
    width = max(map(len, rows))
    table = table_of([*([*row, *[None] * (width - len(row))] for row in rows), [1] * width], len(rows))
    assert " ".join(table.column_names(separator="_")) == names


def test_a_merged_name_and_one_that_is_not_make_like_groups() -> None:
    rows: list[list[CellValue]] = [
        ["2001", None, None, "2002", None, None],
        ["a", "b", "c"] * 2,
        [1] * 6,
    ]
    names = ["2001 a", "2001 b", "2001 c", "2002 a", "2002 b", "2002 c"]
    for merges in (
        [Box(0, 0, 3, 1)],
        [Box(3, 0, 6, 1)],
        [Box(0, 0, 2, 1)],
        [Box(0, 0, 3, 1), Box(3, 0, 5, 1)],
    ):
        assert table_of(rows, 2, merges).column_names(separator=" ") == names


def test_groups_over_the_widest_header() -> None:
    names: list[CellValue] = [f"n{number}" for number in range(8192)]
    table = table_of([["a", *[None] * 8191, "b", *[None] * 8191], names * 2, [1] * 16_384], 2)
    assert header_texts(table)[0] == ["a"] * 8192 + ["b"] * 8192


def test_names_are_never_empty_and_never_twice() -> None:
    rows: list[list[CellValue]] = [["x", None, "x", "x_2", "line\nbreak"], [1, 2, 3, 4, 5]]
    table = table_of(rows, 1)
    assert table.column_names() == ["x", "column_2", "x_3", "x_2", "line break"]
    assert list(table.to_pandas().columns) == table.to_polars().columns == list(table.to_dict())


def test_a_column_without_a_name_is_called_by_its_place_in_levels_too() -> None:
    table = table_of([["Year", None, None], [2001, None, None], [1, 2, 3]], header_rows=2)
    assert paths(table) == [("Year", "2001"), ("", "column_2"), ("", "column_3")]
    table = table_of([["Year", None, None], [2001, "column_3", None], [1, 2, 3]], header_rows=2)
    assert paths(table) == [("Year", "2001"), ("", "column_3"), ("", "column_3_2")], "never twice"


def test_levels_are_never_twice() -> None:
    table = table_of([["a", "a"], ["b", "b"], [1, 2]], 2)
    assert paths(table) == [("a", "b"), ("a", "b_2")]
    table = table_of([["a"] * 3, ["b", "b", "b_2"], [1, 2, 3]], 2)
    assert paths(table) == [("a", "b"), ("a", "b_3"), ("a", "b_2")]


def test_without_header_every_row_is_data() -> None:
    table = table_of([[1, 2], [3, 4]], 0)
    assert table.to_dict() == {"column_1": [1, 3], "column_2": [2, 4]}
    assert table.to_pandas(header="levels").columns.tolist() == ["column_1", "column_2"]


def test_header_alone_gives_an_empty_frame_with_its_columns() -> None:
    table = table_of([["a", "b"]], 1)
    assert list(table.to_pandas().columns) == ["a", "b"]
    assert table.to_polars().shape == (0, 2)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_missing_library_is_named_in_one_line(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UserError, match=rf"not installed: pip install {library}$"):
        getattr(TYPED, f"to_{library}")()


@given(st.lists(st.text("ab_23", max_size=4), max_size=9))
def test_unique_keeps_first_names_and_order(names: list[str]) -> None:
    result = unique(names)
    assert len(set(result)) == len(names)
    assert all(new.startswith(old) for new, old in zip(result, names, strict=True))
    for name in set(names):
        assert result[names.index(name)] == name
