"""The synthetic corpus: repeatable, true to its annotations, varied, and safe to write."""

import datetime as dt
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import cast

import openpyxl
import pytest
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from tablesense.boxes import Box, parse_a1
from tablesense.corpora.record import SheetAnnotation, parse_annotation
from tablesense.synthetic import corpus as corpus_module
from tablesense.synthetic.blocks import Block, CellSpec, Formula, Role
from tablesense.synthetic.corpus import draw_splits, plan_workbooks, write_corpus
from tablesense.synthetic.layout import PlannedSheet, generate_sheet
from tablesense.synthetic.write import workbook_bytes

SHEETS = 200


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "corpus"
    write_corpus(folder, SHEETS, seed=3)
    return folder


@pytest.fixture(scope="module")
def planned() -> list[PlannedSheet]:
    return [sheet for book in plan_workbooks(SHEETS, seed=3) for sheet in book]


@pytest.fixture(scope="module")
def written(corpus: Path) -> list[tuple[SheetAnnotation, Worksheet]]:
    books = {path.name: openpyxl.load_workbook(path) for path in (corpus / "workbooks").iterdir()}
    return [(record, books[record.file_name][record.sheet_name]) for record in annotations(corpus)]


def annotations(folder: Path) -> list[SheetAnnotation]:
    lines = (folder / "annotations.jsonl").read_text(encoding="utf-8").splitlines()
    return [parse_annotation(line) for line in lines]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def filled(worksheet: Worksheet, box: Box) -> bool:
    cells = worksheet.iter_rows(box.top + 1, box.bottom, box.left + 1, box.right, values_only=True)
    return any(value is not None for row in cells for value in row)


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_corpus(tmp_path / name, 30, seed=5)
    write_corpus(tmp_path / "other", 30, seed=6)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    one, other = (tmp_path / name / "annotations.jsonl" for name in ("one", "other"))
    assert one.read_bytes() != other.read_bytes()


def test_more_sheets_leave_the_first_ones_as_they_were() -> None:
    few = [sheet.tables for book in plan_workbooks(10, seed=1) for sheet in book]
    many = [sheet.tables for book in plan_workbooks(20, seed=1) for sheet in book]
    assert many[:10] == few


def test_every_sheet_of_every_workbook_is_annotated(
    corpus: Path, written: list[tuple[SheetAnnotation, Worksheet]]
) -> None:
    names = {(record.file_name, record.sheet_name) for record, _ in written}
    assert len(names) == len(written) == SHEETS
    for path in (corpus / "workbooks").iterdir():
        workbook = openpyxl.load_workbook(path)
        assert {(path.name, name) for name in workbook.sheetnames} <= names
        assert 1 <= len(workbook.sheetnames) <= 3


def test_tables_lie_in_the_used_range_and_reach_their_edges(
    written: list[tuple[SheetAnnotation, Worksheet]],
) -> None:
    for record, worksheet in written:
        for box in record.tables:
            assert box.right <= worksheet.max_column
            assert box.bottom <= worksheet.max_row
            edges = (
                box._replace(bottom=box.top + 1),
                box._replace(top=box.bottom - 1),
                box._replace(right=box.left + 1),
                box._replace(left=box.right - 1),
            )
            assert all(filled(worksheet, edge) for edge in edges), record


def test_tables_of_a_sheet_keep_at_least_one_blank_row_or_column_apart() -> None:
    for seed in range(400):
        sheet = generate_sheet(Random(seed))
        for index, box in enumerate(sheet.tables):
            assert min(box.width, box.height) >= 2
            grown = Box(box.left - 1, box.top - 1, box.right + 1, box.bottom + 1)
            assert not any(grown.intersection(other) for other in sheet.tables[index + 1 :]), seed


def test_merges_cover_no_cell_with_a_value_and_do_not_cross_the_edge_of_a_table() -> None:
    for seed in range(300):
        sheet = generate_sheet(Random(seed))
        for merge in sheet.block.merges:
            covered = [
                sheet.block.cells[row, column].value
                for row in range(merge.top, merge.bottom)
                for column in range(merge.left, merge.right)
            ]
            assert covered[0] is not None
            assert set(covered[1:]) <= {None}
            assert all(merge.intersection(box) in (0, merge.area) for box in sheet.tables)


