"""The listing says the same in every format, and text out of files cannot steer what reads it."""

import csv
import io
import json

from tablesense.detection.listing import COLUMNS, FORMATS, Listing, render
from tablesense.detection.table import FileResult, SheetTables, Table
from tests.detection.test_frames import TYPED

EVIL = "=evil\x1b[2J[red]\u202e"


def listing(file: str = "book.xlsx", sheet: str = "S", title: str = "Sales\n2024") -> Listing:
    source = TYPED.source
    table = Table(file, sheet, TYPED.box, 0.98765432, 1, source, title, (f"* {title}",))
    result = Listing()
    result.add(
        FileResult(file, [SheetTables(sheet, source, [table]), SheetTables("E", source, [], "holds nothing")])
    )
    result.add(FileResult("bad.xlsx", error="damaged"))
    result.add(FileResult("half.xlsx", [SheetTables("T", source, [], "too large", failed=True)]))
    return result


def test_table_has_a_line_a_table() -> None:
    lines = render(listing(), "table", 1000).splitlines()
    assert len(lines) == 2
    assert lines[1].split() == ["book.xlsx", "S", "B4:G6", "0.99", "3", "x", "6", "1"]


def test_json_holds_tables_errors_and_notes() -> None:
    whole = json.loads(render(listing(), "json", 80))
    told = {"score": 0.9877, "title": "Sales\n2024", "notes": ["* Sales\n2024"]}
    assert whole["tables"] == [TYPED.as_row() | told]
    assert whole["errors"] == [
        {"file": "bad.xlsx", "error": "damaged"},
        {"file": "half.xlsx", "sheet": "T", "error": "too large"},
    ]
    assert whole["notes"] == [{"file": "book.xlsx", "sheet": "E", "note": "holds nothing"}]


def test_json_lines_hold_an_object_a_line() -> None:
    rows = [json.loads(line) for line in render(listing(), "jsonl", 80).splitlines()]
    assert [row.get("range", row.get("error")) for row in rows] == ["B4:G6", "damaged", "too large"]


def test_csv_has_the_named_columns() -> None:
    rows = list(csv.reader(io.StringIO(render(listing(), "csv", 80))))
    assert rows == [list(COLUMNS), ["book.xlsx", "S", "B4:G6", "0.9877", "3", "6", "1", "Sales 2024"]]


def test_names_cannot_steer_a_terminal_or_run_in_a_spreadsheet() -> None:
    for output in FORMATS:
        text = render(listing(EVIL + "\ud800", EVIL, EVIL), output, 1000)
        assert all(letter.isprintable() or letter == "\n" for letter in text)
        assert "[red]" in text
    fields = next(csv.reader(io.StringIO(render(listing(EVIL, EVIL, EVIL), "csv", 80).split("\n", 1)[1])))
    assert fields[0].startswith("'=")
    assert fields[-1].startswith("'=")


def test_table_without_a_title_has_null_in_json_and_nothing_in_csv() -> None:
    found = Listing(rows=[TYPED.as_row()])
    (row,) = json.loads(render(found, "json", 80))["tables"]
    assert (row["title"], row["notes"]) == (None, [])
    assert render(found, "csv", 80).splitlines()[1].endswith(",1,")


def test_narrow_terminal_loses_nothing() -> None:
    text = render(listing("a" * 90 + ".xlsx"), "table", 60)
    assert "".join(text.split()).count("a") >= 90
    assert max(map(len, text.splitlines())) <= 60


def test_nothing_found_prints_nothing_but_the_frame_of_the_format() -> None:
    assert render(Listing(), "table", 80) == ""
    assert render(Listing(), "jsonl", 80) == ""
    assert json.loads(render(Listing(), "json", 80))["tables"] == []


def test_summary_counts() -> None:
    assert listing().summary() == "1 table on 3 sheets of 3 files; 2 files failed"
