"""The count of what a file costs, and what happens to it when a part is read a second time."""

import pytest

from tablesense.sheets.fallback import read_xlsx_or_values
from tablesense.sheets.request import Budget, ReadLimits, ReadRequest
from tablesense.sheets.sheet import Sheet, SheetError
from tablesense.sheets.source import Source


def test_cells_of_a_reading_that_failed_do_not_count() -> None:
    budget = Budget(ReadLimits(max_cells=3))
    with pytest.raises(SheetError, match="max_cells"):
        budget.spend(4)
    budget.go_back(1)
    budget.spend(2)
    assert budget.kept == 3


def test_the_clock_is_looked_at_again_after_going_back() -> None:
    budget = Budget(ReadLimits(max_seconds=-1.0))
    with pytest.raises(SheetError, match="max_seconds"):
        budget.spend(100_000)
    budget.go_back(0)
    with pytest.raises(SheetError, match="max_seconds"):
        budget.spend(1000)


def test_values_after_a_failure_are_counted_from_where_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    def spend_and_fail(source: object, request: ReadRequest, budget: Budget) -> None:
        budget.spend(5)
        raise KeyError("a style that nobody has seen")

    monkeypatch.setattr("tablesense.sheets.fallback.read_xlsx", spend_and_fail)
    budget = Budget(ReadLimits(max_cells=8))

    def values() -> list[Sheet]:
        budget.spend(5)
        return []

    read_xlsx_or_values(Source(b""), ReadRequest(), budget, values)
    assert budget.kept == 5
