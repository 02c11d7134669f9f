import zipfile
from pathlib import Path

import pytest

from tablesense.sheets.sheet import SheetError
from tablesense.sheets.workbook import ReadLimits, open_workbook

from .books import edited, xlsx_bytes

DECO = Path(__file__).parents[2].parent / "shared" / "data" / "deco"


def saved(path: Path, sheets: int = 1) -> Path:
    path.write_bytes(xlsx_bytes([["item", "price"], ["tea", 2.5]], sheets))
    return path


def test_sheets_come_in_order_and_by_name(tmp_path: Path) -> None:
    path = saved(tmp_path / "book.xlsx", sheets=3)
    assert [sheet.name for sheet in open_workbook(path)] == ["S0", "S1", "S2"]
    assert [sheet.name for sheet in open_workbook(str(path), sheet_names={"S2", "S0"})] == ["S0", "S2"]
    assert open_workbook(path, sheet_names=["none"]) == []


def test_a_sheet_does_not_share_its_styles_with_the_next(tmp_path: Path) -> None:
    first, second = open_workbook(saved(tmp_path / "book.xlsx", sheets=2))
    first.styles.clear()
    assert second.styles


def test_a_damaged_part_is_not_read_in_half() -> None:
    book = edited(xlsx_bytes(), sheet1__xml=lambda part: part[:-30])
    with pytest.raises(SheetError, match=r"damaged \(ParseError: .*save it as \.xlsx") as caught:
        open_workbook(book)
    assert caught.value.__cause__ is not None


def test_unpacked_size_is_bounded(tmp_path: Path) -> None:
    path = saved(tmp_path / "book.xlsx")
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    assert open_workbook(path, limits=ReadLimits(max_unpacked_bytes=unpacked))
    with pytest.raises(SheetError, match="max_unpacked_bytes"):
        open_workbook(path, limits=ReadLimits(max_unpacked_bytes=unpacked - 1))


def test_cells_are_bounded_over_the_workbook(tmp_path: Path) -> None:
    path = saved(tmp_path / "book.xlsx", sheets=2)
    assert open_workbook(path, limits=ReadLimits(max_cells=8))
    with pytest.raises(SheetError, match="max_cells"):
        open_workbook(path, limits=ReadLimits(max_cells=7))
    assert open_workbook(path, limits=ReadLimits(max_cells=7), sheet_names=["S1"])


@pytest.mark.slow
@pytest.mark.skipif(not DECO.is_dir(), reason=f"{DECO} is not on this machine")
def test_real_workbooks_are_read_with_their_formatting() -> None:
    files = sorted((DECO / "workbooks").iterdir())
    for path in files:
        sheets = open_workbook(path, include_hidden=True)
        assert all(sheet.has_formatting and not sheet.note for sheet in sheets), path
        assert all(cell.style < len(sheet.styles) for sheet in sheets for cell in sheet.cells.values()), path
    assert any(path.name.startswith("chris_stokley__3839") for path in files), "openpyxl cannot load this one"
