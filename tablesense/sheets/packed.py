"""The cells of a sheet as arrays, and as a mapping that makes ``Cell`` objects when one is asked for."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tablesense.boxes import MAX_COLS
from tablesense.sheets.sheet import Cell, CellKind, CellValue

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class CellArrays:
    """N cells in the order of their rows and columns, and the D distinct contents that they have.

    Args:
        rows: ``[N]`` rows from zero.
        columns: ``[N]`` columns from zero.
        styles: ``[N]`` indices in ``Sheet.styles``.
        contents: ``[N]`` indices in ``values``, ``kinds`` and ``formulas``.
        comments: ``[N]`` whether the cell has a comment.
        values: the D values.
        kinds: ``[D]`` the :class:`CellKind` of each.
        formulas: ``[D]`` whether it is the result of a formula.
    """

    rows: Integers
    columns: Integers
    styles: Integers
    contents: Integers
    comments: Flags
    values: Sequence[CellValue]
    kinds: Integers
    formulas: Flags

    def __len__(self) -> int:
        """Number of cells, N."""
        return len(self.rows)


@dataclass(eq=False, repr=False)
class PackedCells(MutableMapping[tuple[int, int], Cell]):
    """``Sheet.cells`` out of arrays. They are unpacked, once, when a cell is looked at.

    Args:
        packed: the cells.
        formula_texts: gives the text of every formula, in the order of the cells.
    """

    packed: CellArrays | None
    formula_texts: Callable[[], Sequence[str]]

    def __post_init__(self) -> None:
        self._cells: dict[tuple[int, int], Cell] | None = None

    def __getitem__(self, place: tuple[int, int]) -> Cell:
        return self._unpacked()[place]

    def __setitem__(self, place: tuple[int, int], cell: Cell) -> None:
        self._unpacked()[place] = cell

    def __delitem__(self, place: tuple[int, int]) -> None:
        del self._unpacked()[place]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._unpacked())

    def __len__(self) -> int:
        return len(self._unpacked() if self.packed is None else self.packed)

    def __repr__(self) -> str:
        return repr(self._unpacked())

    def _unpacked(self) -> dict[tuple[int, int], Cell]:
        if self._cells is None:
            assert self.packed is not None  # noqa: S101 - one of the two is there
            self._cells = _unpack(self.packed, self.formula_texts())
            self.packed = None  # from here on a caller may change the cells
        return self._cells


def pack(cells: Mapping[tuple[int, int], Cell]) -> CellArrays:
    """The cells as arrays; those of a :class:`PackedCells` that nobody has looked at cost nothing."""
    if isinstance(cells, PackedCells) and cells.packed is not None:
        return cells.packed
    places = sorted(cells)
    ordered = [cells[place] for place in places]
    positions = np.array(places, dtype=np.int64).reshape(-1, 2)
    return CellArrays(
        rows=positions[:, 0],
        columns=positions[:, 1],
        styles=np.array([cell.style for cell in ordered], dtype=np.int64),
        contents=np.arange(len(ordered)),
        comments=np.array([cell.comment for cell in ordered], dtype=np.bool_),
        values=[cell.value for cell in ordered],
        kinds=np.array([cell.kind for cell in ordered], dtype=np.int64),
        formulas=np.array([cell.formula is not None for cell in ordered], dtype=np.bool_),
    )


def packed_cells(cells: Mapping[tuple[int, int], Cell]) -> PackedCells:
    """The cells as a mapping that is small in memory and on its way to another process."""
    if isinstance(cells, PackedCells):
        return cells
    texts = (cells[place].formula for place in sorted(cells))
    return PackedCells(pack(cells), _Texts([text for text in texts if text is not None]))


@dataclass(frozen=True, slots=True)
class _Texts:
    """Gives the texts of formulas that are known."""

    texts: list[str]

    def __call__(self) -> list[str]:
        return self.texts


def some_cells(
    cells: MutableMapping[tuple[int, int], Cell], rows: Collection[int], columns: range = range(MAX_COLS)
) -> MutableMapping[tuple[int, int], Cell]:
    """At least the cells in some rows and columns, to look at and not to change.

    Of a :class:`PackedCells` that nobody has looked at only these are unpacked, and formulas are not
    spelled out: each is ``=``.
    """
    if not isinstance(cells, PackedCells) or cells.packed is None:
        return cells
    packed, wanted = cells.packed, np.unique(np.fromiter(rows, dtype=np.int64))
    starts, stops = (np.searchsorted(packed.rows, wanted, side) for side in ("left", "right"))
    spans = [np.arange(start, stop) for start, stop in zip(starts, stops, strict=True)]
    places = np.concatenate([np.zeros(0, dtype=np.int64), *spans])
    inside = (packed.columns[places] >= columns.start) & (packed.columns[places] < columns.stop)
    return {(int(packed.rows[i]), int(packed.columns[i])): _cell(packed, i) for i in places[inside].tolist()}


def _cell(packed: CellArrays, i: int) -> Cell:
    content = packed.contents[i]
    formula = "=" if packed.formulas[content] else None
    kind = CellKind(int(packed.kinds[content]))
    return Cell(packed.values[content], kind, int(packed.styles[i]), formula, bool(packed.comments[i]))


def mark_comments(cells: CellArrays, places: Iterable[tuple[int, int]], empty: int) -> CellArrays:
    """The cells with a comment at some places, where there may be no cell yet.

    Args:
        cells: the cells.
        places: row and column of every comment.
        empty: the number of the content of a cell that has none.
    """
    wanted = sorted(set(places))
    if not wanted:
        return cells
    positions = np.array(wanted, dtype=np.int64)
    at, there = find_cells(cells, positions[:, 0], positions[:, 1])
    cells.comments[at[there]] = True
    rows, columns = positions[~there].T
    at = at[~there]
    return replace(
        cells,
        rows=np.insert(cells.rows, at, rows),
        columns=np.insert(cells.columns, at, columns),
        styles=np.insert(cells.styles, at, 0),
        contents=np.insert(cells.contents, at, empty),
        comments=np.insert(cells.comments, at, True),
    )


def find_cells(cells: CellArrays, rows: Integers, columns: Integers) -> tuple[Integers, Flags]:
    """Where the cells at some places are, or would be, and whether they are there."""
    # One more than there are columns, so that left of the first is not the last of the row above.
    width = 2 + max(int(part.max()) for part in (cells.columns, columns, np.zeros(1)) if len(part))
    keys, wanted = cells.rows * width + cells.columns, rows * width + columns
    at = np.searchsorted(keys, wanted)
    there = at < len(keys)
    there[there] = keys[at[there]] == wanted[there]
    return at, there


def _unpack(packed: CellArrays, formula_texts: Sequence[str]) -> dict[tuple[int, int], Cell]:
    contents, texts = packed.contents, iter(formula_texts)
    kinds = [CellKind(kind) for kind in packed.kinds.tolist()]
    formulas = [next(texts) if has else None for has in packed.formulas[contents].tolist()]
    places = zip(packed.rows.tolist(), packed.columns.tolist(), strict=True)
    facts = zip(contents.tolist(), packed.styles.tolist(), formulas, packed.comments.tolist(), strict=True)
    cells = (Cell(packed.values[i], kinds[i], style, text, note) for i, style, text, note in facts)
    return dict(zip(places, cells, strict=True))
