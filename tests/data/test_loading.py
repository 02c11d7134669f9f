from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box, parse_a1
from tablesense.corpora.corpus import Problem, read_corpus
from tablesense.corpora.record import SheetAnnotation
from tablesense.data.loading import Loaded, count_by_kind, crop_to, load_samples, refuse
from tablesense.data.sample import Source
from tablesense.errors import UserError
from tablesense.features.cache import FeatureCache

from .builders import random_sample, save_corpus, table


def annotation(file_name: str, sheet_name: str, *ranges: str) -> SheetAnnotation:
    return SheetAnnotation(file_name, sheet_name, tuple(parse_a1(text) for text in ranges), file_name)


def load(folder: Path, *annotations: SheetAnnotation) -> Loaded:
    """Load a corpus of two good workbooks, one that is no workbook and one that is not there."""
    save_corpus(folder, {"a.xlsx": {"S": table(30), "T": table(5)}, "b.xlsx": {"S": table(8)}}, annotations)
    (folder / "workbooks" / "broken.xlsx").write_text("<html>Sign in</html>")
    corpus = read_corpus(folder)
    return load_samples(corpus, corpus.annotations, FeatureCache(folder / "cache"))


def test_samples_carry_their_tables_and_the_way_back(tmp_path: Path) -> None:
    ranges = {("a.xlsx", "S"): ["A1:C30"], ("b.xlsx", "S"): [], ("a.xlsx", "T"): ["A1:C4"]}
    sheets = [annotation(*names, *texts) for names, texts in ranges.items()]
    loaded = load(tmp_path / "enron", *sheets)
    assert loaded.problems == []
    assert count_by_kind(loaded.problems) == ""
    sources = {(s.source.file_name, s.source.sheet_name): s for s in loaded.samples if s.source}
    assert set(sources) == set(ranges)
    for sheet in sheets:
        sample = sources[sheet.file_name, sheet.sheet_name]
        assert isinstance(sample.source, Source)
        assert sample.source.corpus == "enron"
        assert sample.source.tables == sheet.tables
        assert sample.boxes.dtype == np.int64
        assert sample.boxes.shape == (len(sheet.tables), 4)
        back = [sample.source.fold.to_sheet(Box(*box)) for box in sample.boxes.tolist()]
        assert back == list(sheet.tables)
    assert sources["a.xlsx", "S"].cells < 90, "the rows of the long table are folded"


@pytest.mark.parametrize(
    ("bad", "kind", "where", "message"),
    [
        (annotation("broken.xlsx", "S", "A1:B2"), "unreadable workbook", "broken.xlsx", "not a workbook"),
        (annotation("none.xlsx", "S", "A1:B2"), "unreadable workbook", "none.xlsx", "No such file"),
        (annotation("b.xlsx", "Q1", "A1:B2"), "missing sheet", "b.xlsx, sheet 'Q1'", "has no such sheet"),
        (annotation("b.xlsx", "S", "F1:G9"), "range outside the sheet", "b.xlsx, sheet 'S'", "F1:G9 holds"),
    ],
)
def test_every_problem_is_named_and_the_rest_is_loaded(
    tmp_path: Path, bad: SheetAnnotation, kind: str, where: str, message: str
) -> None:
    loaded = load(tmp_path, annotation("a.xlsx", "S", "A1:C30"), bad)
    (problem,) = loaded.problems
    assert (problem.kind, problem.where) == (kind, where)
    assert message in problem.message
    assert loaded.samples[0].source is not None
    assert loaded.samples[0].source.file_name == "a.xlsx"


def test_a_range_outside_the_sheet_costs_no_other_table(tmp_path: Path) -> None:
    loaded = load(tmp_path, annotation("b.xlsx", "S", "A1:C8", "A90:C99", "XFD1"))
    assert [problem.kind for problem in loaded.problems] == ["range outside the sheet"] * 2
    (sample,) = loaded.samples
    assert len(sample.boxes) == 1
    assert sample.source is not None
    assert len(sample.source.tables) == 3, "a table that was not loaded still counts as missed"


def test_a_range_that_leads_out_of_the_cells_is_cut_to_them(tmp_path: Path) -> None:
    (sample,) = load(tmp_path, annotation("b.xlsx", "S", "A1:E20")).samples
    assert sample.source is not None
    assert sample.source.fold.to_sheet(Box(*sample.boxes[0].tolist())) == Box(0, 0, 3, 8)


def test_a_summary_counts_by_kind_and_shows_the_first() -> None:
    problems = [Problem("late", "a", "1 day"), Problem("lost", "b", "gone"), Problem("late", "c", "2 days")]
    assert count_by_kind(problems) == "2 x late, 1 x lost"


def test_refuse_names_the_first_problem_and_the_remedy() -> None:
    refuse([])
    with pytest.raises(UserError, match=r"^a: 1 day \(2 such problems; --data\.on_problem=skip"):
        refuse([Problem("late", "a", "1 day"), Problem("lost", "b", "gone")])


def test_a_sheet_that_fits_is_left_alone() -> None:
    sample = random_sample(10, 10, [Box(0, 0, 10, 10)])
    kept, lost = crop_to(sample, 100)
    assert kept is sample
    assert lost == 0


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 400), st.data())
def test_a_large_sheet_is_cut_to_its_top_left_part(
    rows: int, columns: int, max_cells: int, data: st.DataObject
) -> None:
    boxes = [
        Box(left, top, data.draw(st.integers(left + 1, columns)), data.draw(st.integers(top + 1, rows)))
        for left, top in data.draw(
            st.lists(st.tuples(st.integers(0, columns - 1), st.integers(0, rows - 1)), max_size=4)
        )
    ]
    sample = random_sample(rows, columns, boxes)
    kept, lost = crop_to(sample, max_cells)
    height, width = kept.values.shape[1:]
    np.testing.assert_array_equal(kept.values, sample.values[:, :height, :width])
    assert 1 <= kept.cells <= max(max_cells, 1)
    assert kept.cells + width > min(max_cells, sample.cells), "not a row less than fits"
    inside = [box for box in boxes if Box(0, 0, width, height).contains(box)]
    assert kept.boxes.tolist() == [list(box) for box in inside]
    assert lost == len(boxes) - len(inside)
