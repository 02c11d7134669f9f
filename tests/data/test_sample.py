from dataclasses import replace

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from tablesense.boxes import Box
from tablesense.data.sample import Sample, SheetBatch, Source, collate, pack
from tablesense.features.channels import NUM_CHANNELS
from tablesense.features.fold import AxisFold, Fold

from .builders import random_sample

SAMPLES = [
    random_sample(2, 5, [Box(0, 0, 5, 2)], seed=1),
    random_sample(4, 3, [Box(1, 1, 3, 4), Box(0, 0, 1, 2)], seed=2),
    random_sample(1, 1, seed=3),
]


def test_sheets_are_padded_with_zeros_to_the_largest() -> None:
    batch = collate(SAMPLES)
    assert batch.grid.shape == (3, NUM_CHANNELS, 4, 5)
    assert batch.grid.dtype == torch.uint8
    for sample, grid in zip(SAMPLES, batch.grid, strict=True):
        _, rows, columns = sample.values.shape
        padding = ((0, 0), (0, 4 - rows), (0, 5 - columns))
        np.testing.assert_array_equal(grid.numpy(), np.pad(sample.values, padding))


def test_the_mask_is_true_inside_the_sheets() -> None:
    batch = collate(SAMPLES)
    assert batch.mask.dtype == torch.bool
    for sample, mask in zip(SAMPLES, batch.mask, strict=True):
        _, rows, columns = sample.values.shape
        assert mask[:rows, :columns].all()
        assert int(mask.sum()) == sample.cells == rows * columns


def test_tables_are_floats_also_where_there_are_none() -> None:
    batch = collate(SAMPLES)
    assert [tables.shape for tables in batch.tables] == [(1, 4), (2, 4), (0, 4)]
    assert all(tables.dtype == torch.float32 for tables in batch.tables)
    for sample, tables in zip(SAMPLES, batch.tables, strict=True):
        assert tables.tolist() == sample.boxes.tolist()


def test_sources_keep_their_place() -> None:
    fold = Fold(AxisFold(np.arange(1)), AxisFold(np.arange(1)))
    source = Source("enron", "a.xlsx", "S", (), fold)
    known = Sample(SAMPLES[2].values, SAMPLES[2].boxes, source)
    batch = collate([SAMPLES[0], known])
    assert batch.sources == [None, source]
    assert len(batch) == 2


def test_a_batch_says_whose_marks_a_sheet_has() -> None:
    samples = [replace(random_sample(2, 2), silver=silver) for silver in (True, False, True)]
    assert collate(samples).silver.tolist() == [True, False, True]


def test_a_slice_of_a_sheet_can_be_collated() -> None:
    sample = random_sample(9, 9)
    part = Sample(sample.values[:, 3:7, 2:4], sample.boxes)
    np.testing.assert_array_equal(collate([part]).grid[0].numpy(), sample.values[:, 3:7, 2:4])


def test_collating_copies() -> None:
    sample = random_sample(2, 2)
    before = sample.values.copy()
    collate([sample]).grid.zero_()
    np.testing.assert_array_equal(sample.values, before)


shapes = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=1, max_size=6)


def padded_cells(batches: list[SheetBatch]) -> int:
    return sum(batch.mask.numel() for batch in batches)


@given(shapes, st.integers(0, 200))
def test_packing_loses_no_sheet_and_is_worth_it(sizes: list[tuple[int, int]], pass_cost: int) -> None:
    fold = Fold(AxisFold(np.arange(1)), AxisFold(np.arange(1)))
    samples = [
        Sample(sample.values, sample.boxes, Source("enron", f"{number}.xlsx", "S", (), fold))
        for number, sample in enumerate(random_sample(*size, seed=size[0]) for size in sizes)
    ]
    packs = pack(samples, pass_cost, max_cells=10**9)
    names = [source.file_name for batch in packs for source in batch.sources if source]
    assert sorted(names) == sorted(f"{number}.xlsx" for number in range(len(samples)))
    alone = sum(sample.cells for sample in samples)
    assert padded_cells(packs) + pass_cost * len(packs) <= alone + pass_cost * len(samples)
    for batch in packs:
        for source, grid, mask in zip(batch.sources, batch.grid, batch.mask, strict=True):
            assert source is not None
            sample = samples[int(source.file_name.removesuffix(".xlsx"))]
            np.testing.assert_array_equal(grid[:, mask].numpy(), sample.values.reshape(NUM_CHANNELS, -1))


@given(shapes)
def test_the_cost_of_a_pass_decides_what_is_packed(sizes: list[tuple[int, int]]) -> None:
    samples = [random_sample(*size) for size in sizes]
    assert len(pack(samples, pass_cost=10_000, max_cells=10**9)) == 1
    assert padded_cells(pack(samples, pass_cost=0, max_cells=10**9)) == sum(
        sample.cells for sample in samples
    )
    assert len(pack(samples, pass_cost=1, max_cells=10**9)) == len(set(sizes)), (
        "equal shapes always go together"
    )


def test_packs_stay_under_the_cells_allowed() -> None:
    samples = [random_sample(10, 10) for _ in range(7)]
    packs = pack(samples, pass_cost=10_000, max_cells=300)
    assert max(len(batch) for batch in packs) == 3
    assert sum(len(batch) for batch in packs) == 7
    assert len(pack(samples, pass_cost=10_000, max_cells=1)) == 7, "a sheet of its own is always allowed"


def test_like_shapes_go_together() -> None:
    sizes = [(30, 2), (2, 30), (29, 2), (2, 29)]
    packs = pack([random_sample(*size) for size in sizes], pass_cost=50, max_cells=10**9)
    assert sorted(tuple(batch.mask.shape) for batch in packs) == [(2, 2, 30), (2, 30, 2)]


def test_a_batch_moves_with_all_its_tensors() -> None:
    batch = collate(SAMPLES)
    moved = batch.to("meta")
    assert isinstance(moved, SheetBatch)
    tensors = (moved.grid, moved.mask, moved.silver, *moved.tables)
    assert {tensor.device.type for tensor in tensors} == {"meta"}
    assert [tables.shape for tables in moved.tables] == [tables.shape for tables in batch.tables]
    assert moved.sources is batch.sources
    assert batch.grid.device.type == "cpu"
