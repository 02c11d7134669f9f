import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box
from tablesense.evaluation.labels import Area, place_labels
from tablesense.evaluation.picture import Frame, LegendEntry, sheet_svg
from tablesense.evaluation.view import View
from tablesense.sheets.sheet import Cell, CellKind, Sheet, Style

SVG = "{http://www.w3.org/2000/svg}"
RED = "#ff0000"


def sheet_of(text: str) -> Sheet:
    return Sheet("S", {(1, 1): Cell(text, CellKind.TEXT)})


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in fromstring(svg).iter(f"{SVG}text")]


def frame_path(svg: str) -> str:
    (path,) = (e.get("d", "") for e in fromstring(svg).iter(f"{SVG}path") if e.get("stroke") == RED)
    return path


@given(st.text(max_size=40))
def test_text_never_becomes_markup(text: str) -> None:
    """Whatever a workbook says, the picture is valid XML with the same elements."""
    view = View.of(Box(0, 0, 3, 3))
    legend = [LegendEntry(text, RED, is_hatched=True)]
    svgs = [
        sheet_svg(sheet_of(f"x{word}"), view, [Frame(Box(0, 0, 2, 2), word, RED)], {}, [word], legend)
        for word in ("plain", text)
    ]
    plain, other = ([element.tag for element in fromstring(svg).iter()] for svg in svgs)
    assert plain == other


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a\x00\x0b\x1b[31mb", "\ud800", "\u202egnp"])
def test_what_xml_and_readers_stumble_over_is_made_harmless(text: str) -> None:
    svg = sheet_svg(sheet_of(text), View.of(Box(0, 0, 9, 3)), [], title=[text])
    svg.encode()
    assert "<script" not in svg
    assert all(word.isprintable() for word in texts(svg))


def test_rows_left_out_are_a_band_that_a_frame_crosses() -> None:
    sheet, box = sheet_of("x"), Box(1, 1, 2, 500)
    svg = sheet_svg(sheet, View([0, 1, 2, 498, 499, 500], [0, 1, 2]), [Frame(box, "B2:B500", RED)])
    assert "⋮ 495 rows left out" in texts(svg)
    assert frame_path(svg).count("M") == 4
    assert [label for label in texts(svg) if label.isdigit()] == ["1", "2", "3", "499", "500", "501"]


@pytest.mark.parametrize(
    ("rows", "columns", "sides"),
    [
        ([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4], 4),
        ([2, 3, 4, 5], [0, 1, 2, 3, 4], 3),
        ([2, 3], [0, 1, 2, 3, 4], 2),
        ([2, 3], [1, 2, 3], 2),
        ([2], [2], 0),
    ],
)
def test_an_edge_that_is_not_shown_is_left_open(rows: list[int], columns: list[int], sides: int) -> None:
    frame = Frame(Box(1, 1, 4, 5), "B2:D5", RED)
    assert frame_path(sheet_svg(sheet_of("x"), View(rows, columns), [frame])).count("M") == sides


def test_a_table_out_of_view_is_not_drawn() -> None:
    svg = sheet_svg(sheet_of("x"), View.of(Box(0, 0, 3, 3)), [Frame(Box(7, 7, 9, 9), "H8:I9", RED)])
    assert RED not in svg


def test_text_runs_over_blank_cells_only() -> None:
    long = "a title of many words"

    def room(*filled: tuple[int, int]) -> int:
        cells = {(0, 0): Cell(long, CellKind.TEXT)} | {p: Cell(1, CellKind.NUMBER) for p in filled}
        root = fromstring(sheet_svg(Sheet("S", cells), View.of(Box(0, 0, 4, 1)), []))
        (width,) = (
            element.get("width", "")
            for element in root.iter(f"{SVG}svg")
            if (text := element.find(f"{SVG}text")) is not None and (text.text or "") in long and text.text
        )
        return int(width)

    assert room((0, 1)) < room((0, 2)) < room((0, 3)) < room()


def test_values_and_styles_are_seen() -> None:
    cells = {
        (0, 0): Cell("Total", CellKind.TEXT, style=1),
        (0, 1): Cell(13_083_412.25, CellKind.NUMBER),
        (0, 2): Cell(None, CellKind.NUMBER, formula="=SUM(A1)"),
    }
    styles = [Style(), Style(font_color="00FF00", fill_color="0000FF", bold=True)]
    svg = sheet_svg(Sheet("S", cells, styles), View.of(Box(0, 0, 4, 1)), [])
    assert {"Total", "13083412", "=SUM(A1)"} <= set(texts(svg))
    assert "#00FF00" in svg
    assert "#0000FF" in svg


areas = st.builds(
    lambda left, top, width, height: Area(left, top, left + width, top + height),
    *(st.integers(0, 300), st.integers(0, 300), st.integers(20, 200), st.integers(18, 200)),
)


@given(st.lists(areas, max_size=5))
def test_labels_lie_inside_the_picture(wanted: list[Area]) -> None:
    bounds = Area(0, 0, 520, 520)
    for plate in place_labels([(area, "A1:B2  0.99") for area in wanted], [], bounds):
        assert plate.overlap(bounds) == (plate.right - plate.left) * (plate.bottom - plate.top)


def test_labels_of_one_frame_do_not_cover_each_other() -> None:
    area = Area(100, 100, 184, 200)
    plates = place_labels(
        [(area, "B2:B7"), (area, "B2:B7 0.81 off by 1"), (area, "third")], [], Area(0, 0, 400, 400)
    )
    assert all(one.overlap(other) == 0 for one in plates for other in plates if one is not other)


def test_a_label_goes_where_no_text_is() -> None:
    area, title = Area(0, 40, 300, 100), Area(0, 22, 84, 40)
    (plate,) = place_labels([(area, "A3:C5")], [title], Area(0, 0, 400, 400))
    assert plate.overlap(title) == 0
    assert plate.bottom == area.top
