import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box
from tablesense.corpora.record import SheetAnnotation, parse_annotation

ROW = {"file_name": "a.xlsx", "sheet_name": "S", "table_regions": ["B2:C9"], "group": "g", "split": "val"}

boxes = st.builds(
    lambda left, top, width, height: Box(left, top, left + width, top + height),
    *(st.integers(0, 900), st.integers(0, 9000), st.integers(1, 90), st.integers(1, 90)),
)
annotations = st.builds(
    SheetAnnotation,
    file_name=st.text(),
    sheet_name=st.text(),
    tables=st.lists(boxes).map(tuple),
    group=st.text(min_size=1),
    split=st.none() | st.text(),
)


@given(annotations)
def test_a_record_survives_the_way_to_its_line_and_back(annotation: SheetAnnotation) -> None:
    line = annotation.to_json()
    assert "\n" not in line
    assert parse_annotation(line) == annotation


def test_a_line_by_hand() -> None:
    expected = SheetAnnotation("a.xlsx", "S", (Box(1, 1, 3, 9),), "g", "val")
    assert parse_annotation(json.dumps(ROW)) == expected
    assert json.loads(expected.to_json()) == ROW


@pytest.mark.parametrize("group", [None, ""])
def test_a_sheet_without_a_group_is_grouped_by_its_file(group: str | None) -> None:
    assert parse_annotation(json.dumps({**ROW, "group": group})).group == "a.xlsx"


def test_only_file_sheet_and_ranges_are_required() -> None:
    row = {"file_name": "a.xlsx", "sheet_name": "S", "table_regions": [], "comment": "ignored"}
    assert parse_annotation(json.dumps(row)) == SheetAnnotation("a.xlsx", "S", (), "a.xlsx", None)


@pytest.mark.parametrize("line", ["", "{", "tea", '{"file_name": }'])
def test_what_is_no_json_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"line \d+ column \d+"):
        parse_annotation(line)


@pytest.mark.parametrize("line", ["[]", "7", "null", '"text"'])
def test_what_is_no_object_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="expected a JSON object"):
        parse_annotation(line)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("file_name", None), ("file_name", 7), ("sheet_name", None), ("sheet_name", ["S"])),
        *(("table_regions", None), ("table_regions", "B2:C9"), ("table_regions", [["B2"]])),
        *(("split", 1), ("split", ["val"])),
    ],
)
def test_a_field_of_the_wrong_type_is_named(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"'{field}'"):
        parse_annotation(json.dumps({**ROW, field: value}))


@pytest.mark.parametrize("field", ["file_name", "sheet_name", "table_regions"])
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(ValueError, match=f"'{field}'"):
        parse_annotation(json.dumps({name: value for name, value in ROW.items() if name != field}))


def test_a_bad_range_is_named() -> None:
    with pytest.raises(ValueError, match="'B2-C9' is not a cell range"):
        parse_annotation(json.dumps({**ROW, "table_regions": ["A1:B2", "B2-C9"]}))
