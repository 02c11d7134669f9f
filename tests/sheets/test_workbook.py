import zipfile
from pathlib import Path

import openpyxl
import pytest

from tablesense.sheets.sheet import SheetError
from tablesense.sheets.workbook import DEFAULT_LIMITS, ReadLimits, open_workbook

REAL_DATA = Path(__file__).parents[2].parent / "shared" / "data"


def saved(path: Path, sheets: int = 1) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for index in range(sheets):
        sheet = book.create_sheet(f"S{index}")
        sheet.append(["item", "price"])
        sheet.append(["tea", 2.5])
    book.save(path)
    return path


def zipped(path: Path, **parts: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def message(path: Path, limits: ReadLimits = DEFAULT_LIMITS) -> str:
    with pytest.raises(SheetError) as caught:
        open_workbook(path, limits=limits)
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    return text


def test_sheets_come_in_order_and_by_name(tmp_path: Path) -> None:
    path = saved(tmp_path / "book.xlsx", sheets=3)
    assert [sheet.name for sheet in open_workbook(path)] == ["S0", "S1", "S2"]
    assert [sheet.name for sheet in open_workbook(str(path), sheet_names={"S2", "S0"})] == ["S0", "S2"]
    assert open_workbook(path, sheet_names=["none"]) == []


def test_content_decides_not_the_extension(tmp_path: Path) -> None:
    assert len(open_workbook(saved(tmp_path / "book.xlsx").rename(tmp_path / "book.csv"))) == 1


def test_a_sheet_does_not_share_its_styles_with_the_next(tmp_path: Path) -> None:
    first, second = open_workbook(saved(tmp_path / "book.xlsx", sheets=2))
    first.styles.clear()
    assert second.styles


def test_missing_file(tmp_path: Path) -> None:
    assert "no such file" in message(tmp_path / "none.xlsx")


def test_directory(tmp_path: Path) -> None:
    assert "is a directory" in message(tmp_path)


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.xlsx"
    path.touch()
    assert "is empty" in message(path)


def test_something_else(tmp_path: Path) -> None:
    path = tmp_path / "page.xlsx"
    path.write_text("<html>Sign in</html>")
    assert "not a workbook" in message(path)


def test_ole_container(tmp_path: Path) -> None:
    path = tmp_path / "locked.xlsx"
    path.write_bytes(bytes.fromhex("D0CF11E0A1B11AE1") + bytes(504))
    assert "password protected" in message(path)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.99])
def test_truncated_zip(tmp_path: Path, kept: float) -> None:
    path = saved(tmp_path / "book.xlsx")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    assert "truncated or damaged" in message(path)


def test_zip_of_something_else(tmp_path: Path) -> None:
    assert "holds no spreadsheet" in message(zipped(tmp_path / "photos.zip", photo="jpeg"))


@pytest.mark.parametrize(
    "parts",
    [
        {"mimetype": "application/vnd.oasis.opendocument.spreadsheet"},
        {"[Content_Types].xml": 'ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"'},
    ],
)
def test_formats_of_a_later_day(tmp_path: Path, parts: dict[str, str]) -> None:
    assert "not read yet" in message(zipped(tmp_path / "book.xlsx", **parts))


def test_damaged_part(tmp_path: Path) -> None:
    source = saved(tmp_path / "book.xlsx")
    target = tmp_path / "damaged.xlsx"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<worksheet" if name.endswith("sheet1.xml") else old.read(name))
    with pytest.raises(SheetError, match=r"damaged \(ParseError: .*save it as \.xlsx") as caught:
        open_workbook(target)
    assert caught.value.__cause__ is not None


def test_entities_are_refused(tmp_path: Path) -> None:
    source = saved(tmp_path / "book.xlsx")
    target = tmp_path / "laughs.xlsx"
    laughs = b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet>&b;</worksheet>'
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, laughs if name.endswith("sheet1.xml") else old.read(name))
    assert "EntitiesForbidden" in message(target)


def test_unpacked_size_is_bounded(tmp_path: Path) -> None:
    path = saved(tmp_path / "book.xlsx")
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    assert open_workbook(path, limits=ReadLimits(max_unpacked_bytes=unpacked))
    assert "max_unpacked_bytes" in message(path, limits=ReadLimits(max_unpacked_bytes=unpacked - 1))


def test_cells_are_bounded_over_the_workbook(tmp_path: Path) -> None:
    path = saved(tmp_path / "book.xlsx", sheets=2)
    assert open_workbook(path, limits=ReadLimits(max_cells=8))
    assert "max_cells" in message(path, limits=ReadLimits(max_cells=7))
    assert open_workbook(path, limits=ReadLimits(max_cells=7), sheet_names=["S1"])


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["quirks", "deco"])
def test_real_workbooks_give_sheets_or_a_clear_error(folder: str) -> None:
    root = REAL_DATA / folder
    if not root.is_dir():
        pytest.skip(f"{root} is not on this machine")
    files = sorted(path for path in root.rglob("*") if path.suffix in {".xlsx", ".xlsm"})
    refused = []
    for path in files:
        try:
            sheets = open_workbook(path)
        except SheetError as error:
            refused.append(str(error))
        else:
            assert all(cell.style < len(sheet.styles) for sheet in sheets for cell in sheet.cells.values())
    assert len(refused) <= len(files) // 20, refused
    assert "\n" not in "".join(refused)
