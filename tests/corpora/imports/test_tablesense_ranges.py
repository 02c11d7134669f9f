from pathlib import Path

import pytest

from tablesense.corpora.imports.importing import Imported, import_corpus
from tablesense.corpora.imports.kinds import KINDS
from tablesense.corpora.imports.source import Request
from tablesense.corpora.imports.tablesense_ranges import USUAL_NAME
from tablesense.errors import UserError
from tests.corpora.foreign import SHARED, read_annotated, save_book

LINE = ("1_Deal List.xlsx", "Sheet1", "training_set", r"VEnron2\VEnron2\493", "B2:D9", "F2:G5")
SHEETS = {"Sheet1": ["B2:D9", "F2:G5"]}


def source(folder: Path, *paths: str, lines: tuple[tuple[str, ...], ...] = (LINE,)) -> Path:
    """A folder with the same workbook at all of these places, and the ranges."""
    folder.mkdir()
    for path in paths:
        save_book(folder / path, SHEETS)
    (folder / USUAL_NAME).write_text("".join("\t".join(line) + "\r\n" for line in lines), encoding="utf-8")
    return folder


def imported(folder: Path) -> Imported:
    return import_corpus(KINDS["tablesense-ranges"], Request(folder), folder.with_name("out"))


def kinds_of_skipped(folder: Path) -> list[str]:
    """Why the first line found no workbook; a second line, that finds one, lets the import go on."""
    save_book(folder / "VFUSE/7/sure.xlsx", {"S": ["A1:B3"]})
    with (folder / USUAL_NAME).open("a", encoding="utf-8") as file:
        file.write("sure.xlsx\tS\ttesting_set\tVFUSE\\VFUSE\\7\tA1:B3\n")
    result = imported(folder)
    assert [sheet.group for sheet in result.annotations] == ["VFUSE/7"]
    return [problem.kind for problem in result.tally.sheets]


@pytest.mark.parametrize(
    "path",
    [
        "VEnron2/VEnron2/493/1_Deal List.xlsx",
        "VEnron2/493/1_Deal List.xls",
        "data/venron2/493/1_DEAL_LIST.XLS",
        "493/1_Deal  List.xlsm",
        "1_Deal List.xlsx",
        "flat/1_deal_list.xls",
        "bob__12__Deal_List__Sheet1.xlsx",
        "a/Deal__12__Deal List__sheet1.xlsx",
    ],
)
def test_a_workbook_is_found_as_names_really_differ(tmp_path: Path, path: str) -> None:
    result = imported(source(tmp_path / "in", path))
    assert result.tally.skipped == []
    name = Path(path).name
    expected = {(name, "Sheet1"): ({"B2:D9", "F2:G5"}, "VEnron2/493", "train")}
    assert read_annotated(tmp_path / "out") == expected
    assert (tmp_path / "out/workbooks" / name).read_bytes() == (tmp_path / "in" / path).read_bytes()


@pytest.mark.parametrize(
    "path",
    [
        "VEnron2/494/1_Deal List.xlsx",
        "VEUSES/493/1_Deal List.xlsx",
        "VEUSES/1_Deal List.xlsx",
        "VEUSES/bob__12__Deal_List__Sheet1.xlsx",
        "VEnron2/493/2_Deal List.xlsx",
        "VEnron2/493/Deal List.xlsx",
        "2_Deal List.xlsx",
        "1_Deals List.xlsx",
        "bob__12__Deal_List__Sheet2.xlsx",
        "bob__12__Deal_List.xlsx",
        "bob__x__Deal_List__Sheet1.xlsx",
        "494/bob__12__Deal_List__Sheet1.xlsx",
        "~$1_Deal List.xlsx",
        "1_Deal List.txt",
    ],
)
def test_another_workbook_is_not_taken_for_it(tmp_path: Path, path: str) -> None:
    lines = (LINE, ("0_none.xlsx", "S", "test", r"VEUSES\VEUSES\493", "A1:B2"))
    assert kinds_of_skipped(source(tmp_path / "in", path, lines=lines)) == ["missing workbook"] * 2


@pytest.mark.parametrize(
    "paths",
    [
        ("VEnron2/493/1_Deal_List.xlsx", "VEnron2/493/1_DEAL LIST.xlsx"),
        ("one/1_Deal List.xlsx", "two/1_Deal List.xlsx"),
        ("bob__12__Deal_List__Sheet1.xlsx", "eve__13__Deal_List__Sheet1.xlsx"),
    ],
)
def test_of_two_that_fit_alike_none_is_taken(tmp_path: Path, paths: tuple[str, str]) -> None:
    assert kinds_of_skipped(source(tmp_path / "in", *paths)) == ["ambiguous workbook"]


