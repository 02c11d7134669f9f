"""The rivals: rules on cells, and others in a process of their own that may hang or end."""

import json
import sys
from pathlib import Path

import openpyxl
import pytest

from benchmarks import rival_process, rivals
from benchmarks.rival_process import Skipped, Worker
from benchmarks.rival_rules import components, join_overlapping, used_range
from tablesense.boxes import parse_a1, to_a1
from tablesense.sheets.sheet import Sheet
from tablesense.sheets.workbook import open_workbook
from tests.detection.blobs import write_book

FAKE = """
import json, os, sys, time
if sys.argv[1] == "missing":
    print(json.dumps({"missing": "no module named missing"}))
    sys.exit()
print(json.dumps({"ready": "1.0"}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if "slow" in request["path"]:
        time.sleep(60)
    if "deadly" in request["path"]:
        os._exit(3)
    if "odd" in request["path"]:
        print(json.dumps({"error": "ValueError: odd", "seconds": 0.5}), flush=True)
        continue
    tables = {name: ["A1:B2"] for name in request["sheets"] if name != "lost"}
    print(json.dumps({"tables": tables, "seconds": 0.5}), flush=True)
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fake.py").write_text(FAKE)
    monkeypatch.setattr(rival_process, "WORKER", tmp_path / "fake.py")


def sheet(tmp_path: Path, cells: str, merge: str | None = None) -> Sheet:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for name in cells.split():
        page[name] = 1
    if merge is not None:
        page.merge_cells(merge)
    book.save(tmp_path / "book.xlsx")
    (read,) = open_workbook(tmp_path / "book.xlsx")
    return read


def test_components_touch_at_corners_and_blank_lines_part_them(tmp_path: Path) -> None:
    found = components(sheet(tmp_path, "B2 C3 D4 B6 B7 F2 G2 Z9"))
    assert sorted(map(to_a1, found)) == ["B2:D4", "B6:B7", "F2:G2"]
    assert components(sheet(tmp_path, "")) == []


def test_merged_cells_are_filled_when_their_first_is(tmp_path: Path) -> None:
    assert [to_a1(box) for box in components(sheet(tmp_path, "A1 C2", "A1:B1"))] == ["A1:C2"]
    assert components(sheet(tmp_path, "C2", "A1:B1")) == []


def test_boxes_that_overlap_become_one() -> None:
    boxes = [parse_a1(text) for text in ("A1:C3", "E1:G9", "C3:E5", "J1:K2")]
    assert sorted(to_a1(box) for box in join_overlapping(boxes)) == ["A1:G9", "J1:K2"]


def test_used_range(tmp_path: Path) -> None:
    box = used_range(sheet(tmp_path, "C4 B9"))
    assert box is not None
    assert to_a1(box) == "B4:C9"
    assert used_range(sheet(tmp_path, "")) is None


def test_a_worker_that_hangs_or_ends_fails_on_that_file_alone(fake: None) -> None:
    with Worker("any", sys.executable) as worker:
        assert worker.version == "1.0"
        assert worker.find(Path("a"), ["S"], 30)["tables"] == {"S": ["A1:B2"]}
        assert worker.find(Path("slow"), ["S"], 0.2) == {"error": "it took more than 0.2 s", "seconds": 0.2}
        assert worker.find(Path("b"), ["S"], 30)["tables"] == {"S": ["A1:B2"]}
        assert worker.find(Path("deadly"), ["S"], 30)["error"] == "its process ended"
        assert worker.find(Path("odd"), ["S"], 30)["error"] == "ValueError: odd"
        assert worker.find(Path("c"), ["S"], 30)["tables"] == {"S": ["A1:B2"]}


def test_what_is_not_installed_is_skipped_with_a_reason(fake: None) -> None:
    with pytest.raises(Skipped, match="no module named missing"):
        Worker("missing", sys.executable)


def test_one_table_of_all_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: None, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = tmp_path / "c"
    (corpus / "workbooks").mkdir(parents=True)
    write_book(corpus / "workbooks" / "a.xlsx", {"S": ["A1:B2"], "lost": ["A1:C4"]})
    rows = [
        {"file_name": "a.xlsx", "sheet_name": "S", "table_regions": ["A1:B2"]},
        {"file_name": "a.xlsx", "sheet_name": "lost", "table_regions": ["A1:C4"]},
        {"file_name": "gone.xlsx", "sheet_name": "lost", "table_regions": ["A1:C4"]},
    ]
    (corpus / "annotations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    rivals.main(["--data", str(corpus), "--predictions", str(tmp_path / "found")])
    lines = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines() if line]
    table = {line[0]: line[1:] for line in lines[2:]}
    # Of three tables the fake finds one, the rules the two that are in a file.
    assert table["gridgulp 1.0"][0] == "0.500 / 0.500"
    assert table["gridgulp 1.0"][-1] == "2"
    assert table["connected components"][0] == "0.800 / 0.800"
    assert table["used range"][-1] == "1"
    assert {len(line) for line in lines} == {6}
    assert (tmp_path / "found" / "used_range.jsonl").exists()
