"""Measure how fast the parts are: ``python -m benchmarks.run``, under two minutes."""

import tempfile
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from benchmarks import features, network
from benchmarks.measure import Row, peak_memory_mb
from tablesense.data.sample import SheetBatch, collate
from tablesense.data.synthetic import SyntheticDataModule

SHEETS = 60
BATCH_SIZE = 1  # a sheet a pass: what a pack gains depends on the sheets


def main() -> None:
    """Run all benchmarks and print one table."""
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder))
    table = Table("what", "figure", "against", title="tablesense benchmarks")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def measure(folder: Path) -> list[Row]:
    """All rows; ``folder`` is for the generated workbooks."""
    data = SyntheticDataModule(
        num_sheets=SHEETS, folder=str(folder / "corpus"), cache_dir=str(folder / "cache")
    )
    data.prepare_data()
    data.setup("fit")
    rows = [features.compare("synthetic", sorted((folder / "corpus" / "workbooks").iterdir()))[0]]
    if real := features.real_workbooks():
        rows.append(features.compare("real", real)[0])
    batches = middle_batches(data)
    cells = sum(batch.mask.sum().item() for batch in batches) / len(batches)
    rows += [network.forward(batches), network.training_step(batches), network.sampling()]
    rows.append(Row("grid cells of a sheet, mean", f"{cells:.0f}"))
    rows.append(Row("peak memory", f"{peak_memory_mb():.0f} MB"))
    rows.append(Row("threads", f"{torch.get_num_threads()}", f"torch {torch.__version__}"))
    return rows


def middle_batches(data: SyntheticDataModule, count: int = 16) -> list[SheetBatch]:
    """The sheets of middling size, one a batch."""
    samples = sorted(data.train_samples, key=lambda sample: sample.cells)
    start = max((len(samples) - count) // 2, 0)
    chosen = samples[start : start + count]
    return [collate(chosen[i : i + BATCH_SIZE]) for i in range(0, len(chosen), BATCH_SIZE)]


if __name__ == "__main__":
    main()
