import datetime as dt
from collections.abc import Callable

import pytest

from tablesense.boxes import Box
from tablesense.sheets.sheet import Cell, CellKind, Sheet, SheetError
from tablesense.sheets.workbook import ReadLimits, open_workbook

from .books import ODS_NAMESPACES, VALUES, edited, ods_bytes, ods_cell, unzipped, zipped
from .looks import loud


def rows(*lines: str, attributes: str = "") -> str:
    return "".join(f"<table:table-row {attributes}>{line}</table:table-row>" for line in lines)


def read(tables: str, styles: str = "") -> Sheet:
    (sheet,) = open_workbook(ods_bytes(tables, styles))
    return sheet


def cell_style(name: str, properties: str, attributes: str = "") -> str:
    return (
        f'<style:style style:name="{name}" style:family="table-cell" {attributes}>{properties}</style:style>'
    )


def test_values_keep_their_types_and_places() -> None:
    (sheet,) = open_workbook(ods_bytes())
    assert {place: cell.value for place, cell in sheet.cells.items()} == {
        (y, x): value for y, row in enumerate(VALUES) for x, value in enumerate(row)
    }
    assert sheet.cells[3, 0].kind is CellKind.DATE
    assert sheet.cells[3, 1].kind is CellKind.BOOLEAN
    assert type(sheet.cells[2, 1].value) is int


