"""The two readers of .xlsx side by side, and packages written part by part to try them on."""

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tablesense.features.featurize import featurize
from tablesense.sheets.packed import PackedCells
from tablesense.sheets.request import Budget, ReadLimits, ReadRequest
from tablesense.sheets.sheet import Sheet
from tablesense.sheets.xlsx import read_xlsx
from tablesense.sheets.xlsx_openpyxl import OpenpyxlPackage
from tablesense.sheets.xlsx_package import Archive
from tests.features.reference import featurize_by_cell

MAX_CELLS = 2_000_000
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_BOOK = f'<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}">%s<sheets>%s</sheets></workbook>'
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy-mm-dd"/>'
    '<numFmt numFmtId="165" formatCode="[h]:mm"/></numFmts>'
    '<fonts><font><sz val="11"/></font><font><b/><sz val="14"/><color rgb="FFFF0000"/></font></fonts>'
    '<fills><fill/><fill><patternFill patternType="solid"><fgColor indexed="13"/></patternFill></fill>'
    "</fills>"
    '<borders><border/><border><top style="thin"/></border></borders><cellXfs><xf/><xf fontId="1"/>'
    '<xf fillId="1" borderId="1"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>'
)
"""Style 1 is bold and red, 2 filled with a border, 3 a date, 4 a duration."""


def package(
    path: Path, sheet: str | bytes, strings: str | None = None, properties: str = "", styles: str = STYLES
) -> Path:
    """A package of one sheet, its parts written as they are given."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/{STRINGS}" ContentType="{_TYPE}.sharedStrings+xml"/></Types>',
        "xl/workbook.xml": _BOOK % (properties, '<sheet name="S" sheetId="1" r:id="rId1"/>'),
        "xl/_rels/workbook.xml.rels": relations(rId1=("worksheet", "worksheets/sheet1.xml")).replace(
            "</Relationships>", ""
        )
        + f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="/xl/styles.xml"/></Relationships>',
        "xl/styles.xml": styles,
        STRINGS: strings if strings is not None else table(""),
        SHEET: sheet,
    }
    return zipped(path, parts)


def zipped(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def relations(**targets: tuple[str, str]) -> str:
    nodes = (
        f'<Relationship Id="{id_}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for id_, (kind, target) in targets.items()
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{"".join(nodes)}</Relationships>'


def worksheet(rows: str, before: str = "", after: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def table(items: str) -> str:
    return f'<sst xmlns="{MAIN}">{items}</sst>'


def read_fast(path: Path, max_cells: int = MAX_CELLS) -> list[Sheet]:
    request = ReadRequest(include_hidden=True, limits=ReadLimits(max_cells=max_cells))
    return read_xlsx(path, request, Budget(request.limits))


def read_slow(path: Path) -> list[Sheet]:
    """Every worksheet as openpyxl's parser reads it."""
    with path.open("rb") as file, Archive(file) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        slow = OpenpyxlPackage(file, archive, Budget(ReadLimits(max_cells=MAX_CELLS)))
        return [
            slow.sheet(sheet)
            for sheet in slow.listed()
            if sheet.relation.type.endswith("/worksheet") and archive.has(sheet.relation.target)
        ]


def was_scanned(sheet: Sheet) -> bool:
    """Whether the fast pass read the sheet."""
    return isinstance(sheet.cells, PackedCells)


def assert_twins(fast: list[Sheet], slow: list[Sheet]) -> None:
    """Both readings are the same to the cell, and so are the features."""
    assert [sheet.name for sheet in fast] == [sheet.name for sheet in slow]
    for one, other in zip(fast, slow, strict=True):
        assert_same_features(one, other)
        assert facts(one) == facts(other)


def assert_same_features(one: Sheet, other: Sheet) -> None:
    """The fast features of one sheet are those of the other, taken cell by cell."""
    grid, expected = featurize(one), featurize_by_cell(other)
    np.testing.assert_array_equal(grid.fold.rows.kept, expected.fold.rows.kept)
    np.testing.assert_array_equal(grid.fold.columns.kept, expected.fold.columns.kept)
    np.testing.assert_array_equal(grid.values, expected.values)


def facts(sheet: Sheet) -> dict[str, object]:
    """All that a sheet says, with types that compare equal told apart."""
    cells = {
        place: (type(cell.value), repr(cell.value), cell.kind, cell.formula, cell.comment)
        for place, cell in sheet.cells.items()
    }
    return {
        "cells": cells,
        "styles": {place: sheet.styles[cell.style] for place, cell in sheet.cells.items()},
        "default": sheet.styles[0],
        "merges": sheet.merges,
        "tables": sheet.tables,
        "hidden": (sheet.hidden_rows, sheet.hidden_columns, sheet.visible),
    }
