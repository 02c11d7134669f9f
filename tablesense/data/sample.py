"""What training handles: one sheet with its tables in grid cells, and a padded batch of them."""

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tablesense.boxes import Box
from tablesense.features.channels import NUM_CHANNELS
from tablesense.features.fold import Fold


class Source(NamedTuple):
    """Where a sheet comes from, its tables in sheet cells, and the way from the grid to the sheet."""

    corpus: str
    file_name: str
    sheet_name: str
    tables: tuple[Box, ...]
    fold: Fold


@dataclass(frozen=True, eq=False)
class Sample:
    """One sheet. ``values`` is ``[C, H, W]`` bytes, ``boxes`` ``[N, 4]`` half-open in grid cells.

    ``silver``: a machine marked its tables, not a person.
    """

    values: NDArray[np.uint8]
    boxes: NDArray[np.int64]
    source: Source | None = None  # None once augmented: there is no sheet to go back to
    silver: bool = False

    @property
    def cells(self) -> int:
        """Number of cells of the grid."""
        return int(self.values.shape[1] * self.values.shape[2])


@dataclass(eq=False)
class SheetBatch:
    """Sheets padded to one size.

    grid: ``[B, C, H, W]`` bytes, zero outside the sheets. mask: ``[B, H, W]``, True inside the sheets.
    tables: for each sheet ``[N, 4]`` float half-open boxes in cells. sources: see :class:`Source`.
    silver: ``[B]``, True where a machine marked the tables.
    """

    grid: Tensor
    mask: Tensor
    tables: list[Tensor]
    sources: list[Source | None]
    silver: Tensor

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Self:
        """Move the tensors; Lightning calls this."""
        return type(self)(
            self.grid.to(device, non_blocking=non_blocking),
            self.mask.to(device, non_blocking=non_blocking),
            [boxes.to(device, non_blocking=non_blocking) for boxes in self.tables],
            self.sources,
            self.silver.to(device, non_blocking=non_blocking),
        )

    def pin_memory(self) -> Self:
        """Pin the tensors for copying to a GPU; the data loader calls this."""
        return type(self)(
            self.grid.pin_memory(),
            self.mask.pin_memory(),
            [t.pin_memory() for t in self.tables],
            self.sources,
            self.silver.pin_memory(),
        )

    def __len__(self) -> int:
        """Number of sheets."""
        return len(self.sources)


def pack(samples: list[Sample], pass_cost: int, max_cells: int) -> list[SheetBatch]:
    """Pad sheets of like shape together, so that little of a batch is padding.

    Starting from every sheet alone, the two packs whose union saves most are joined, until none does.
    What a pack costs is its padded cells plus ``pass_cost``, the cells' worth of one more pass through
    the network: about 500 on a CPU, far more on a GPU. Packs of more than ``max_cells`` padded cells are
    not made; a sheet larger than that stays alone.
    """
    packs = [[sample] for sample in samples]
    while len(packs) > 1:
        cells = [_padded(members) for members in packs]
        joined = {(i, j): _padded(packs[i] + packs[j]) for i, j in combinations(range(len(packs)), 2)}
        saving, one, other = max(
            (cells[i] + cells[j] + pass_cost - both if both <= max_cells else 0, i, j)
            for (i, j), both in joined.items()
        )
        if saving <= 0:
            break
        packs[one] = packs[one] + packs.pop(other)
    return [collate(members) for members in packs]


def _padded(samples: list[Sample]) -> int:
    """Cells of a pack, padding included."""
    height = max(sample.values.shape[1] for sample in samples)
    width = max(sample.values.shape[2] for sample in samples)
    return int(len(samples) * height * width)


def collate(samples: list[Sample]) -> SheetBatch:
    """Pad sheets to the largest of them, at the right and at the bottom."""
    height = max(sample.values.shape[1] for sample in samples)
    width = max(sample.values.shape[2] for sample in samples)
    grid = torch.zeros(len(samples), NUM_CHANNELS, height, width, dtype=torch.uint8)
    mask = torch.zeros(len(samples), height, width, dtype=torch.bool)
    for number, sample in enumerate(samples):
        _, rows, columns = sample.values.shape
        grid[number, :, :rows, :columns] = torch.from_numpy(sample.values)
        mask[number, :rows, :columns] = True
    tables = [torch.from_numpy(sample.boxes).float().view(-1, 4) for sample in samples]
    silver = torch.tensor([sample.silver for sample in samples])
    return SheetBatch(grid, mask, tables, [sample.source for sample in samples], silver)
