"""Damaged workbooks of every format: sheets that hold together, or a SheetError of one line."""

import re
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tablesense.boxes import MAX_COLS, MAX_ROWS
from tablesense.sheets.sheet import CellKind, SheetError
from tablesense.sheets.workbook import ReadLimits, open_workbook

from .books import (
    csv_bytes,
    ods_bytes,
    rich_xls,
    rich_xlsb,
    rich_xlsx,
    shared_xlsx_bytes,
    unzipped,
    zipped,
)

LIMITS = ReadLimits(max_unpacked_bytes=32 * 1024**2, max_cells=100_000, max_seconds=20)
EXTREMES = [b"99999999999", b"-1", b"0", b"1e999", b"NaN", b"", b"4294967296", b"true", b"\xff", b"<", b"&a;"]
fuzzed = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
Change = Callable[[bytes], bytes]


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """A change of bytes: flips, a cut, a piece dropped or doubled, or a number made extreme."""
    kind = draw(st.sampled_from(["flip", "cut", "drop", "double", "number", "number"]))
    places = draw(st.lists(st.floats(0, 1, exclude_max=True), min_size=2, max_size=6))
    values = draw(st.binary(min_size=6, max_size=6))
    extreme = draw(st.sampled_from(EXTREMES))

    def change(data: bytes) -> bytes:
        first, last = sorted(int(place * len(data)) for place in places[:2])
        if kind == "flip":
            flipped = bytearray(data)
            for place, value in zip(places, values, strict=False):
                flipped[int(place * len(data))] = value
            return bytes(flipped)
        if kind == "number":
            numbers = list(re.finditer(rb"\d+", data))
            number = numbers[int(places[0] * len(numbers))] if numbers else None
            return data[: number.start()] + extreme + data[number.end() :] if number else data
        pieces = {"cut": b"", "drop": data[last:], "double": data[first:last] * 2 + data[last:]}
        return data[:first] + pieces[kind]

    return lambda data: change(data) if data else data


@st.composite
def surgeries(draw: st.DrawFn) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    """A change of a zip file's parts: one changed inside, dropped, swapped or renamed."""
    kind = draw(st.sampled_from(["change", "change", "change", "drop", "swap", "rename"]))
    one, other = draw(st.integers(0, 99)), draw(st.integers(0, 99))
    change = draw(changes())

    def operate(parts: dict[str, bytes]) -> dict[str, bytes]:
        names = list(parts)
        first, second = names[one % len(names)], names[other % len(names)]
        if kind == "change":
            return parts | {first: change(parts[first])}
        if kind == "swap":
            return parts | {first: parts[second], second: parts[first]}
        content = parts[first]
        rest = {name: part for name, part in parts.items() if name != first}
        return rest if kind == "drop" else rest | {first.upper().replace("/", "\\"): content}

    return operate


def check(book: bytes) -> None:
    """The property of all readers."""
    try:
        sheets = open_workbook(book, include_hidden=True, limits=LIMITS)
    except SheetError as error:
        message = str(error)
        sheets = []
    else:
        message = ""
    assert message == "" or message.isprintable()
    assert len({sheet.name for sheet in sheets}) == len(sheets)
    for sheet in sheets:
        assert all(0 <= row < MAX_ROWS and 0 <= column < MAX_COLS for row, column in sheet.cells)
        for cell in sheet.cells.values():
            assert 0 <= cell.style < len(sheet.styles)
            assert isinstance(cell.kind, CellKind)
            assert cell.kind is not CellKind.EMPTY or cell.value is None
        for box in sheet.merges:
            assert 0 <= box.left < box.right <= MAX_COLS
            assert 0 <= box.top < box.bottom <= MAX_ROWS


ZIPS: dict[str, Callable[[], bytes]] = {"xlsx": rich_xlsx, "shared": shared_xlsx_bytes, "ods": ods_bytes}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ZIPS)
@settings(fuzzed, max_examples=200)
@given(surgery=surgeries())
def test_parts_of_zip_files(kind: str, surgery: Callable[[dict[str, bytes]], dict[str, bytes]]) -> None:
    check(zipped(surgery(unzipped(ZIPS[kind]()))))


@pytest.mark.slow
@settings(fuzzed, max_examples=60)
@given(surgery=surgeries())
def test_parts_of_xlsb(surgery: Callable[[dict[str, bytes]], dict[str, bytes]]) -> None:
    check(zipped(surgery(unzipped(rich_xlsb()))))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv"])
@settings(fuzzed, max_examples=100)
@given(change=changes())
def test_whole_files(kind: str, change: Change) -> None:
    check(change((ZIPS | {"csv": csv_bytes})[kind]()))


@pytest.mark.slow
@settings(fuzzed, max_examples=100)
@given(change=changes())
def test_whole_xls(change: Change) -> None:
    check(change(rich_xls()))


@settings(fuzzed, max_examples=200)
@given(
    book=st.one_of(st.binary(), st.text().map(str.encode), st.binary().map(lambda data: b"PK\x03\x04" + data))
)
def test_anything(book: bytes) -> None:
    check(book)
