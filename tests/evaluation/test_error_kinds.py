from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box, parse_a1
from tablesense.evaluation.error_kinds import ErrorKinds, error_kinds
from tablesense.evaluation.scores import SheetResult

from .results import sheet_results


def kinds(found: str, there: str) -> ErrorKinds:
    """Of ranges with blanks between; those found are scored from the first down."""
    scored = tuple((parse_a1(text), 0.9 - 0.01 * place) for place, text in enumerate(found.split()))
    return error_kinds([SheetResult("c", "a", "S", scored, tuple(map(parse_a1, there.split())))], 0.5)


def outcomes(found: str, there: str) -> dict[str, int]:
    """The outcomes that occurred."""
    named = ("exact", "one_side", "several_sides", "split", "parts", "merged", "mergers", "missed", "extra")
    return {name: count for name in named if (count := getattr(kinds(found, there), name))}


def test_exact_missed_and_extra() -> None:
    assert outcomes("A1:D9 M1:P9", "A1:D9 A20:D30") == {"exact": 1, "missed": 1, "extra": 1}
    assert outcomes("", "") == {}


def test_split_needs_two_parts_mostly_inside() -> None:
    assert outcomes("A1:D5 A6:D10", "A1:D10") == {"split": 1, "parts": 2}
    assert outcomes("A1:D5", "A1:D10") == {"one_side": 1}
    # Half of the second is outside: it is extra, and the first is off.
    assert outcomes("A1:D5 A10:D11", "A1:D10") == {"one_side": 1, "extra": 1}


def test_merged_needs_two_tables_mostly_inside() -> None:
    assert outcomes("A1:D21", "A1:D9 A11:D21") == {"merged": 2, "mergers": 1}
    assert outcomes("A1:D12", "A1:D9 A11:D21") == {"one_side": 1, "missed": 1}
    assert outcomes("A1:D30", "A1:D9 A11:D21 A23:D30") == {"merged": 3, "mergers": 1}


def test_tables_that_were_found_exactly_are_not_merged() -> None:
    assert outcomes("A1:D9 A1:D21", "A1:D9 A11:D21") == {"exact": 1, "one_side": 1}


def test_the_better_scored_merger_takes_the_tables() -> None:
    assert outcomes("A1:D21 A1:E21", "A1:D9 A11:D21") == {"merged": 2, "mergers": 1, "extra": 1}


def test_first_and_last_rows_lost() -> None:
    header, total = kinds("A3:D9", "A1:D9"), kinds("A1:D7", "A1:D9")
    assert (header.header_row_lost, header.total_row_lost) == (1, 0)
    assert (total.header_row_lost, total.total_row_lost) == (0, 1)
    both = kinds("A2:D8", "A1:D9")
    assert (both.header_row_lost, both.total_row_lost, both.several_sides) == (1, 1, 1)
    title = kinds("A1:D10", "A3:D9")
    assert (title.header_row_lost, title.total_row_lost) == (0, 0)


def test_one_side_off_says_which_and_by_how_much() -> None:
    for found, side, by in [
        ("C3:F20", "top", 1),
        ("C1:F20", "top", -1),
        ("C2:F18", "bottom", 2),
        ("C2:F22", "bottom", -2),
        ("D2:F20", "left", 1),
        ("A2:F20", "left", -2),
        ("C2:E20", "right", 1),
        ("C2:I20", "right", -3),
        ("C2:F99", "bottom", -10),
    ]:
        one = kinds(found, "C2:F20")
        assert one.one_side == 1
        assert {name: counts for name, counts in one.sides.items() if counts} == {side: Counter({by: 1})}
    assert not any(kinds("C3:F21", "C2:F20").sides.values())


def test_low_scores_do_not_count() -> None:
    table = Box(0, 0, 4, 9)
    low = SheetResult("c", "a", "S", ((table, 0.49),), (table,))
    assert error_kinds([low], 0.5) == ErrorKinds(annotated=1, missed=1)


@given(sheet_results(), st.sampled_from([0.0, 0.5]))
def test_every_table_has_one_outcome(results: list[SheetResult], threshold: float) -> None:
    one = error_kinds(results, threshold)
    right_or_off = one.exact + one.one_side + one.several_sides
    assert right_or_off + one.split + one.merged + one.missed == one.annotated
    assert right_or_off + one.parts + one.mergers + one.extra == one.predicted
    assert one.annotated == sum(len(result.annotated) for result in results)
    assert one.predicted == sum(len(result.above(threshold)) for result in results)
    assert sum(sum(counts.values()) for counts in one.sides.values()) == one.one_side
    assert one.merged >= 2 * one.mergers
    assert one.parts >= 2 * one.split


@given(sheet_results())
def test_sheets_add_up(results: list[SheetResult]) -> None:
    whole = error_kinds(results, 0.5)
    parts = [error_kinds([result], 0.5) for result in results]
    for name in ("exact", "one_side", "several_sides", "split", "merged", "missed", "extra"):
        assert getattr(whole, name) == sum(getattr(part, name) for part in parts)
