"""What the fast pass reads is what openpyxl's parser reads, whatever the file says and however."""

import datetime as dt
from contextlib import suppress
from pathlib import Path
from xml.etree.ElementTree import ParseError

import pytest
from defusedxml.common import EntitiesForbidden
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.styles.colors import Color
from openpyxl.workbook import Workbook
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.table import Table

from tablesense.sheets import xlsx_xml
from tablesense.sheets.sheet import CellKind, SheetError
from tests.sheets.twins import (
    MAIN,
    assert_twins,
    package,
    read_fast,
    read_slow,
    table,
    was_scanned,
    worksheet,
)

REAL_DATA = Path(__file__).parents[2].parent / "shared" / "data"
TEXTS = table(
    '<si><t>tea</t></si><si><t xml:space="preserve">  two  </t></si>'
    "<si><t>a &amp; b &lt;c&gt; &#233;</t></si>"
    "<si><r><rPr><b/></rPr><t>net </t></r><r><t>total</t></r></si>"
    '<si><t>漢字</t><rPh sb="0" eb="1"><t>かんじ</t></rPh><phoneticPr fontId="1"/></si>'
    "<si/><si><t/></si><si><t></t></si><si><t>_x005F_x000D_</t></si><si><t>1,234</t></si>"
    "<si><t>line\r\nbreak</t></si><si>\n<t>apart</t>\n</si>"
)
PLAIN = {
    "shared strings": "".join(
        f'<row r="{row}"><c r="A{row}" t="s"><v>{row - 1}</v></c></row>' for row in range(1, 13)
    ),
    "numbers": "".join(
        f'<row r="{row}"><c r="A{row}"><v>{text}</v></c></row>'
        for row, text in enumerate(
            (
                "1",
                "-7",
                "0",
                "-0",
                "-0.0",
                "1.5",
                "1e3",
                "2E-5",
                "12345678901234567890",
                "0.1",
                "1999",
                "007",
            ),
            1,
        )
    ),
    "inline strings": '<row r="1"><c r="A1" t="inlineStr"><is><t>tea</t></is></c>'
    '<c r="B1" t="inlineStr"><is><t xml:space="preserve"> a &amp; b</t></is></c>'
    '<c r="C1" t="inlineStr"><is><r><t>ri</t></r><r><t>ch</t></r></is></c>'
    '<c r="D1" t="inlineStr"><is/></c><c r="E1" t="inlineStr"><v>9</v></c>'
    '<c r="F1"><is><t>not looked at</t></is></c><c r="G1" t="inlineStr"><is><t/></is></c></row>',
    "booleans and errors": '<row r="1"><c r="A1" t="b"><v>1</v></c><c r="B1" t="b"><v>0</v></c>'
    '<c r="C1" t="e"><v>#DIV/0!</v></c><c r="D1" t="b"/></row>',
    "dates": '<row r="1"><c r="A1" s="3"><v>45351</v></c><c r="B1" s="3"><v>0.5</v></c>'
    '<c r="C1" s="3"><v>59</v></c><c r="D1" s="4"><v>1.25</v></c><c r="E1" s="3"><v>1e99</v></c>'
    '<c r="F1" t="d"><v>2024-02-29T12:30:00Z</v></c><c r="G1" s="3" t="s"><v>0</v></c>'
    '<c r="H1" s="3"/><c r="I1" s="3"><v>-5</v></c><c r="J1" s="3"><f>TODAY()</f></c></row>',
    "formulas": '<row r="1"><c r="A1"><f>B1</f><v>42</v></c><c r="B1" t="str"><f>"x"&amp;1</f><v>x1</v></c>'
    '<c r="C1" t="str"><f>B1</f><v></v></c><c r="D1"><f>1+1</f></c><c r="E1"><f/><v>2</v></c>'
    '<c r="F1"><f ca="1">NOW()</f><v/></c><c r="G1" t="b"><f>A1</f></c><c r="H1" t="s"><f>A1</f></c></row>',
    "shared formulas": '<row r="1"><c r="B1"><f t="shared" ref="B1:B3" si="0">A1*2</f><v>2</v></c></row>'
    '<row r="2"><c r="B2"><f t="shared" si="0"/><v>4</v></c></row>'
    '<row r="3"><c r="B3"><f t="dataTable" ref="B3:B4" dt2D="0" r1="A9"/><v>4</v></c>'
    '<c r="C3"><f t="array" ref="C3:C4">SUM(A1:A2)</f><v>1</v></c><c r="D3"><f t="shared" si="9"/></c></row>',
    "styles": '<row r="1"><c r="A1" s="1"/><c r="B1" s="2"/><c r="C1" s="0"/><c r="D1"/>'
    '<c r="E1" s="99" /></row>',
    "attributes": '<row r="1" spans="1:3" x:y="1"><c r="A1" t="s" s="1"><v>0</v></c>'
    '<c r="B1" cm="1" vm="2" s="2"><v>1</v></c>'
    '<c r="C1" s="1" x:z="0" ><v xml:space="preserve">3</v></c></row>',
    "space between rows": '\n <row r="1">\n  <c r="A1"><v>1</v></c>\n </row>\n <row r="2"/>\n '
    '<row r="3"></row>\n',
    "space in cells": '<row r="1"><c r="A1"  s="1"  >\n <f>A2</f>\n <v>1</v>\n</c><c r="B1"\ts="1">\n</c>'
    '<c r="C1" t="inlineStr">\n <is>\n <t>a</t>\n </is>\n</c></row>',
    "hidden rows": '<row r="2" hidden="1"><c r="A2"><v>1</v></c></row><row r="4" hidden="true"/>'
    '<row r="5" hidden="0"/><row r="7" ht="3" hidden="1"></row>',
    "huge gaps": '<row r="1"><c r="A1"><v>1</v></c></row>'
    '<row r="1048576"><c r="XFD1048576" t="s"><v>0</v></c></row>',
    "a greater sign": '<row r="1"><c r="A1"><f ref="a>b">1</f><v>1</v></c></row>',
    "unicode": '<row r="1"><c r="A1" t="str"><f>A</f><v>Größe 😀 ٣</v></c>'
    '<c r="B1" t="inlineStr"><is><t>a\r\nb\rc</t></is></c></row>',
    "no cells": "",
}
UNUSUAL = {
    "no references": "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>",
    "comments": '<row r="1"><!-- <c r="A1"/> --><c r="A1"><v>1</v></c></row>',
    "CDATA": '<row r="1"><c r="A1" t="str"><v><![CDATA[<v>]]></v></c></row>',
    "instructions": '<row r="1"><?x <c r="B1"/> ?><c r="A1"><v>1</v></c></row>',
    "single quotes": "<row r='1'><c r='A1' s='1'><v>1</v></c></row>",
    "reference not first": '<row r="1"><c s="1" r="A1"><v>1</v></c></row>',
    "out of order": '<row r="2"><c r="A2"><v>2</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>',
    "twice": '<row r="1"><c r="A1"><v>2</v></c><c r="A1" s="1"><v>1</v></c></row>',
    "lower case": '<row r="1"><c r="b1"><v>2</v></c></row>',
    "an extension": '<row r="1"><c r="A1"><v>1</v><extLst><ext/></extLst></c></row>',
    "a style without a number": '<row r="1"><c r="A1" s=""><v>1</v></c></row>',
    "a namespace of its own": f'<row r="1"><y:c xmlns:y="{MAIN}" r="A1"><v>1</v></y:c></row>',
    "hidden and without a number": '<row hidden="1"><c r="A1"><v>1</v></c></row>',
}


