"""Draw docs/picture.svg: ``python docs/draw_picture.py RUN`` shows what a run finds on a generated sheet."""

import sys
from pathlib import Path
from random import Random

import numpy as np

from tablesense.boxes import Box, to_a1
from tablesense.data.sample import Sample, collate
from tablesense.evaluation.picture import Frame, sheet_svg
from tablesense.evaluation.view import View
from tablesense.features.featurize import featurize
from tablesense.model.decode import decode
from tablesense.model.weights import load_detector
from tablesense.sheets.workbook import open_workbook
from tablesense.synthetic.layout import generate_sheet
from tablesense.synthetic.write import workbook_bytes

SEED = "picture 858"  # a sheet of the generator that no training corpus holds
GREEN = "#1a7f37"


def main(run: Path) -> None:
    """Load ``best.pt`` of a run, find the tables of one sheet, write the picture."""
    network = load_detector(run / "checkpoints" / "best.pt")

    planned = generate_sheet(Random(SEED))  # noqa: S311 - a seeded sheet
    book = Path(__file__).with_name("picture.xlsx")
    book.write_bytes(workbook_bytes([planned]))
    (sheet,) = open_workbook(book)
    book.unlink()
    grid = featurize(sheet)
    batch = collate([Sample(grid.values, np.zeros((0, 4), dtype=np.int64))])
    (found,) = decode(network.answer(batch.grid, batch.mask), min_score=0.5)
    boxes = [(grid.fold.to_sheet(box), score) for box, score in found]
    rows, columns = grid.fold.rows.kept, grid.fold.columns.kept
    window = Box(0, 0, int(columns[-1]) + 2, int(rows[-1]) + 2)
    frames = [Frame(box, f"{to_a1(box)}  {score:.2f}", GREEN) for box, score in boxes]
    svg = sheet_svg(sheet, View.of(window), frames)
    Path(__file__).with_name("picture.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
