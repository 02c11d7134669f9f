"""Small workbooks of every format, made here, and operations on the zip files that most of them are."""

import datetime as dt
import io
import re
import struct
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.worksheet.table import Table

ODS_NAMESPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (
        ("office", "office"),
        ("table", "table"),
        ("text", "text"),
        ("style", "style"),
        ("fo", "xsl-fo-compatible"),
        ("number", "datastyle"),
    )
)
VALUES: list[list[Any]] = [["item", "price"], ["tea", 2.5], ["coffee", 4], [dt.datetime(2024, 5, 17), True]]


def xlsx_bytes(values: list[list[Any]] = VALUES, sheets: int = 1) -> bytes:
    """An .xlsx with the values on each sheet, its first row bold."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for index in range(sheets):
        sheet = book.create_sheet(f"S{index}")
        for row in values:
            sheet.append(row)
        for cell in sheet[1]:
            cell.font = Font(bold=True)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def shared_xlsx_bytes() -> bytes:
    """The .xlsx as Excel writes it: texts in a table of shared strings, which openpyxl does not use."""
    parts = unzipped(xlsx_bytes())
    texts: list[bytes] = []

    def share(found: re.Match[bytes]) -> bytes:
        texts.append(b"<si><t>%s</t></si>" % found[1])
        return b't="s"><v>%d</v></c>' % (len(texts) - 1)

    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(rb't="inlineStr"><is><t>(.*?)</t></is></c>', share, parts[sheet])
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    table = b'<sst xmlns="%s" count="%d" uniqueCount="%d">%s</sst>'
    parts["xl/sharedStrings.xml"] = table % (space, len(texts), len(texts), b"".join(texts))
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % kind
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", override)
    relations = "xl/_rels/workbook.xml.rels"
    relation = (
        b'<Relationship Id="rIdShared" Target="sharedStrings.xml" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"/></Relationships>'
    )
    parts[relations] = parts[relations].replace(b"</Relationships>", relation)
    return zipped(parts)


def xls_bytes(fill: Callable[[Any, Any], None] | None = None) -> bytes:
    """An .xls by xlwt, which has no types; ``fill(book, xlwt)`` makes the sheets."""
    xlwt: Any = import_module("xlwt")
    book = xlwt.Workbook()
    if fill is not None:
        fill(book, xlwt)
    else:
        sheet = book.add_sheet("S0")
        date = xlwt.easyxf(num_format_str="yyyy-mm-dd")
        for y, row in enumerate(VALUES):
            for x, value in enumerate(row):
                sheet.write(y, x, value, *[date] * isinstance(value, dt.datetime))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def record(code: int, body: bytes = b"") -> bytes:
    """A record of .xlsb: code and size in groups of seven bits, then the body."""
    head = bytes([code]) if code < 128 else bytes([code & 0x7F | 0x80, code >> 7])
    size = len(body)
    while size >= 128:
        head, size = head + bytes([size & 0x7F | 0x80]), size >> 7
    return head + bytes([size]) + body


def xlsb_text(text: str) -> bytes:
    """A counted UTF-16 text."""
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb_row(row: int, *cells: bytes, hidden: bool = False) -> bytes:
    """A row of .xlsb and its cells."""
    about = struct.pack("<IIHBB", row, 0, 300, 0, 0x10 if hidden else 0) + bytes(5)
    return record(0, about) + b"".join(cells)


def xlsb_cell(column: int, value: str | float | bool, *, formula: bool = False) -> bytes:
    """A cell of .xlsb; a text that begins with # is the error #N/A."""
    head = struct.pack("<II", column, 0)
    tail = struct.pack("<HI", 0, 0) + bytes(4) if formula else b""  # flags, and a formula of no tokens
    if isinstance(value, bool):
        return record(10 if formula else 4, head + bytes([value]) + tail)
    if isinstance(value, (int, float)):
        return record(9 if formula else 5, head + struct.pack("<d", value) + tail)
    if value.startswith("#"):
        return record(11 if formula else 3, head + bytes([0x2A]) + tail)
    return record(8 if formula else 6, head + xlsb_text(value) + tail)


def xlsb_bytes(
    sheets: Mapping[str, bytes] | None = None,
    states: Mapping[str, int] | None = None,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """An .xlsb of sheets with the given row records, and records before and after these on each sheet."""
    if sheets is None:
        head = xlsb_row(0, xlsb_cell(0, "item"), xlsb_cell(1, "price"))
        sheets = {"S0": head + xlsb_row(1, xlsb_cell(0, "tea"), xlsb_cell(1, 2.5))}
    listed = b"".join(
        record(
            156, struct.pack("<II", (states or {}).get(name, 0), n + 1) + xlsb_text(f"r{n}") + xlsb_text(name)
        )
        for n, name in enumerate(sheets)
    )
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{kind}/worksheet" Target="worksheets/sheet{n}.bin"/>'
        for n in range(len(sheets))
    )
    book = record(131) + record(143) + listed + record(144) + record(132)
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types><Default Extension="bin" ContentType='
        '"application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>',
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{package}">{relations}</Relationships>',
    }
    for n, rows in enumerate(sheets.values()):
        size = record(148, struct.pack("<IIII", 0, 1_048_575, 0, 16_383))
        parts[f"xl/worksheets/sheet{n}.bin"] = (
            record(129) + size + before + record(145) + rows + record(146) + after + record(130)
        )
    return zipped(parts)