@pytest.mark.parametrize("rows", PLAIN.values(), ids=PLAIN.keys())
@pytest.mark.parametrize("piece_bytes", [1 << 20, 41], ids=["whole", "in pieces"])
@pytest.mark.parametrize("prefix", ["", "x:"], ids=["plain", "prefixed"])
def test_what_programs_write_is_scanned(
    tmp_path: Path, rows: str, piece_bytes: int, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx_xml, "PIECE_BYTES", piece_bytes)
    sheet, strings = worksheet(rows).replace("<worksheet ", '<worksheet xmlns:x="urn:x" '), TEXTS
    if prefix:
        sheet, strings = prefixed(worksheet(rows.replace("x:", ""))), prefixed(TEXTS)
    path = package(tmp_path / "book.xlsx", sheet, strings)
    fast = read_fast(path)
    assert was_scanned(fast[0])
    assert_twins(fast, read_slow(path))


def prefixed(xml: str) -> str:
    """The same part with its elements called ``x:...``."""
    marked = xml.replace("</", "\0").replace("<", "<x:").replace("\0", "</x:")
    return marked.replace(" xmlns=", " xmlns:x=")


@pytest.mark.parametrize("rows", UNUSUAL.values(), ids=UNUSUAL.keys())
def test_what_the_pass_does_not_know_is_left_to_openpyxl(tmp_path: Path, rows: str) -> None:
    path = package(tmp_path / "book.xlsx", worksheet(rows), TEXTS)
    fast = read_fast(path)
    assert not was_scanned(fast[0])
    assert_twins(fast, read_slow(path))
    assert fast[0].cells