def test_no_two_blank_rows_follow_each_other_inside_a_table() -> None:
    for seed in range(300):
        sheet = generate_sheet(Random(seed))
        cells = sheet.block.cells
        for box in sheet.tables:
            blank = [
                all(cells.get((row, c), CellSpec()).value is None for c in range(box.left, box.right))
                for row in range(box.top, box.bottom)
            ]
            assert not any(a and b for a, b in pairwise(blank)), seed


def test_arrangements_have_their_share(planned: list[PlannedSheet]) -> None:
    counts = Counter(min(len(sheet.tables), 3) for sheet in planned)
    for tables, share in {0: 0.1, 1: 0.45, 2: 0.25, 3: 0.2}.items():
        assert abs(counts[tables] / SHEETS - share) < 0.1
    kinds = Counter(sheet.arrangement for sheet in planned)
    assert all(kinds[kind] >= 3 for kind in ("none", "one", "stacked", "side by side", "grid", "staggered"))
    assert {sheet.theme.level for sheet in planned} == {"none", "light", "rich"}


def test_features_of_real_sheets_occur(written: list[tuple[SheetAnnotation, Worksheet]]) -> None:
    seen: Counter[str] = Counter()
    for _, worksheet in written:
        cells = [cast(Cell, cell) for row in worksheet.iter_rows() for cell in row]
        found = {
            "merge": bool(worksheet.merged_cells.ranges),
            "formula": any(cell.data_type == "f" for cell in cells),
            "percent": any("%" in str(cell.number_format) for cell in cells),
            "date": any(isinstance(cell.value, dt.datetime) for cell in cells),
            "boolean": any(isinstance(cell.value, bool) for cell in cells),
            "error": any(cell.data_type == "e" for cell in cells),
            "fill": any(cell.fill.fill_type == "solid" for cell in cells),
            "border": any(cell.border.bottom.style for cell in cells),
            "bold": any(cell.font.bold for cell in cells),
            "indent": any(cell.alignment.indent for cell in cells),
            "comment": any(cell.comment for cell in cells),
            "native": bool(worksheet.tables),
            "hidden row": any(row.hidden for row in worksheet.row_dimensions.values()),
            "hidden column": any(column.hidden for column in worksheet.column_dimensions.values()),
            "rule": any(str(cell.value).startswith("-----") for cell in cells),
            "note": any(str(cell.value).startswith("Source:") for cell in cells),
            "wide": worksheet.max_column >= 60,
            "long": worksheet.max_row >= 120,
        }
        seen.update(name for name, present in found.items() if present)
        missing = set(found) - set(seen)
    assert not missing, seen


def test_results_of_formulas_are_stored_and_true(corpus: Path) -> None:
    checked = 0
    for path in sorted((corpus / "workbooks").iterdir()):
        formulas, results = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
        for name in formulas.sheetnames:
            for row in formulas[name].iter_rows():
                for cell in row:
                    if cell.data_type != "f":
                        continue
                    result = results[name][cell.coordinate].value
                    assert result is not None
                    text = str(cell.value)
                    if text.startswith("=SUM(") and text.count("(") == 1 and not isinstance(result, str):
                        parts = [value for line in results[name][text[5:-1]] for value in line]
                        numbers = [part.value for part in parts if isinstance(part.value, int | float)]
                        assert result == pytest.approx(sum(numbers), abs=0.01)
                        checked += 1
    assert checked > 100


def test_splits_go_by_workbook(corpus: Path) -> None:
    splits: dict[str, set[str | None]] = {}
    for record in annotations(corpus):
        splits.setdefault(record.group, set()).add(record.split)
    assert all(len(found) == 1 for found in splits.values())
    val = sum("val" in found for found in splits.values())
    assert val == round(0.2 * len(splits))
    assert sum("test" in found for found in splits.values()) == round(0.1 * len(splits))


@pytest.mark.parametrize(("fraction", "val"), [(0.0, 0), (0.01, 1), (0.5, 2), (0.99, 3), (1.0, 4)])
def test_splits_of_few_workbooks(fraction: float, val: int) -> None:
    assert draw_splits([True] * 4, 0, fraction).count("val") == val


@pytest.mark.parametrize(("total", "test"), [(1, 0), (2, 0), (4, 1), (20, 6)])
def test_train_and_val_come_before_test(total: int, test: int) -> None:
    splits = draw_splits([True] * total, 0, 0.2, 0.3)
    assert splits.count("test") == test
    assert "train" in splits


