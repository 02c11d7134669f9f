import json
from pathlib import Path

import pytest

from tablesense.errors import UserError
from tablesense.evaluation.gold import read_gold


def corpus(folder: Path, *rows: dict[str, object]) -> Path:
    folder.mkdir(parents=True)
    (folder / "annotations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def row(file: str, split: str | None = None, **more: object) -> dict[str, object]:
    return {"file_name": file, "sheet_name": "S", "table_regions": ["A1:B2"], "split": split, **more}


def test_sheets_of_a_split(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "c", row("a", "train"), row("b", "val", group="g"), row("c", "test"), row("d"))
    names = {
        split: [sheet.annotation.file_name for sheet in read_gold([folder], split).sheets]
        for split in ("train", "val", "test", "all")
    }
    assert names == {"train": ["a"], "val": ["b"], "test": ["c"], "all": ["a", "b", "c", "d"]}
    (sheet,) = read_gold([folder], "val").sheets
    assert sheet.key == ("c", "b", "S")
    assert sheet.workbook == folder / "workbooks" / "b"
    assert sheet.result().group == "g"


def test_a_folder_of_corpora(tmp_path: Path) -> None:
    for name in ("one", "two"):
        corpus(tmp_path / "all" / name, row("a"))
    (tmp_path / "all" / "other").mkdir()
    assert [sheet.corpus for sheet in read_gold([tmp_path / "all"]).sheets] == ["one", "two"]


def test_a_sheet_counts_once_as_its_last_line_says(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "c", row("a"), row("a", table_regions=[]))
    (sheet,) = read_gold([folder]).sheets
    assert sheet.annotation.tables == ()


def test_bad_lines_are_kept_as_problems(tmp_path: Path) -> None:
    gold = read_gold([corpus(tmp_path / "c", row("a"), row("../b"), {"file_name": "x"})])
    assert len(gold.sheets) == 1
    assert [problem.where.split(", ")[-1] for problem in gold.problems] == ["line 2", "line 3"]


def test_what_cannot_be_meant(tmp_path: Path) -> None:
    folder = corpus(tmp_path / "c", row("a", "train"))
    with pytest.raises(UserError, match="no sheet of the split 'val' in c"):
        read_gold([folder], "val")
    with pytest.raises(UserError, match="two corpora have one name"):
        read_gold([folder, corpus(tmp_path / "again" / "c", row("b"))])
    with pytest.raises(UserError, match="a corpus is a folder with"):
        read_gold([tmp_path / "gone"])
    with pytest.raises(UserError, match="no annotated sheet in empty"):
        read_gold([corpus(tmp_path / "empty")])