def ods_bytes(tables: str | None = None, styles: str = "", sheet: str = "S0") -> bytes:
    """An .ods with the given rows and automatic styles, or with whole ``<table:table>`` elements."""
    if tables is None:
        tables = "".join(
            f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in VALUES
        )
    if not tables.startswith("<table:table "):
        tables = f'<table:table table:name="{sheet}">{tables}</table:table>'
    content = (
        f"<office:document-content {ODS_NAMESPACES}>"
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = f'<manifest:manifest><manifest:file-entry manifest:media-type="{kind}"/></manifest:manifest>'
    return zipped({"mimetype": kind, "content.xml": content, "META-INF/manifest.xml": manifest})


def ods_cell(value: str | float | bool | dt.datetime, attributes: str = "") -> str:
    """A ``<table:table-cell>``."""
    if isinstance(value, bool):
        kind = f'office:value-type="boolean" office:boolean-value="{str(value).lower()}"'
    elif isinstance(value, (int, float)):
        kind = f'office:value-type="float" office:value="{value}"'
    elif isinstance(value, dt.datetime):
        kind = f'office:value-type="date" office:date-value="{value.isoformat()}"'
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind} {attributes}><text:p>{value}</text:p></table:table-cell>"


def csv_bytes() -> bytes:
    """A small table as text."""
    return b'item,price\ntea,2.5\n"coffee, black",4\n2024-05-17,TRUE\n'


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip file of the parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def unzipped(book: bytes) -> dict[str, bytes]:
    """The parts of a zip file."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def edited(book: bytes, **changes: Callable[[bytes], bytes]) -> bytes:
    """A copy in which the parts whose names end in a key (``sheet1__xml`` is sheet1.xml) are changed."""
    parts = unzipped(book)
    for key, change in changes.items():
        (name,) = (part for part in parts if part.endswith(key.replace("__", ".")))
        parts[name] = change(parts[name])
    return zipped(parts)


@cache
def rich_xlsx() -> bytes:
    """An .xlsx with what sheets have beside values: merges, a table, comments, formulas, hidden lines."""
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes()))
    sheet = book.worksheets[0]
    sheet.merge_cells("D1:E2")
    sheet["D1"] = "title"
    sheet["C2"] = "=B2*2"
    sheet["C3"] = "#DIV/0!"
    sheet["A2"].comment = Comment("a note", "me")
    sheet["B2"].number_format = "0.00%"
    sheet["B2"].fill = PatternFill("solid", fgColor="FFFF00")
    sheet["B2"].border = Border(left=Side("thin"))
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["C"].hidden = True
    sheet.add_table(Table(displayName="T", ref="A1:B3"))
    book.create_sheet("hidden").sheet_state = "hidden"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@cache
def rich_xls() -> bytes:
    """An .xls with the same."""

    def fill(book: Any, xlwt: Any) -> None:
        sheet = book.add_sheet("S0")
        look = xlwt.easyxf("font: bold on; borders: left thin", num_format_str="0.00%")
        for y, row in enumerate(VALUES[:3]):
            for x, value in enumerate(row):
                sheet.write(y, x, value, look)
        sheet.write(3, 0, 45_000, xlwt.easyxf(num_format_str="yyyy-mm-dd"))
        sheet.write(3, 1, xlwt.Formula("B2*2"))
        sheet.write_merge(5, 6, 0, 2, "merged")
        sheet.row(2).hidden = True
        book.add_sheet("hidden").visibility = 1

    return xls_bytes(fill)


@cache
def rich_xlsb() -> bytes:
    """An .xlsb with the same."""
    cells = (xlsb_cell(0, "tea"), xlsb_cell(1, 2.5, formula=True), xlsb_cell(2, "#N/A"), xlsb_cell(3, True))
    rows = xlsb_row(0, xlsb_cell(0, "item"), xlsb_cell(1, "price")) + xlsb_row(1, *cells, hidden=True)
    columns = record(390) + record(60, struct.pack("<IIIIH", 2, 3, 2560, 0, 1)) + record(391)
    merge = record(177) + record(176, struct.pack("<IIII", 0, 1, 0, 2)) + record(178)
    return xlsb_bytes({"S0": rows, "hidden": rows}, {"hidden": 1}, before=columns, after=merge)
