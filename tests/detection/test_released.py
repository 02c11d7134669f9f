"""The model that ships with the package: found, small, and right on workbooks that leave no doubt."""

import json
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
from openpyxl.styles import Font
from openpyxl.utils import coordinate_to_tuple
from openpyxl.worksheet.worksheet import Worksheet

from tablesense import detect_tables
from tablesense.features.channels import FEATURE_VERSION
from tablesense.model.weights import RELEASED, WEIGHTS_VARIABLE

ROOT = Path(__file__).parents[2]
MOST_BYTES = 10_000_000
PLACES = ("North", "South", "East", "West", "Centre", "Coast", "Hills", "Islands", "Plains", "Valley")

Row = Sequence[str | int]


@pytest.fixture(autouse=True)
def no_weights_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WEIGHTS_VARIABLE, raising=False)


def sales(rows: int, columns: int, *, total: bool = True) -> list[Row]:
    """A header row, a row a place, and their sums."""
    numbers = [[17 + (31 * row + 53 * column) % 880 for column in range(1, columns)] for row in range(rows)]
    header: Row = ["Region", "Units", "Price", "Revenue", "Share"][:columns]
    body: list[Row] = [[PLACES[row % len(PLACES)], *numbers[row]] for row in range(rows)]
    sums: Row = ["Total", *map(sum, zip(*numbers, strict=True))]
    return [header, *body, sums] if total else [header, *body]


def put(sheet: Worksheet, at: str, rows: list[Row]) -> None:
    top, left = coordinate_to_tuple(at)
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            cell = sheet.cell(top + y, left + x, value)
            cell.font = Font(bold=y == 0)


def plain(sheet: Worksheet) -> list[str]:
    put(sheet, "A1", sales(8, 4))
    return ["A1:D10"]


def titled(sheet: Worksheet) -> list[str]:
    sheet["B2"] = "Sales by region, 2024"
    put(sheet, "B4", sales(10, 5))
    sheet["B17"] = "Source: sales ledger, provisional figures."
    return ["B4:F15"]


def one_below_the_other(sheet: Worksheet) -> list[str]:
    put(sheet, "A1", sales(5, 3))
    put(sheet, "A11", sales(6, 4))
    return ["A1:C7", "A11:D18"]


def beside_each_other(sheet: Worksheet) -> list[str]:
    put(sheet, "A3", sales(9, 3))
    put(sheet, "F3", sales(6, 4))
    return ["A3:C13", "F3:I10"]


def long(sheet: Worksheet) -> list[str]:
    put(sheet, "A1", sales(400, 5, total=False))
    return ["A1:E401"]


def prose(sheet: Worksheet) -> list[str]:
    sheet["A1"] = "Please read this before you open the other sheets."
    sheet["A2"] = "Figures are provisional and were not audited."
    sheet["A4"] = "Questions: ask the finance department."
    return []


@pytest.mark.parametrize("build", [plain, titled, one_below_the_other, beside_each_other, long, prose])
def test_the_ranges_of_workbooks_that_leave_no_doubt(
    build: Callable[[Worksheet], list[str]], tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    ranges = build(book.worksheets[0])
    book.save(tmp_path / "book.xlsx")
    tables = detect_tables(tmp_path / "book.xlsx", device="cpu")
    assert [table.range for table in tables] == ranges
    assert all(table.header_rows == 1 for table in tables)


def test_text_files_too(tmp_path: Path) -> None:
    lines = [",".join(map(str, row)) for row in sales(12, 5)]
    (tmp_path / "sales.csv").write_text("\n".join(lines) + "\n")
    assert [table.range for table in detect_tables(tmp_path / "sales.csv", device="cpu")] == ["A1:E14"]


def test_it_is_small_of_these_features_and_part_of_the_package() -> None:
    assert (RELEASED / "model.safetensors").stat().st_size <= MOST_BYTES
    assert json.loads((RELEASED / "config.json").read_text())["feature_version"] == FEATURE_VERSION
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    data = project["tool"]["setuptools"]["package-data"]["tablesense"]
    assert f"{RELEASED.name}/*" in data


def test_its_card_says_what_a_user_must_know() -> None:
    card = (RELEASED / "README.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)$", card, re.MULTILINE)
    assert sections == ["Use", "Accuracy", "Data and terms", "Limits", "How it was made"]
    assert card.startswith("---\n"), "the front matter that the Hugging Face hub reads"
    assert "| **macro mean** |" in card.partition("<!-- results -->")[2].partition("<!-- /results -->")[0]