@pytest.mark.parametrize(
    "strings", ["<!-- x -->", "<si><t>a</t></si><extLst/>", "<si><t><![CDATA[<]]></t></si>"]
)
def test_odd_string_tables_are_left_to_openpyxl(tmp_path: Path, strings: str) -> None:
    rows = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    path = package(tmp_path / "book.xlsx", worksheet(rows), table(strings + "<si><t>b</t></si>"))
    assert_twins(read_fast(path), read_slow(path))


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "utf-8-sig"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>Größe</t></is></c></row>'
    declared = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}" standalone="yes"?>\n{worksheet(rows)}'
    path = package(tmp_path / "book.xlsx", text.encode(encoding))
    fast = read_fast(path)
    assert was_scanned(fast[0]) == (declared == "utf-8")
    assert fast[0].cells[0, 0].value == "Größe"
    assert_twins(fast, read_slow(path))


@pytest.mark.parametrize("properties", ['<workbookPr date1904="1"/>', '<workbookPr date1904="false"/>'])
def test_the_calendar(tmp_path: Path, properties: str) -> None:
    path = package(tmp_path / "book.xlsx", worksheet(PLAIN["dates"]), TEXTS, properties)
    fast = read_fast(path)
    late = dt.timedelta(1462 if '"1"' in properties else 0)
    assert fast[0].cells[0, 0].value == dt.datetime(2024, 2, 29) + late
    assert_twins(fast, read_slow(path))


def test_what_surrounds_the_rows(tmp_path: Path) -> None:
    before = '<cols><col min="2" max="3" hidden="1"/><col min="9" max="99999" hidden="1"/></cols>'
    after = '<mergeCells count="2"><mergeCell ref="A1:B2"/><mergeCell ref="C1"/></mergeCells>'
    sheet = worksheet(PLAIN["styles"], before, after)
    for index, xml in enumerate((sheet, sheet.replace("<sheetData>", '<sheetData xml:space="preserve">'))):
        path = package(tmp_path / f"{index}.xlsx", xml)
        assert was_scanned(read_fast(path)[0])
        assert_twins(read_fast(path), read_slow(path))
    path = package(tmp_path / "bare.xlsx", worksheet("").replace("<sheetData></sheetData>", "<sheetData/>"))
    assert was_scanned(read_fast(path)[0])
    assert_twins(read_fast(path), read_slow(path))


def test_a_workbook_with_everything(tmp_path: Path) -> None:
    book = Workbook()
    ws = book.worksheets[0]
    ws.append(["item", "price", "when", "share", None, "sum"])
    for row in range(2, 60):
        ws.append(
            [f"item {row}", row * 1.5, dt.datetime(2024, 1, 1) + dt.timedelta(row), row / 60, None, "=B2"]
        )
    for cell in ws[1]:
        cell.font = Font(b=True, color=Color(theme=4, tint=0.4), sz=14)
        cell.fill = PatternFill("solid", fgColor=Color(indexed=22))
        cell.border = Border(bottom=Side("thin"))
        cell.alignment = Alignment(horizontal="center", indent=1, wrap_text=True)
    ws["D3"].number_format, ws["D4"].protection = "0.0%", Protection(locked=False, hidden=True)
    ws["B70"].fill = PatternFill("solid", fgColor="00FF00")
    ws["A2"].comment, ws["Z99"].comment = Comment("filled", "me"), Comment("blank", "me")
    ws["H1"] = ArrayFormula("H1:H2", "=A1:A2")
    ws.merge_cells("B70:C71")
    ws.add_table(Table(displayName="T", ref="A1:D20"))
    ws.column_dimensions["B"].hidden, ws.row_dimensions[5].hidden = True, True
    book.create_sheet("more").append(["x", True, "#N/A", -1])
    book.create_sheet("gone").sheet_state = "hidden"
    path = tmp_path / "book.xlsx"
    book.save(path)
    fast = read_fast(path)
    assert all(was_scanned(sheet) for sheet in fast)
    assert_twins(fast, read_slow(path))