@pytest.mark.parametrize(
    ("attributes", "text", "kind", "value"),
    [
        ('office:value-type="percentage" office:value="0.5"', "50%", CellKind.NUMBER, 0.5),
        ('office:value-type="currency" office:value="3"', "3 EUR", CellKind.NUMBER, 3),
        ('office:value-type="time" office:time-value="PT12H30M0S"', "12:30", CellKind.DATE, dt.time(12, 30)),
        ('office:value-type="time" office:time-value="PT36H"', "36", CellKind.DATE, dt.timedelta(hours=36)),
        ('office:value-type="time" office:time-value="-PT1H"', "-1", CellKind.DATE, -dt.timedelta(hours=1)),
        (
            'office:value-type="date" office:date-value="2024-05-01T12:00:00Z"',
            "a moment with a time zone",
            CellKind.DATE,
            dt.datetime(2024, 5, 1, 12),
        ),
        (
            'office:value-type="date" office:date-value="1783-09-03"',
            "x",
            CellKind.DATE,
            dt.datetime(1783, 9, 3),
        ),
        ('office:value-type="date" office:date-value="-0044-03-15"', "Ides", CellKind.TEXT, "Ides"),
        ('office:value-type="float" office:value="wide"', "wide", CellKind.TEXT, "wide"),
        ('office:value-type="string" office:string-value="kept"', "shown", CellKind.TEXT, "kept"),
        ('office:value-type="string"', "#N/A", CellKind.TEXT, "#N/A"),
        ('office:value-type="string" table:formula="of:=NA()"', "#N/A", CellKind.ERROR, "#N/A"),
        ('office:value-type="string" table:formula="of:=X"', "Err:508", CellKind.ERROR, "Err:508"),
        ('office:value-type="string" table:formula="of:=T([.A9])"', "", CellKind.TEXT, ""),
    ],
)
def test_value_types(attributes: str, text: str, kind: CellKind, value: object) -> None:
    cell = read(rows(f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>")).cells[
        0, 0
    ]
    assert (cell.kind, cell.value) == (kind, value)


def test_formulas_lose_the_name_of_their_grammar() -> None:
    cell = read(rows(ods_cell(3, 'table:formula="of:=SUM([.A1:.A2])"'))).cells[0, 0]
    assert cell.formula == "=SUM([.A1:.A2])"
    assert cell.value == 3


def test_text_is_put_together_and_comments_stay_apart() -> None:
    note = "<office:annotation><text:p>a comment</text:p></office:annotation>"
    text = '<text:p>a<text:s text:c="2"/><text:span>b<text:tab/>c</text:span><text:line-break/>d</text:p>'
    cell = read(rows(f"<table:table-cell>{note}{text}<text:p>e</text:p></table:table-cell>")).cells[0, 0]
    assert cell.value == "a  b\tc\nd\ne"
    assert cell.comment


def test_repeated_rows_and_cells_are_unfolded() -> None:
    twice = ods_cell("x", 'table:number-columns-repeated="2"')
    blank = '<table:table-cell table:number-columns-repeated="3"/>'
    sheet = read(rows(blank + twice, attributes='table:number-rows-repeated="2"') + rows(ods_cell("end")))
    assert set(sheet.cells) == {(0, 3), (0, 4), (1, 3), (1, 4), (2, 0)}


def test_repeated_cells_do_not_share_what_can_change() -> None:
    sheet = read(rows(ods_cell("x", 'table:number-columns-repeated="2"')))
    sheet.cells[0, 0].comment = True
    assert not sheet.cells[0, 1].comment


def test_a_blank_background_to_the_end_of_the_sheet_is_not_unfolded() -> None:
    styles = cell_style("grey", '<style:table-cell-properties fo:background-color="#cccccc"/>')
    blank = '<table:table-cell table:style-name="grey" table:number-columns-repeated="16384"/>'
    few = '<table:table-cell table:style-name="grey" table:number-columns-repeated="3"/>'
    sheet = read(rows(few) + rows(blank, attributes='table:number-rows-repeated="1048000"'), styles)
    assert set(sheet.cells) == {(0, 0), (0, 1), (0, 2)}


def test_a_value_repeated_without_end_meets_the_limit() -> None:
    with pytest.raises(SheetError, match="max_cells"):
        read(rows(ods_cell(1, 'table:number-columns-repeated="999999999999"')))


def test_a_cell_outside_a_sheet_is_damage() -> None:
    far = f'<table:table-cell table:number-columns-repeated="16384"/>{ods_cell("x")}'
    with pytest.raises(SheetError, match="a cell lies at row 1, column 16385"):
        read(rows(far))


def test_structure_is_read() -> None:
    columns = (
        '<table:table-column/><table:table-column table:visibility="collapse" '
        'table:number-columns-repeated="2"/><table:table-column/>'
    )
    merged = ods_cell("title", 'table:number-columns-spanned="2" table:number-rows-spanned="2"')
    body = rows(merged + '<table:covered-table-cell table:number-columns-repeated="3"/>' + ods_cell("far"))
    body += rows(ods_cell("hidden"), attributes='table:visibility="filter"')
    body += rows("", attributes='table:visibility="collapse" table:number-rows-repeated="1048000"')
    sheet = read(
        f"<table:table-columns>{columns}</table:table-columns><table:table-rows>{body}</table:table-rows>"
    )
    assert sheet.merges == [Box(0, 0, 2, 2)]
    assert sheet.hidden_columns == {1, 2}
    assert sheet.hidden_rows == {1}, "hidden rows beyond the last cell are not counted"
    assert sheet.cells[1, 0].value == "hidden"


def test_formatting_is_read_and_inherited() -> None:
    styles = (
        '<number:percentage-style style:name="P"><number:number number:decimal-places="2" '
        'number:min-integer-digits="1"/><number:text>%</number:text></number:percentage-style>'
        + cell_style(
            "parent",
            '<style:text-properties fo:font-weight="bold" fo:font-size="14pt" fo:color="#ff0000"/>'
            '<style:table-cell-properties fo:border="0.06pt solid #000000" fo:background-color="#00ff00"/>',
        )
        + cell_style(
            "child",
            '<style:text-properties fo:font-style="italic" style:text-underline-style="solid" '
            'style:text-line-through-style="solid"/>'
            '<style:table-cell-properties fo:border-top="none" style:vertical-align="top" '
            'fo:wrap-option="wrap" style:cell-protect="formula-hidden"/>'
            '<style:paragraph-properties fo:text-align="end" fo:margin-left="20pt"/>',
            'style:parent-style-name="parent" style:data-style-name="P"',
        )
    )
    sheet = read(rows(ods_cell(0.5, 'table:style-name="child"') + ods_cell("plain")), styles)
    assert sheet.styles[sheet.cells[0, 0].style] == loud(
        fill_color="00FF00", border_right=True, border_bottom=True, horizontal="right"
    )
    assert sheet.cells[0, 1] == Cell("plain", CellKind.TEXT, 0)
    assert sheet.has_formatting


def test_a_cell_looks_like_its_row_and_column_unless_it_says_otherwise() -> None:
    styles = "".join(
        cell_style(name, f'<style:table-cell-properties fo:background-color="#{color}"/>')
        for name, color in (("c", "0000aa"), ("r", "00bb00"), ("own", "cc0000"))
    )
    column = '<table:table-column table:default-cell-style-name="c"/>'
    body = rows(ods_cell("a")) + rows(ods_cell("b"), attributes='table:default-cell-style-name="r"')
    body += rows(ods_cell("c", 'table:style-name="own"'))
    sheet = read(column + body, styles)
    fills = [sheet.styles[sheet.cells[row, 0].style].fill_color for row in range(3)]
    assert fills == ["0000AA", "00BB00", "CC0000"]


def test_named_styles_come_from_their_part_and_damage_there_costs_the_looks_only() -> None:
    named = cell_style("Bold", '<style:text-properties fo:font-weight="bold"/>')
    inner = f"<office:styles>{named}</office:styles>"
    part = f"<office:document-styles {ODS_NAMESPACES}>{inner}</office:document-styles>"
    parts = unzipped(ods_bytes(rows(ods_cell("a", 'table:style-name="Bold"'))))
    for text, bold in ((part, True), (part[:-9], True), ("<office", False)):
        (sheet,) = open_workbook(zipped({**parts, "styles.xml": text}))
        assert sheet.styles[sheet.cells[0, 0].style].bold is bold


def test_a_style_that_is_its_own_ancestor() -> None:
    styles = cell_style("a", "", 'style:parent-style-name="b"') + cell_style(
        "b", "", 'style:parent-style-name="a"'
    )
    assert read(rows(ods_cell("x", 'table:style-name="a"')), styles).cells[0, 0].value == "x"


def test_hidden_sheets_are_left_out_unless_asked_for() -> None:
    styles = (
        '<style:style style:name="off" style:family="table"><style:table-properties table:display="false"/>'
        "</style:style>"
    )
    tables = f'<table:table table:name="shown">{rows(ods_cell("a"))}</table:table>'
    tables += f'<table:table table:name="hidden" table:style-name="off">{rows(ods_cell("b"))}</table:table>'
    book = ods_bytes(tables, styles)
    assert [sheet.name for sheet in open_workbook(book)] == ["shown"]
    assert [sheet.hidden for sheet in open_workbook(book, include_hidden=True)] == [False, True]
    (hidden,) = open_workbook(book, sheet_names=["hidden"])
    assert hidden.cells[0, 0].value == "b"


def test_a_table_inside_a_cell_is_not_part_of_the_sheet() -> None:
    inner = f'<table:table table:name="inner">{rows(ods_cell("x") * 3)}</table:table>'
    sheet = read(rows(f"<table:table-cell>{inner}</table:table-cell>" + ods_cell("next")))
    assert {place: cell.value for place, cell in sheet.cells.items()} == {(0, 1): "next"}


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda part: part[: len(part) // 2], "damaged .ParseError"),
        (lambda part: b'<!DOCTYPE a [<!ENTITY b "c">]>' + part, "EntitiesForbidden"),
        (lambda part: b"", "damaged"),
    ],
)
def test_damage_is_named(change: Callable[[bytes], bytes], cause: str) -> None:
    with pytest.raises(SheetError, match=cause):
        open_workbook(edited(ods_bytes(), content__xml=change))


def test_an_encrypted_file_is_named() -> None:
    book = edited(ods_bytes(), manifest__xml=lambda part: part.replace(b"/>", b"><m:encryption-data/>", 1))
    with pytest.raises(SheetError, match="password protected"):
        open_workbook(book)


def test_cells_are_bounded() -> None:
    assert open_workbook(ods_bytes(), limits=ReadLimits(max_cells=8))
    with pytest.raises(SheetError, match="max_cells"):
        open_workbook(ods_bytes(), limits=ReadLimits(max_cells=7))
