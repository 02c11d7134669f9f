"""Measure how fast the parts are, all in one run: ``python -m benchmarks.run``, about five minutes."""

import argparse
import os
import tempfile
from pathlib import Path

import torch

from benchmarks import detection, features, growth, network, startup
from benchmarks.measure import Row, peak_memory_mb, print_rows
from tablesense.data.sample import SheetBatch, collate
from tablesense.data.synthetic import SyntheticDataModule

SHEETS = 60
BATCH_SIZE = 1  # a sheet a pass: what a pack gains depends on the sheets
PARTS = ("features", "growth", "detection", "startup", "network")


def main() -> None:
    """Run the benchmarks and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="(default: all)")
    parser.add_argument("--all", action="store_true", help="all real workbooks, not a sample of them")
    parser.add_argument(
        "--weights", type=Path, help="of the network that detects, as a run (default: random)"
    )
    options = parser.parse_args()
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder), options.parts, options.weights, with_all=options.all)
    print_rows("tablesense benchmarks", rows)


def measure(folder: Path, parts: tuple[str, ...], weights: Path | None, *, with_all: bool) -> list[Row]:
    """The rows of the parts; ``folder`` is for the generated workbooks."""
    data = SyntheticDataModule(
        num_sheets=SHEETS, folder=str(folder / "corpus"), cache_dir=str(folder / "cache")
    )
    data.prepare_data()
    generated = sorted((folder / "corpus" / "workbooks").iterdir())
    rows = []
    if "features" in parts:
        rows += [features.compare("synthetic", generated), *features.measure(with_all=with_all)]
    if "growth" in parts:
        rows += growth.measure(weights)
    if "detection" in parts:
        files = detection.sample(with_all=with_all)
        rows += [] if files else [features.NO_DATA]  # then the generated ones stand in
        rows += detection.measure(files or generated, weights)
    if "startup" in parts:
        rows += startup.measure()
    if "network" in parts:
        rows += measure_network(data)
    rows.append(Row("peak memory of this run", f"{peak_memory_mb():.0f} MB"))
    policy = os.environ.get("OMP_WAIT_POLICY", "as it comes")
    versions = f"torch {torch.__version__}, OMP_WAIT_POLICY {policy}"
    return [*rows, Row("threads, where not said", f"{torch.get_num_threads()}", versions)]


def measure_network(data: SyntheticDataModule) -> list[Row]:
    """The network on sheets of middling size."""
    data.setup("fit")
    batches = middle_batches(data)
    cells = sum(batch.mask.sum().item() for batch in batches) / len(batches)
    rows = [network.forward(batches), network.training_step(batches), network.sampling()]
    return [*rows, Row("grid cells of a sheet, mean", f"{cells:.0f}")]


def middle_batches(data: SyntheticDataModule, count: int = 16) -> list[SheetBatch]:
    """The sheets of middling size, one a batch."""
    samples = sorted(data.train_samples, key=lambda sample: sample.cells)
    start = max((len(samples) - count) // 2, 0)
    chosen = samples[start : start + count]
    return [collate(chosen[i : i + BATCH_SIZE]) for i in range(0, len(chosen), BATCH_SIZE)]


if __name__ == "__main__":
    main()