def test_of_two_formats_the_one_that_is_named_is_taken(tmp_path: Path) -> None:
    imported(source(tmp_path / "in", "VEnron2/493/1_Deal List.xls", "VEnron2/493/1_Deal List.xlsx"))
    assert {name for name, _ in read_annotated(tmp_path / "out")} == {"1_Deal List.xlsx"}


def test_the_folder_of_versions_decides_before_names_elsewhere(tmp_path: Path) -> None:
    folder = source(tmp_path / "in", "VEnron2/493/1_deal list.xls", "1_Deal List.xlsx")
    imported(folder)
    assert {name for name, _ in read_annotated(tmp_path / "out")} == {"1_deal list.xls"}


@pytest.mark.parametrize(
    ("path", "other_name"),
    [("1_Deal List.xlsx", "1_deal list.xlsx"), ("bob__12__Deal_List__Sheet1.xlsx", "10_Deal List.xlsx")],
)
def test_a_workbook_that_lines_of_two_folders_may_mean_is_of_none(
    tmp_path: Path, path: str, other_name: str
) -> None:
    other = (other_name, "Sheet1", "training_set", r"VEnron2\VEnron2\9", "B2:D9")
    folder = source(tmp_path / "in", path, lines=(LINE, other))
    assert kinds_of_skipped(folder) == ["ambiguous workbook"] * 2


@pytest.mark.parametrize("ranges", [("B2:D10",), ("B2:D9", "F2:H5"), ("C3:E8",), ("A1:D9",)])
def test_a_converted_sheet_whose_cells_the_ranges_do_not_fit_is_another_version(
    tmp_path: Path, ranges: tuple[str, ...]
) -> None:
    line = (*LINE[:4], *ranges)
    folder = source(tmp_path / "in", "bob__12__Deal_List__Sheet1.xlsx", lines=(line,))
    assert kinds_of_skipped(folder) == ["another version"]


def test_the_same_ranges_are_taken_where_the_whole_name_is_right(tmp_path: Path) -> None:
    folder = source(tmp_path / "in", "VEnron2/493/1_Deal List.xlsx", lines=((*LINE[:4], "B2:D10"),))
    result = imported(folder)
    assert result.tally.skipped == []
    assert [problem.kind for problem in result.tally.notes] == ["range reaches beyond"]


def test_sheets_of_one_workbook_are_one_file_and_one_group(tmp_path: Path) -> None:
    folder = source(tmp_path / "in", lines=(LINE, (LINE[0], "Other", *LINE[2:4], "A1:B3")))
    save_book(folder / "VEnron2/493/1_Deal List.xlsx", SHEETS | {"Other": ["A1:B3"]})
    result = imported(folder)
    assert [(sheet.file_name, sheet.group) for sheet in result.annotations] == [
        ("1_Deal List.xlsx", "VEnron2/493")
    ] * 2
    assert len(list((tmp_path / "out/workbooks").iterdir())) == 1


@pytest.mark.parametrize(
    "bad",
    [
        "no tabs",
        "a.xlsx\tS\ttraining_set\tVEnron2",
        "a.xlsx\tS\ttraining_set\tVEnron2\\1\t ",
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, bad: str) -> None:
    folder = source(tmp_path / "in", "1_Deal List.xlsx")
    with (folder / USUAL_NAME).open("a", encoding="utf-8") as file:
        file.write(f"\n{bad}\n")
    (problem,) = imported(folder).tally.skipped
    assert (problem.kind, problem.where) == ("annotation", f"{USUAL_NAME}, line 3")


def test_without_the_ranges_the_option_is_named(tmp_path: Path) -> None:
    save_book(tmp_path / "in/a.xlsx", SHEETS)
    with pytest.raises(UserError, match=f"holds no {USUAL_NAME}; name the file with --annotations"):
        imported(tmp_path / "in")


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data is not here")
def test_the_gold_sheets_are_found_and_no_other(tmp_path: Path) -> None:
    request = Request(SHARED / "tablesense")
    result = import_corpus(KINDS["tablesense-ranges"], request, tmp_path / "out")
    gold = {key: tables for key, (tables, _, _) in read_annotated(SHARED / "tablesense").items()}
    assert len(gold) == 47
    assert {key: tables for key, (tables, _, _) in read_annotated(tmp_path / "out").items()} == gold
    assert {problem.kind for problem in result.tally.skipped} == {"missing workbook"}
    assert len(result.tally.sheets) == 1644 - 47
