import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box, parse_a1
from tablesense.evaluation.eob import Counts, count, paired_eob
from tablesense.evaluation.rows import (
    SIZE_CLASSES,
    Row,
    class_metric_rows,
    prediction_rows,
    size_class,
)
from tablesense.evaluation.scores import SheetResult, counts_by_corpus

from .results import sheet_results

thresholds = st.sampled_from([0.0, 0.3, 0.5, 0.9])
TABLE, TALLER, FAR = parse_a1("B4:H20"), parse_a1("B4:H21"), parse_a1("B24:F31")


def sheet(found: dict[Box, float], annotated: tuple[Box, ...], file: str = "book.xlsx") -> SheetResult:
    return SheetResult("deco", file, "Sheet1", tuple(found.items()), annotated)


def test_a_row_says_all_of_a_sheet() -> None:
    extra = parse_a1("K1:L2")
    (row,) = prediction_rows([sheet({TALLER: 0.75, extra: 0.91234, FAR: 0.5, TABLE: 0.4}, (FAR, TABLE))], 0.5)
    assert row == {
        "corpus": "deco",
        "file": "book.xlsx",
        "sheet": "Sheet1",
        "true_ranges": "B4:H20 B24:F31",
        "predicted_ranges": "K1:L2 B4:H21 B24:F31",
        "scores": "0.9123 0.7500 0.5000",
        "eob": "none 1 0",
        "true_tables": 2,
        "predicted_tables": 3,
        "exact": 1,
        "near": 2,
        "missed": 0,
        "extra": 1,
    }


def test_nothing_found_and_nothing_there() -> None:
    missed, quiet = prediction_rows([sheet({}, (TABLE,), "a.xlsx"), sheet({}, (), "b.xlsx")], 0.5)
    assert (missed["predicted_ranges"], missed["scores"], missed["eob"], missed["missed"]) == ("", "", "", 1)
    assert (quiet["true_ranges"], quiet["missed"], quiet["extra"]) == ("", 0, 0)
    assert prediction_rows([], 0.5) == []


@given(sheet_results(), thresholds)
def test_prediction_rows_hold_what_the_scores_hold(results: list[SheetResult], threshold: float) -> None:
    rows = prediction_rows(results, threshold)
    assert [(row["corpus"], row["file"], row["sheet"]) for row in rows] == sorted(r.key for r in results)
    for row, result in zip(rows, sorted(results, key=lambda r: r.key), strict=True):
        assert list(row) == list(rows[0])
        predicted = [parse_a1(text) for text in str(row["predicted_ranges"]).split()]
        scores = [float(text) for text in str(row["scores"]).split()]
        errors = str(row["eob"]).split()
        assert sorted(predicted) == sorted(result.above(threshold))
        assert scores == sorted(scores, reverse=True)
        assert len(predicted) == len(scores) == len(errors)
        assert {parse_a1(text) for text in str(row["true_ranges"]).split()} == set(result.annotated)
        paired = [int(error) for error in errors if error != "none"]
        least = paired_eob(result.above(threshold), result.annotated)
        assert (len(paired), sum(paired)) == (len(least), sum(least))
        near = count(predicted, result.annotated, 2)
        assert row["exact"] == count(predicted, result.annotated, 0).right
        assert row["near"] == near.right
        assert row["missed"] == near.annotated - near.right
        assert row["extra"] == near.predicted - near.right


@given(sheet_results(), thresholds, st.randoms(use_true_random=False))
def test_rows_do_not_depend_on_the_order_of_the_results(
    results: list[SheetResult], threshold: float, random: Random
) -> None:
    turned = [
        replace(result, predicted=result.predicted[::-1], annotated=result.annotated[::-1])
        for result in random.sample(results, len(results))
    ]
    assert class_metric_rows(turned, threshold) == class_metric_rows(results, threshold)
    assert prediction_rows(turned, threshold) == prediction_rows(results, threshold)


def counts_of(row: Row) -> tuple[int, int, int, int]:
    support, tp, fp, fn = (row[key] for key in ("support", "tp", "fp", "fn"))
    assert isinstance(support, int)
    assert isinstance(tp, int)
    assert isinstance(fp, int)
    assert isinstance(fn, int)
    return support, tp, fp, fn


