from hypothesis import given
from hypothesis import strategies as st

from tablesense.evaluation.classes import ClassCounts, by_number, by_size, number_class
from tablesense.evaluation.eob import Counts
from tablesense.evaluation.rows import SIZE_CLASSES
from tablesense.evaluation.scores import SheetResult, counts_by_corpus

from .results import sheet_results


def summed(classes: dict[str, ClassCounts], name: str) -> Counts:
    parts = [getattr(one, name) for one in classes.values()]
    return Counts(*(sum(getattr(part, key) for part in parts) for key in ("predicted", "annotated", "right")))


@given(sheet_results(), st.sampled_from([0.0, 0.5]))
def test_classes_sum_to_all(results: list[SheetResult], threshold: float) -> None:
    sizes, numbers = by_size(results, threshold), by_number(results, threshold)
    assert list(sizes) == [name for name, _ in SIZE_CLASSES]
    assert list(numbers) == ["0", "1", "2-3", "4+"]
    assert sum(one.sheets for one in numbers.values()) == len(results)
    for name, tolerance in (("exact", 0), ("near", 2)):
        totals = counts_by_corpus(results, tolerance, threshold).values()
        whole = Counts(
            sum(one.predicted for one in totals),
            sum(one.annotated for one in totals),
            sum(one.right for one in totals),
        )
        assert summed(sizes, name) == summed(numbers, name) == whole


def test_sheets_are_classed_by_what_is_annotated() -> None:
    assert [number_class(n) for n in (0, 1, 2, 3, 4, 23)] == ["0", "1", "2-3", "2-3", "4+", "4+"]
