"""Other marks for some sheets of a corpus: what they replace, leave out, and what fits nothing."""

from pathlib import Path
from typing import Any

import pytest

from tablesense.boxes import Box, parse_a1
from tablesense.corpora.corpus import Corpus, lines_of
from tablesense.corpora.corrections import corrected
from tablesense.corpora.record import SheetAnnotation, parse_annotation
from tablesense.data.splitting import CorpusConfig
from tablesense.errors import UserError
from tests.corpora.foreign import save_lines

SILVER = Path(__file__).parents[2] / "configs/silver_corrections.jsonl"
SHEETS = [
    SheetAnnotation("a.xlsx", "S", (Box(0, 0, 2, 9),), "g", "train"),
    SheetAnnotation("a.xlsx", "T", (Box(1, 1, 3, 9),), "g", "train"),
    SheetAnnotation("b.xlsx", "S", (), "h", "val"),
]


def line(file_name: str, sheet_name: str, ranges: list[str] | None) -> dict[str, Any]:
    return {"file_name": file_name, "sheet_name": sheet_name, "table_regions": ranges}


def tables(corpus: Corpus) -> dict[tuple[str, str], tuple[Box, ...]]:
    return {(sheet.file_name, sheet.sheet_name): sheet.tables for sheet in corpus.annotations}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/annotations.jsonl").write_text("\n".join(sheet.to_json() for sheet in SHEETS))
    return tmp_path / "corpus"


def read(folder: Path, *rows: object) -> Corpus:
    save_lines(folder.parent / "better.jsonl", *rows)
    return CorpusConfig(str(folder), corrections=str(folder.parent / "better.jsonl")).read()


def test_tables_are_replaced_and_sheets_left_out(folder: Path) -> None:
    corpus = read(folder, line("a.xlsx", "T", None), line("b.xlsx", "S", ["B2:C4"]), line("a.xlsx", "S", []))
    assert corpus.problems == []
    assert tables(corpus) == {("a.xlsx", "S"): (), ("b.xlsx", "S"): (parse_a1("B2:C4"),)}
    assert [(sheet.group, sheet.split) for sheet in corpus.annotations] == [("g", "train"), ("h", "val")]


def test_without_corrections_nothing_changes(folder: Path) -> None:
    assert CorpusConfig(str(folder)).read().annotations == SHEETS
    assert read(folder).annotations == SHEETS


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (line("c.xlsx", "S", ["A1"]), "corpus has no sheet 'S' of 'c.xlsx'"),
        (line("a.xlsx", "s", None), "corpus has no sheet 's' of 'a.xlsx'"),
        (line("a.xlsx", "S", ["A1-B2"]), "A1-B2"),
        ({"file_name": "a.xlsx", "sheet_name": "S"}, "'table_regions' must be"),  # not left out by a slip
        ("{", "Expecting"),
        (None, "expected a JSON object"),
    ],
)
def test_what_fits_nothing_is_told_and_the_rest_is_done(folder: Path, row: object, message: str) -> None:
    corpus = read(folder, row, line("a.xlsx", "T", ["A1:A2"]))
    assert [sheet.tables for sheet in corpus.annotations] == [SHEETS[0].tables, (Box(0, 0, 1, 2),), ()]
    (problem,) = corpus.problems
    assert problem.kind == "correction"
    assert problem.where == f"{folder.parent / 'better.jsonl'}, line 1"
    assert message in problem.message


def test_a_second_correction_of_a_sheet_is_told_and_not_used(folder: Path) -> None:
    corpus = read(folder, line("a.xlsx", "T", ["A1:A2"]), line("a.xlsx", "T", None))
    assert tables(corpus)["a.xlsx", "T"] == (Box(0, 0, 1, 2),)
    assert [str(problem) for problem in corpus.problems] == [
        f"{folder.parent / 'better.jsonl'}, line 2: sheet 'T' of 'a.xlsx' is corrected twice"
    ]


def test_the_corrections_of_silver_name_each_sheet_once() -> None:
    rows = [parse_annotation(text.replace("null", "[]")) for _, text in lines_of(SILVER)]
    assert len({(row.file_name, row.sheet_name) for row in rows}) == len(rows) > 0


def test_a_file_that_is_not_there(folder: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.jsonl: cannot be read \(No such file or directory\)$"):
        corrected(Corpus("c", folder), folder / "nowhere.jsonl")
