from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import parse_a1
from tablesense.corpora.imports.groups import join_groups, template_of
from tablesense.sheets.sheet import Cell, CellKind, Sheet

sheets = st.lists(st.tuples(st.sampled_from("abcdef"), st.sets(st.integers(0, 9), max_size=2)), max_size=12)


def sheet_of(rows: list[list[str | int]], top: int = 0) -> Sheet:
    kinds = {str: CellKind.TEXT, int: CellKind.NUMBER}
    cells = {
        (top + y, x): Cell(value, kinds[type(value)])
        for y, row in enumerate(rows)
        for x, value in enumerate(row)
    }
    return Sheet("S", cells)


@given(sheets)
def test_whoever_shares_a_group_or_a_mark_comes_together_and_nobody_else(
    given_sheets: list[tuple[str, set[int]]],
) -> None:
    groups = join_groups([group for group, _ in given_sheets], [marks for _, marks in given_sheets])
    # The loop version: walk from each sheet to all that it is tied to.
    tied = [
        {j for j, (other, further) in enumerate(given_sheets) if other == group or marks & further}
        for group, marks in given_sheets
    ]
    for start in range(len(given_sheets)):
        reached = {start}
        while grown := {j for i in reached for j in tied[i]} - reached:
            reached |= grown
        assert {j for j in range(len(groups)) if groups[j] == groups[start]} == reached
        assert groups[start] == given_sheets[min(reached)][0]


def test_equal_headers_are_one_template_wherever_the_table_begins() -> None:
    header: list[str | int] = ["Name", "Date", "Amount"]
    one = template_of(sheet_of([header, ["tea", 1, 2]]), [parse_a1("A1:C2")])
    other = template_of(sheet_of([[" name", "DATE", "amount"], ["x", 3, 4]], top=5), [parse_a1("A6:C9")])
    assert one == other is not None
    assert template_of(sheet_of([["Name", "Date", "Price"]]), [parse_a1("A1:C1")]) != one


def test_few_texts_and_no_tables_are_no_template() -> None:
    sheet = sheet_of([["Name", "Date", 2001, 2002], ["a", "b", "c", "d"]])
    assert template_of(sheet, [parse_a1("A1:D2")]) is None
    assert template_of(sheet, []) is None
