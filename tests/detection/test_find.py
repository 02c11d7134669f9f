"""Sheets go through the network in batches and strips, and nothing of that can be seen in the result."""

import numpy as np
import pytest

from tablesense.boxes import Box
from tablesense.detection.find import TableFinder
from tablesense.detection.reading import PreparedSheet, prepare_sheet
from tablesense.detection.strips import cut_in_strips
from tablesense.errors import UserError
from tablesense.features.channels import INDEX, NUM_CHANNELS
from tablesense.features.featurize import SheetGrid
from tablesense.features.fold import AxisFold, Fold
from tablesense.model.detector import TableDetector
from tablesense.sheets.sheet import Cell, CellKind, Sheet, Style
from tests.detection.blobs import TINY, BlobDetector


def sheet_with(*boxes: Box, name: str = "S") -> Sheet:
    """A chequerboard of texts and numbers, so that nothing of it is folded."""
    cells = {
        (row, column): Cell("word", CellKind.TEXT) if (row + column) % 2 else Cell(row, CellKind.NUMBER)
        for box in boxes
        for row in range(box.top, box.bottom)
        for column in range(box.left, box.right)
    }
    return Sheet(name, cells)


def grid_of(filled: np.ndarray, first_row: int = 0) -> SheetGrid:
    values = np.zeros((NUM_CHANNELS, *filled.shape), dtype=np.uint8)
    values[INDEX["filled"]] = 255 * filled
    rows, columns = (AxisFold(np.arange(size)) for size in filled.shape)
    return SheetGrid(values, Fold(AxisFold(rows.kept + first_row), columns))


BOXES = [Box(1, 2, 4, 9), Box(6, 2, 9, 5), Box(1, 12, 5, 30), Box(2, 33, 6, 60)]


def test_boxes_come_back_in_cells_of_the_sheet_from_the_top_down() -> None:
    (found,) = TableFinder(BlobDetector()).find([prepare_sheet(sheet_with(*reversed(BOXES)))])
    assert [box for box, _ in found.tables] == BOXES


def test_many_sheets_at_once_equal_one_at_a_time() -> None:
    sheets = [prepare_sheet(sheet_with(*BOXES[: 1 + n % 4])) for n in range(40)]
    finder = TableFinder(BlobDetector())
    assert finder.find(sheets) == [finder.find([sheet])[0] for sheet in sheets]


def test_real_network_gives_the_same_in_a_batch() -> None:
    sheets = [prepare_sheet(sheet_with(*BOXES[: 1 + n])) for n in range(3)]
    finder = TableFinder(TableDetector(TINY), threshold=0.0)
    together, alone = finder.find(sheets), [finder.find([sheet])[0] for sheet in sheets]
    for one, other in zip(together, alone, strict=True):
        assert [table.box for table in one.tables] == [table.box for table in other.tables]
        assert np.allclose([t.score for t in one.tables], [t.score for t in other.tables], atol=1e-5)


def test_threshold_leaves_out_what_is_scored_lower() -> None:
    sheet = prepare_sheet(sheet_with(*BOXES))
    assert len(TableFinder(BlobDetector(), threshold=0.83).find([sheet])[0].tables) == 2
    with pytest.raises(UserError, match="threshold"):
        TableFinder(BlobDetector(), threshold=1.5)


def test_large_sheet_is_cut_between_tables() -> None:
    network = BlobDetector()
    (found,) = TableFinder(network, max_grid_cells=300).find([prepare_sheet(sheet_with(*BOXES))])
    assert [box for box, _ in found.tables] == BOXES
    assert found.note is None
    assert network.largest <= 300


def test_what_is_left_out_of_a_large_table_is_said() -> None:
    prepared = prepare_sheet(sheet_with(Box(0, 0, 3, 50), Box(0, 60, 3, 64)))
    (found,) = TableFinder(BlobDetector(), max_grid_cells=60).find([prepared])
    assert found.note is not None
    assert "rows 21-50 were left out" in found.note
    assert [box for box, _ in found.tables] == [Box(0, 0, 3, 20), Box(0, 60, 3, 64)]


def test_wide_sheet_is_cut_at_the_right() -> None:
    (found,) = TableFinder(BlobDetector(), max_grid_cells=10).find(
        [prepare_sheet(sheet_with(Box(0, 0, 30, 1)))]
    )
    assert found.note is not None
    assert "columns" in found.note


def test_strips_cover_every_row_once_and_stay_within_the_limit() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        filled = rng.random((rng.integers(1, 60), rng.integers(1, 8))) < rng.choice([0.1, 0.4])
        grid, limit = grid_of(filled), int(rng.integers(8, 80))
        strips = cut_in_strips(grid, limit)
        assert all(
            (stop - start) * strips.columns <= max(limit, strips.columns) for start, stop in strips.rows
        )
        covered = sorted(row for part in (*strips.rows, *strips.unseen) for row in range(*part))
        assert covered == list(range(grid.height))
        for start, _ in strips.rows[1:]:
            assert not filled[start].any()  # a strip begins in a blank row, so no table is cut


def test_sheet_without_values_needs_no_network() -> None:
    network = BlobDetector()
    styled = Sheet("S", {(0, 0): Cell(None, CellKind.EMPTY, 1)}, [Style(), Style(bold=True, border_top=True)])
    for sheet in (Sheet("S"), styled):
        (found,) = TableFinder(network).find([prepare_sheet(sheet)])
        assert found.tables == []
        assert found.note is not None
        assert "no table can be here" in found.note
    assert network.sheets_seen == 0


def test_sheet_that_failed_keeps_its_reason() -> None:
    failed = PreparedSheet(Sheet("S"), None, "too large", failed=True)
    assert TableFinder(BlobDetector()).find([failed])[0].note == "too large"
