import errno
import io
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from tablesense.errors import UserError
from tablesense.features import cache as cache_module
from tablesense.features.cache import FeatureCache, default_cache_folder
from tablesense.features.channels import FEATURE_VERSION, INDEX, NUM_CHANNELS
from tablesense.features.featurize import SheetGrid, featurize
from tablesense.sheets.sheet import SheetError
from tablesense.sheets.workbook import open_workbook


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return saved(tmp_path / "book.xlsx")


@pytest.fixture
def cache(tmp_path: Path) -> FeatureCache:
    return FeatureCache(tmp_path / "cache")


def saved(path: Path, price: float = 2.5) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name in ("S0", "S1"):
        sheet = book.create_sheet(name)
        for _ in range(12):
            sheet.append([name, "tea", price])
    book.save(path)
    return path


def refuse_to_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        pytest.fail("the workbook was opened")

    monkeypatch.setattr(cache_module, "open_workbook", refuse)


def entries(cache: FeatureCache) -> list[Path]:
    return sorted(path for path in cache.folder.rglob("*") if path.is_file())


def assert_same(one: SheetGrid, other: SheetGrid) -> None:
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.fold.rows.kept, other.fold.rows.kept)
    np.testing.assert_array_equal(one.fold.columns.kept, other.fold.columns.kept)


def archive(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type] # numpy types its one keyword, not these
    return buffer.getvalue()