@pytest.mark.parametrize(
    ("sheet", "error"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + worksheet("&b;"), EntitiesForbidden),
        ('<!DOCTYPE a [<!ENTITY % b "c">]>' + worksheet(""), EntitiesForbidden),
        (worksheet('<row r="1"><c r="A1"><v>1</v></row></c>'), ParseError),
        (worksheet('<row r="1"><c r="A1" t="str"><v>\x01</v></c></row>'), ParseError),
        (worksheet('<row r="1"><c r="A1" t="str"><v>&nbsp;</v></c></row>'), ParseError),
        (worksheet('<row r="1"><c r="A1"><v>1</v></c></row>')[:-9], ParseError),
        (worksheet('<row r="1"><c r="A1" t="s"><v>5</v></c></row>'), IndexError),
        (worksheet('<row r="1"><c r="A1"><v>x</v></c></row>'), ValueError),
        (worksheet('<row r="1"><c r="A1" t="zzz"><v>x</v></c></row>'), KeyError),
        (worksheet('<row r="1048577"><c r="A1048577"><v>1</v></c></row>'), ValueError),
    ],
)
def test_what_is_wrong_is_told_by_openpyxl(tmp_path: Path, sheet: str, error: type[Exception]) -> None:
    path = package(tmp_path / "book.xlsx", sheet)
    for read in (read_fast, read_slow):
        with pytest.raises(error):
            read(path)


def test_entities_of_the_string_table_are_refused(tmp_path: Path) -> None:
    rows = worksheet('<row r="1"><c r="A1" t="s"><v>0</v></c></row>')
    path = package(
        tmp_path / "book.xlsx", rows, '<!DOCTYPE a [<!ENTITY b "c">]>' + table("<si><t>&b;</t></si>")
    )
    with pytest.raises(EntitiesForbidden):
        read_fast(path)


@pytest.mark.parametrize("rows", ["shared strings", "no references"])
def test_a_sheet_that_is_read_again_is_counted_once(tmp_path: Path, rows: str) -> None:
    path = package(tmp_path / "book.xlsx", worksheet((PLAIN | UNUSUAL)[rows]), TEXTS)
    cells = len(read_slow(path)[0].cells)
    assert len(read_fast(path, cells)[0].cells) == cells
    with pytest.raises(SheetError, match="max_cells"):
        read_fast(path, cells - 1)


def test_too_many_cells_are_refused_before_the_end_of_the_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx_xml, "PIECE_BYTES", 200)
    rows = "".join(f'<row r="{row}"><c r="A{row}"><v>{row}</v></c></row>' for row in range(1, 99))
    path = package(tmp_path / "book.xlsx", worksheet(rows) + "<broken")
    with pytest.raises(SheetError, match="max_cells"):
        read_fast(path, 50)


def test_kinds_as_a_check_on_both(tmp_path: Path) -> None:
    path = package(tmp_path / "book.xlsx", worksheet(PLAIN["dates"]), TEXTS)
    kinds = [cell.kind for cell in read_fast(path)[0].cells.values()]
    date, text = CellKind.DATE, CellKind.TEXT
    assert kinds == [*[date] * 4, CellKind.ERROR, date, text, CellKind.EMPTY, date, CellKind.NUMBER]


@pytest.mark.slow
@pytest.mark.parametrize("corpus", ["tablesense", "deco", "fuste", "saus", "silver", "quirks"])
def test_real_workbooks(corpus: str) -> None:
    files = sorted(path for path in (REAL_DATA / corpus).rglob("*") if path.suffix in {".xlsx", ".xlsm"})
    if not files:
        pytest.skip(f"{REAL_DATA} is not on this machine")
    sheets = scanned = 0
    for path in files:
        slow = None
        with suppress(Exception):  # damaged files raise anything; test_quirks looks at them
            slow = read_slow(path)
        if slow is None:
            continue
        fast = read_fast(path)
        sheets, scanned = sheets + len(fast), scanned + sum(map(was_scanned, fast))
        assert_twins(fast, slow)
    share = 0.9 if corpus == "quirks" else 1.0
    assert scanned >= share * sheets, "the fast pass does not know what most of these workbooks hold"