@pytest.mark.parametrize("seed", range(20))
def test_both_splits_get_a_table_if_there_are_two(seed: int) -> None:
    splits = draw_splits([False, True, False, True], seed, 0.3)
    assert {splits[1], splits[3]} == {"train", "val"}


def test_a_finished_corpus_is_reused_untouched(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    write_corpus(folder, 4, seed=1)
    (folder / "annotations.jsonl").write_text("untouched")
    write_corpus(folder, 4, seed=1)
    assert (folder / "annotations.jsonl").read_text() == "untouched"
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_a_corpus_of_other_settings_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "corpus"
    write_corpus(folder, 2, seed=1)
    before = contents(folder)
    with pytest.raises(FileExistsError, match=r"seed 1, not 2.*delete this one"):
        write_corpus(folder, 2, seed=2)
    monkeypatch.setattr(corpus_module, "GENERATOR_VERSION", -1)
    with pytest.raises(FileExistsError, match="generator_version"):
        write_corpus(folder, 2, seed=1)
    assert contents(folder) == before


@pytest.mark.parametrize("description", [None, "no json", "[]", '{"generator": "another"}'])
def test_a_foreign_folder_is_refused(tmp_path: Path, description: str | None) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "mine.txt").write_text("mine")
    if description is not None:
        (tmp_path / "corpus" / "corpus.json").write_text(description)
    with pytest.raises(FileExistsError, match="no synthetic corpus"):
        write_corpus(tmp_path / "corpus", 2, seed=1)
    assert (tmp_path / "corpus" / "mine.txt").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "corpus").write_text("mine")
    with pytest.raises(FileExistsError, match="no synthetic corpus"):
        write_corpus(tmp_path / "corpus", 2, seed=1)


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "deep" / "corpus").mkdir(parents=True)
    write_corpus(tmp_path / "deep" / "corpus", 2, seed=1)
    assert len(annotations(tmp_path / "deep" / "corpus")) == 2


def test_the_loser_of_two_writers_uses_the_winners_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "corpus"
    write, calls = corpus_module._write, []

    def write_while_another_finishes(unfinished: Path, *args: int) -> None:
        calls.append(unfinished)
        if len(calls) == 1:
            write_corpus(folder, 3, seed=1)
        write(unfinished, *args)

    monkeypatch.setattr(corpus_module, "_write", write_while_another_finishes)
    write_corpus(folder, 3, seed=1)
    assert len(calls) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bytes:
        raise RuntimeError("disk full")

    monkeypatch.setattr(corpus_module, "workbook_bytes", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        write_corpus(tmp_path / "corpus", 2, seed=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("sheets", "fraction"), [(0, 0.2), (3, -0.1), (3, 1.5)])
def test_arguments_out_of_range_are_refused(tmp_path: Path, sheets: int, fraction: float) -> None:
    with pytest.raises(ValueError, match=r"num_sheets|val_fraction"):
        write_corpus(tmp_path / "corpus", sheets, 1, fraction)


def test_the_description_says_how_the_corpus_was_made(corpus: Path) -> None:
    description = json.loads((corpus / "corpus.json").read_text())
    assert description == {
        "generator": "tablesense.synthetic",
        "generator_version": corpus_module.GENERATOR_VERSION,
        "num_sheets": SHEETS,
        "seed": 3,
        "val_fraction": 0.2,
        "test_fraction": 0.1,
    }


def test_pasting_moves_everything_and_refuses_to_overwrite() -> None:
    part = Block(tables=[Box(0, 0, 2, 2)], hidden_rows={1})
    part.put(0, 0, 1, Role.DATA)
    part.cells[1, 1] = CellSpec(
        1, Role.DATA, formula=Formula("SUM({})+{}", (parse_a1("A1:A2"), parse_a1("B1")))
    )
    whole = Block()
    whole.paste(part, 3, 1)
    formula = whole.cells[4, 2].formula
    assert formula is not None
    assert formula.text() == "=SUM(B4:B5)+C4"
    assert (whole.tables, whole.hidden_rows) == ([parse_a1("B4:C5")], {4})
    assert (whole.height, whole.width) == (5, 3)
    with pytest.raises(ValueError, match="two blocks meet"):
        whole.paste(part, 3, 1)


def test_a_workbook_is_the_same_at_any_time(planned: list[PlannedSheet]) -> None:
    sheet = next(sheet for sheet in planned if any(cell.comment for cell in sheet.block.cells.values()))
    assert workbook_bytes([sheet]) == workbook_bytes([sheet])