def test_an_entry_is_what_featurize_gives_and_is_read_without_the_workbook(
    workbook: Path, cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cache.grids(workbook, ["S0", "S1"])
    refuse_to_open(monkeypatch)
    second = cache.grids(workbook, ["S1", "S0"])
    assert set(first) == set(second) == {"S0", "S1"}
    for sheet in open_workbook(workbook):
        assert_same(first[sheet.name], featurize(sheet))
        assert_same(second[sheet.name], featurize(sheet))


def test_only_the_sheets_that_are_not_cached_are_read(
    workbook: Path, cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.grids(workbook, ["S0"])
    asked = []

    def spy(path: Path, sheet_names: list[str]) -> object:
        asked.append(sheet_names)
        return open_workbook(path, sheet_names=sheet_names)

    monkeypatch.setattr(cache_module, "open_workbook", spy)
    assert set(cache.grids(workbook, ["S0", "S1"])) == {"S0", "S1"}
    assert asked == [["S1"]]


def test_a_copy_of_a_workbook_shares_its_entries(
    workbook: Path, cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.grids(workbook, ["S0"])
    moved = workbook.rename(workbook.with_name("moved.xlsx"))
    refuse_to_open(monkeypatch)
    assert set(cache.grids(moved, ["S0"])) == {"S0"}


@pytest.fixture
def good_entry(workbook: Path, cache: FeatureCache) -> Path:
    cache.grids(workbook, ["S0"])
    (entry,) = entries(cache)
    return entry


def damage(good: bytes, kind: str) -> bytes:
    with np.load(io.BytesIO(good)) as entry:
        values, rows, columns = entry["values"], entry["rows"], entry["columns"]
    array = io.BytesIO()
    np.save(array, rows)
    middle = len(good) // 4
    damaged: dict[str, bytes] = {
        "empty": b"",
        "cut short": good[: len(good) // 2],
        "without its last byte": good[:-1],
        "garbage": b"garbage" * 100,
        "the head of a zip": b"PK\x03\x04" + b"garbage",
        "zeros inside": good[:60] + bytes(middle) + good[60 + middle :],
        "one array": array.getvalue(),
        "no columns": archive(values=values, rows=rows),
        "another shape": archive(values=values, rows=rows[1:], columns=columns),
        "fewer channels": archive(values=values[1:], rows=rows, columns=columns),
        "a number for rows": archive(values=values, rows=np.array(4), columns=columns),
        "flat values": archive(values=values[0], rows=rows, columns=columns),
        "other numbers": archive(values=values.astype(np.float32), rows=rows, columns=columns),
        "fractions of rows": archive(values=values, rows=rows.astype(np.float64), columns=columns),
        "objects": archive(values=values, rows=rows.astype(object), columns=columns),
    }
    return damaged[kind]


@pytest.mark.parametrize(
    "kind",
    [
        *("empty", "cut short", "without its last byte", "garbage", "the head of a zip", "zeros inside"),
        *("one array", "no columns", "another shape", "fewer channels", "a number for rows", "flat values"),
        *("other numbers", "fractions of rows", "objects"),
    ],
)
def test_a_damaged_entry_is_made_again(
    workbook: Path, cache: FeatureCache, good_entry: Path, kind: str
) -> None:
    good = good_entry.read_bytes()
    expected = cache.grids(workbook, ["S0"])["S0"]
    good_entry.write_bytes(damage(good, kind))
    assert_same(cache.grids(workbook, ["S0"])["S0"], expected)
    assert good_entry.read_bytes() == good
    assert entries(cache) == [good_entry]


def test_any_flipped_byte_gives_the_same_grid(workbook: Path, cache: FeatureCache, good_entry: Path) -> None:
    good = good_entry.read_bytes()
    expected = cache.grids(workbook, ["S0"])["S0"]
    for position in range(0, len(good), len(good) // 40):
        good_entry.write_bytes(good[:position] + bytes([good[position] ^ 0xFF]) + good[position + 1 :])
        assert_same(cache.grids(workbook, ["S0"])["S0"], expected)


@pytest.mark.parametrize(("name", "value"), [("FEATURE_VERSION", FEATURE_VERSION + 1), ("KEEP", 7)])
def test_other_features_have_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: int
) -> None:
    before = FeatureCache(tmp_path).folder
    monkeypatch.setattr(cache_module, name, value)
    assert FeatureCache(tmp_path).folder != before
    assert FeatureCache(tmp_path).folder.parent == tmp_path


def test_other_content_is_another_entry(workbook: Path, cache: FeatureCache) -> None:
    before = cache.grids(workbook, ["S0"])["S0"]
    saved(workbook, price=-2.5)
    after = cache.grids(workbook, ["S0"])["S0"]
    assert before.values[INDEX["negative"]].max() == 0
    assert after.values[INDEX["negative"]].max() == 255
    assert len(entries(cache)) == 2


def test_a_missing_sheet_is_left_out(workbook: Path, cache: FeatureCache) -> None:
    assert set(cache.grids(workbook, ["S0", "none"])) == {"S0"}
    assert cache.grids(workbook, ["none"]) == {}
    assert cache.grids(workbook, []) == {}


@pytest.mark.parametrize("text", [None, "", "<html>Sign in</html>"])
def test_an_unreadable_workbook_is_named(tmp_path: Path, cache: FeatureCache, text: str | None) -> None:
    path = tmp_path / "broken.xlsx"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SheetError, match=r"broken\.xlsx"):
        cache.grids(path, ["S0"])
    assert not cache.folder.exists()


@pytest.mark.parametrize("step", ["np.savez_compressed", "os.replace"])
def test_a_failed_write_leaves_nothing_behind(
    workbook: Path, cache: FeatureCache, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "disk full")

    with monkeypatch.context() as patch:
        patch.setattr(f"tablesense.features.cache.{step}", fail)
        with pytest.raises(UserError, match=r"disk full.*TABLESENSE_CACHE"):
            cache.grids(workbook, ["S0"])
    assert entries(cache) == []
    assert cache.grids(workbook, ["S0"])["S0"].values.shape[0] == NUM_CHANNELS
    assert [path.suffix for path in entries(cache)] == [".npz"]


def test_the_cache_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLESENSE_CACHE", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache_folder() == tmp_path / "own"
    assert FeatureCache().folder.parent == tmp_path / "own"
    monkeypatch.delenv("TABLESENSE_CACHE")
    assert default_cache_folder() == tmp_path / "xdg" / "tablesense"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache_folder() == Path.home() / ".cache" / "tablesense"