def summed(rows: Sequence[Row]) -> tuple[int, ...]:
    return tuple(sum(values) for values in zip((0, 0, 0, 0), *(counts_of(row) for row in rows), strict=True))


@given(sheet_results(), thresholds)
def test_classes_sum_to_all_and_equal_the_counts(results: list[SheetResult], threshold: float) -> None:
    rows = class_metric_rows(results, threshold)
    for tolerance in (0, 2):
        by_kind = {
            kind: [row for row in rows if (row["kind"], row["eob"]) == (kind, tolerance)]
            for kind in ("all", "corpus", "size")
        }
        (total,) = by_kind["all"]
        assert summed(by_kind["corpus"]) == summed(by_kind["size"]) == counts_of(total)
        assert [row["class"] for row in by_kind["size"]] == [name for name, _ in SIZE_CLASSES]
        expected = counts_by_corpus(results, tolerance, threshold)
        assert [row["class"] for row in by_kind["corpus"]] == sorted(expected)
        for row in by_kind["corpus"]:
            counts = expected[str(row["class"])]
            assert (row["support"], row["tp"]) == (counts.annotated, counts.right)


@given(sheet_results(), thresholds)
def test_metrics_follow_from_the_counts(results: list[SheetResult], threshold: float) -> None:
    for row in class_metric_rows(results, threshold):
        support, tp, fp, fn = counts_of(row)
        assert tp + fn == support
        counts = Counts(predicted=tp + fp, annotated=support, right=tp)
        assert (row["precision"], row["recall"], row["f1_score"]) == (
            counts.precision,
            counts.recall,
            counts.f1,
        )


@given(sheet_results(), thresholds)
def test_the_support_of_a_size_does_not_depend_on_what_was_found(
    results: list[SheetResult], threshold: float
) -> None:
    support = {
        row["class"]: row["support"] for row in class_metric_rows(results, threshold) if row["kind"] == "size"
    }
    for name, number in support.items():
        assert number == sum(size_class(box) == name for result in results for box in result.annotated)


def test_a_pair_has_the_size_of_its_true_table_and_errors_have_their_own() -> None:
    small, medium = Box(0, 0, 5, 10), Box(0, 0, 5, 11)
    rows = class_metric_rows([sheet({medium: 0.9}, (small,))], 0.5)
    found = {(row["class"], row["eob"]): counts_of(row)[1:] for row in rows if row["kind"] == "size"}
    assert found["small", 2] == (1, 0, 0)
    assert found["medium", 2] == (0, 0, 0)
    assert found["small", 0] == (0, 0, 1)
    assert found["medium", 0] == (0, 1, 0)


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        (1, "small"),
        (50, "small"),
        (51, "medium"),
        (200, "medium"),
        (201, "large"),
        (1000, "large"),
        (1001, "huge"),
    ],
)
def test_size_classes(cells: int, name: str) -> None:
    assert size_class(Box(3, 4, 4, 4 + cells)) == name


@pytest.mark.parametrize("name", ["=1+1", "+A1", "-2", "@SUM(A1)", "\t=A1", "\r=A1", "\n=A1", "'=A1"])
def test_a_name_is_never_a_formula(name: str) -> None:
    result = SheetResult(name, name, name, (), (TABLE,))
    (row,) = prediction_rows([result], 0.5)
    assert row["corpus"] == row["file"] == row["sheet"] == f"'{name}"
    assert [row["class"] for row in class_metric_rows([result], 0.5) if row["kind"] == "corpus"] == [
        f"'{name}"
    ] * 2


@given(sheet_results())
def test_rows_survive_a_csv_file(results: list[SheetResult]) -> None:
    rows = class_metric_rows(results, 0.5) + prediction_rows(results, 0.5)
    for row in rows:
        file = io.StringIO()
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
        (read,) = csv.DictReader(io.StringIO(file.getvalue()))
        assert read == {key: str(value) for key, value in row.items()}
