import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box
from tablesense.corpora.corpus import Corpus, assign_folds, read_corpus, split_by_field, split_by_group
from tablesense.corpora.record import SheetAnnotation
from tablesense.errors import UserError

GOOD = SheetAnnotation("a.xlsx", "S", (Box(1, 1, 3, 9),), "g", "train")

fractions = st.floats(0.0, 1.0)
seeds = st.integers(0, 1000)


@st.composite
def grouped_sheets(draw: st.DrawFn) -> list[SheetAnnotation]:
    groups = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=20))
    return [SheetAnnotation(f"{number}.xlsx", "S", (), group) for number, group in enumerate(groups)]


def written(folder: Path, *lines: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "annotations.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def line(**fields: object) -> str:
    return json.dumps({**json.loads(GOOD.to_json()), **fields})


def refused(folder: Path, bad_line: str) -> str:
    """What is said of a line between two good ones."""
    corpus = read_corpus(written(folder, GOOD.to_json(), bad_line, GOOD.to_json()))
    assert corpus.annotations == [GOOD, GOOD]
    (problem,) = corpus.problems
    assert problem.kind == "annotation"
    assert str(problem).startswith(f"{folder / 'annotations.jsonl'}, line 2: ")
    return problem.message


def groups(sheets: list[SheetAnnotation]) -> set[str]:
    return {sheet.group for sheet in sheets}


def test_a_corpus_is_named_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = written(tmp_path / "enron", GOOD.to_json(), "", "  ", line(sheet_name="T"))
    monkeypatch.chdir(folder)
    corpus = read_corpus(".")
    assert corpus.name == "enron"
    assert [sheet.sheet_name for sheet in corpus.annotations] == ["S", "T"]
    assert corpus.problems == []
    assert corpus.workbook(GOOD).resolve() == folder / "workbooks" / "a.xlsx"


@pytest.mark.parametrize("name", ["a\u2028b", "a\u0085b", "a\x0bb\x1cc", "a\rb", "größe 表", "\ufeff"])
def test_any_sheet_name_stays_on_one_line(tmp_path: Path, name: str) -> None:
    sheet = SheetAnnotation("a.xlsx", name, (), "g")
    corpus = read_corpus(written(tmp_path / "c", sheet.to_json(), GOOD.to_json()))
    assert corpus.annotations == [sheet, GOOD]
    assert corpus.problems == []


def test_lines_may_end_as_on_windows(tmp_path: Path) -> None:
    (tmp_path / "annotations.jsonl").write_bytes(f"{GOOD.to_json()}\r\n{GOOD.to_json()}\r\n".encode())
    assert read_corpus(tmp_path).annotations == [GOOD, GOOD]


@pytest.mark.parametrize(
    ("bad_line", "message"),
    [
        ("{", "Expecting"),
        ("[]", "JSON object"),
        (line(sheet_name=None), "'sheet_name'"),
        (line(table_regions=["B2", "nothing"]), "'nothing' is not a cell range"),
        (line(table_regions=["A1:XFE1"]), "lies outside a worksheet"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_a_bad_line_becomes_a_problem(tmp_path: Path, bad_line: str, message: str) -> None:
    assert message in refused(tmp_path, bad_line)


@pytest.mark.parametrize("name", ["/etc/passwd", "../a.xlsx", "sub/../../a.xlsx", ".."])
def test_a_name_that_leads_out_of_the_corpus_is_refused(tmp_path: Path, name: str) -> None:
    message = refused(tmp_path, line(file_name=name))
    assert name in message
    assert "leads out of the corpus" in message


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    assert "is no name of a file" in refused(tmp_path, line(file_name="a\0.xlsx"))


@pytest.mark.parametrize("name", ["sub/a.xlsx", "..a.xlsx", "a..xlsx"])
def test_a_name_inside_the_corpus_is_fine(tmp_path: Path, name: str) -> None:
    corpus = read_corpus(written(tmp_path, line(file_name=name)))
    assert [sheet.file_name for sheet in corpus.annotations] == [name]
    assert corpus.workbook(corpus.annotations[0]).is_relative_to(tmp_path / "workbooks")


def test_a_missing_folder_is_named_with_what_a_corpus_is(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none/annotations\.jsonl: cannot be read .* workbooks/ and"):
        read_corpus(tmp_path / "none")


def test_a_folder_without_annotations_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        read_corpus(tmp_path)


def test_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "annotations.jsonl").write_bytes("größe".encode("latin-1"))
    with pytest.raises(UserError, match=r"annotations\.jsonl: is not UTF-8"):
        read_corpus(tmp_path)


def test_corpora_do_not_share_their_lists() -> None:
    Corpus("one", Path()).annotations.append(GOOD)
    assert Corpus("two", Path()).annotations == []


def test_split_by_field() -> None:
    sheets = [
        SheetAnnotation(f"{split}.xlsx", "S", (), "g", split) for split in ("val", "train", "test", None)
    ]
    assert [sheet.split for sheet in split_by_field(sheets, "train")] == ["train"]
    assert split_by_field(sheets, "dev") == []


@given(grouped_sheets(), fractions, seeds)
def test_a_drawn_split_parts_the_sheets_and_keeps_groups_together(
    sheets: list[SheetAnnotation], fraction: float, seed: int
) -> None:
    train, val = split_by_group(sheets, fraction, seed)
    assert not groups(train) & groups(val)
    assert [sheet for sheet in sheets if sheet in train] == train
    assert [sheet for sheet in sheets if sheet in val] == val
    assert len(train) + len(val) == len(sheets)


@given(grouped_sheets(), fractions, seeds, seeds)
def test_a_drawn_split_does_not_depend_on_the_order(
    sheets: list[SheetAnnotation], fraction: float, seed: int, shuffle: int
) -> None:
    shuffled = Random(shuffle).sample(sheets, len(sheets))
    for part, again in zip(
        split_by_group(sheets, fraction, seed), split_by_group(shuffled, fraction, seed), strict=True
    ):
        assert groups(part) == groups(again)


@given(grouped_sheets(), st.floats(0.0, 1.0, exclude_min=True, exclude_max=True), seeds)
def test_each_side_gets_its_share_and_at_least_one_group(
    sheets: list[SheetAnnotation], fraction: float, seed: int
) -> None:
    train, val = split_by_group(sheets, fraction, seed)
    total = len(groups(sheets))
    assert abs(len(groups(val)) - fraction * total) <= 1
    if total > 1:
        assert train
        assert val


@pytest.mark.parametrize(("fraction", "sizes"), [(0.0, (8, 0)), (1.0, (0, 8))])
def test_the_ends_of_the_scale_mean_all_or_nothing(fraction: float, sizes: tuple[int, int]) -> None:
    sheets = [SheetAnnotation(f"{group}.xlsx", "S", (), group) for group in "abcdefgh"]
    train, val = split_by_group(sheets, fraction, seed=0)
    assert (len(train), len(val)) == sizes


def test_another_seed_draws_another_split() -> None:
    sheets = [SheetAnnotation(f"{group}.xlsx", "S", (), group) for group in "abcdefgh"]
    drawn = {frozenset(groups(split_by_group(sheets, 0.5, seed)[1])) for seed in range(10)}
    assert len(drawn) > 5


@given(st.lists(grouped_sheets(), max_size=3), st.integers(2, 5), seeds, seeds)
def test_every_group_gets_one_fold_whatever_the_order(
    corpora: list[list[SheetAnnotation]], num_folds: int, seed: int, shuffle: int
) -> None:
    folds = assign_folds(corpora, num_folds, seed)
    assert folds.keys() == {sheet.group for sheets in corpora for sheet in sheets}
    assert set(folds.values()) <= set(range(num_folds))
    shuffled = [Random(shuffle).sample(sheets, len(sheets)) for sheets in corpora]
    assert assign_folds(shuffled, num_folds, seed) == folds


def test_folds_get_as_many_tables_of_every_corpus() -> None:
    def sheets(prefix: str, counts: list[int]) -> list[SheetAnnotation]:
        box = Box(0, 0, 1, 1)
        return [
            SheetAnnotation("a.xlsx", f"{n}", (box,) * count, f"{prefix}{n}")
            for n, count in enumerate(counts)
        ]

    corpora = [sheets("a", [9, 1, 1, 1, 3, 3, 3, 3]), sheets("b", [2] * 8)]
    folds = assign_folds(corpora, 4, seed=3)
    for annotations, most in zip(corpora, (9, 4), strict=True):
        filled = [sum(len(s.tables) for s in annotations if folds[s.group] == fold) for fold in range(4)]
        assert sum(filled) == sum(len(s.tables) for s in annotations)
        assert max(filled) == most
        assert min(filled) >= 4
    assert assign_folds(corpora, 4, seed=4) != folds
