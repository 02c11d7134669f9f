"""The overfit gate: a small network learns three sheets to the exact cell, from real workbooks."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
import torch
from lightning import Trainer, seed_everything
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from tablesense.boxes import Box, parse_a1
from tablesense.corpora.record import SheetAnnotation
from tablesense.data.module import SheetDataModule
from tablesense.data.splitting import CorpusConfig
from tablesense.model.detector import NetworkConfig
from tablesense.training.module import TableDetectionModule

SMALL = NetworkConfig(
    backbone_blocks=3,
    hidden_dim=32,
    num_heads=4,
    num_points=2,
    encoder_layers=1,
    decoder_layers=2,
    num_queries=10,
)
STEPS = 400  # of seven seeds the slowest was right to the cell from step 160 on, this one from step 40


def fill(sheet: Worksheet, area: str) -> Box:
    """Write a table: a bold header, a column of names, numbers."""
    box = parse_a1(area)
    for row in range(box.top, box.bottom):
        for column in range(box.left, box.right):
            cell = sheet.cell(row + 1, column + 1)
            if row == box.top:
                cell.value, cell.font = f"Head {column}", Font(bold=True)
            else:
                cell.value = f"item {row}" if column == box.left else 10 * row + column + 0.5
    return box


def several(sheet: Worksheet) -> list[Box]:
    """Tables side by side and stacked, the last two without a gap of more than a line."""
    return [fill(sheet, area) for area in ("A1:C6", "E1:H4", "A8:C12", "E6:H12")]


def long(sheet: Worksheet) -> list[Box]:
    """A table whose middle is folded away."""
    return [fill(sheet, "B3:F240")]


def reported(sheet: Worksheet) -> list[Box]:
    """A table with a title above and a note below, which are not part of it."""
    sheet["A1"], sheet["A1"].font = "Sales by region, 2024", Font(bold=True, size=16)
    sheet["A2"] = "in thousands of euros"
    sheet["A14"] = "Source: the regional offices; figures are not final."
    return [fill(sheet, "A4:D12")]


def write_corpus(folder: Path) -> dict[str, list[Box]]:
    """Three workbooks, each annotated for training and for validation."""
    (folder / "workbooks").mkdir(parents=True)
    tables, lines = {}, []
    for build in (several, long, reported):
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        file_name = f"{build.__name__}.xlsx"
        tables[file_name] = build(sheet)
        book.save(folder / "workbooks" / file_name)
        for split in ("train", "val"):
            record = SheetAnnotation(file_name, sheet.title, tuple(tables[file_name]), file_name, split)
            lines.append(record.to_json() + "\n")
    (folder / "annotations.jsonl").write_text("".join(lines), encoding="utf-8")
    return tables


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*(LeafSpec|treespec).*deprecated.*")
        yield


@pytest.mark.slow
def test_three_sheets_are_learned_to_the_cell(tmp_path: Path) -> None:
    tables = write_corpus(tmp_path / "corpus")
    data = SheetDataModule(
        [CorpusConfig(str(tmp_path / "corpus"))],
        batch_size=3,
        cache_dir=str(tmp_path / "cache"),
        on_problem="fail",
    )
    seed_everything(0, verbose=False)
    module = TableDetectionModule(SMALL, lr=2e-3, warmup_steps=20)
    trainer = Trainer(
        max_steps=STEPS,
        accelerator="cpu",
        gradient_clip_val=1.0,
        limit_val_batches=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    trainer.fit(module, datamodule=data)
    trainer.limit_val_batches = 1.0
    trainer.validate(module, datamodule=data, verbose=False)

    found = {result.file_name: sorted(result.above(0.5)) for result in module.results.sheets}
    assert found == {name: sorted(boxes) for name, boxes in tables.items()}
    assert trainer.callback_metrics["val/eob0_f1"] == 1.0
    assert trainer.callback_metrics["val/eob_mean"] == 0.0
