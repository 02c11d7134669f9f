"""A network without training, for what comes before and after it: every blob of filled cells is a table."""

from pathlib import Path

import openpyxl
import torch
from openpyxl.styles import Font
from scipy import ndimage
from torch import Tensor

from tablesense.boxes import parse_a1
from tablesense.features.channels import INDEX
from tablesense.model.detector import DetectorOutput, LayerOutput, NetworkConfig, TableDetector

TINY = NetworkConfig(
    backbone_blocks=1,
    hidden_dim=8,
    num_heads=2,
    num_points=1,
    encoder_layers=1,
    decoder_layers=1,
    num_queries=8,
)


class BlobDetector(TableDetector):
    """Points at every blob of filled cells of two cells or more; the first is the surest, at 0.9."""

    def __init__(self) -> None:
        super().__init__(TINY)
        self.sheets_seen = 0
        self.largest = 0

    def forward(self, grid: Tensor, mask: Tensor, hint: Tensor | None = None) -> DetectorOutput:
        assert hint is None, "only training hints"
        batch, _, height, width = grid.shape
        self.sheets_seen += batch
        self.largest = max(self.largest, int(mask.flatten(1).sum(1).max()))
        logits = torch.full((batch, TINY.num_queries), -9.0)
        edges = [torch.full((batch, TINY.num_queries, n), -50.0) for n in (width, height, width, height)]
        for sheet in range(batch):
            labels, _ = ndimage.label(grid[sheet, INDEX["filled"]].numpy() > 0, structure=[[1] * 3] * 3)
            slices = [
                s for s in ndimage.find_objects(labels) if s[0].stop - s[0].start + s[1].stop - s[1].start > 2
            ]
            for query, (rows, columns) in enumerate(slices[: TINY.num_queries]):
                logits[sheet, query] = torch.logit(torch.tensor(0.9 - 0.05 * query))
                lines = (columns.start, rows.start, columns.stop - 1, rows.stop - 1)
                for edge, line in zip(edges, lines, strict=True):
                    edge[sheet, query, line] = 50.0
        layer = LayerOutput(logits, torch.zeros(batch, TINY.num_queries, 4), tuple(edges))
        cells = torch.zeros(batch, 6, height, width)
        unused = torch.zeros(logits.shape, dtype=torch.bool)
        return DetectorOutput([layer], unused, cells, layer.boxes, mask)


def write_book(path: Path, tables: dict[str, list[str]], hidden: tuple[str, ...] = ()) -> Path:
    """A workbook with a bold header, a column of names and numbers in every range, by sheet."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, ranges in tables.items():
        sheet = book.create_sheet(name)
        if name in hidden:
            sheet.sheet_state = "hidden"
        for text in ranges:
            box = parse_a1(text)
            for row in range(box.top, box.bottom):
                for column in range(box.left, box.right):
                    cell = sheet.cell(row + 1, column + 1)
                    if row == box.top:
                        cell.value, cell.font = f"Head {column}", Font(bold=True)
                    else:
                        cell.value = f"item {row}" if column == box.left else 10 * row + column
    book.save(path)
    return path
