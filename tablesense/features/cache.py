"""Grids on disk, by the content of the workbook, the sheet's name and the feature version."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tablesense.errors import UserError
from tablesense.features.channels import FEATURE_VERSION, NUM_CHANNELS
from tablesense.features.featurize import KEEP, SheetGrid, featurize
from tablesense.features.fold import AxisFold, Fold
from tablesense.sheets.sheet import SheetError
from tablesense.sheets.workbook import open_workbook


def default_cache_folder() -> Path:
    """``$TABLESENSE_CACHE``, else ``tablesense`` in the user's cache folder."""
    if folder := os.environ.get("TABLESENSE_CACHE"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tablesense"


class FeatureCache:
    """Grids of workbooks, computed once. Safe for several processes: entries are renamed into place.

    Args:
        folder: where the entries lie; made when missing. None: the user's cache folder.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        base = Path(folder) if folder is not None else default_cache_folder()
        self.folder = base / f"features-v{FEATURE_VERSION}-keep{KEEP}"

    def grids(self, workbook: Path, sheet_names: Iterable[str]) -> dict[str, SheetGrid]:
        """The grids of some sheets of a workbook; the file is opened only when one is not cached.

        Raises:
            SheetError: the workbook cannot be read. A sheet that is not there is left out.
            UserError: the cache folder cannot be written.
        """
        content = _content_hash(workbook)
        entries = {name: self._entry(content, name) for name in sheet_names}
        grids = {name: grid for name, path in entries.items() if (grid := _load(path)) is not None}
        missing = [name for name in entries if name not in grids]
        if missing:
            for sheet in open_workbook(workbook, sheet_names=missing):
                if sheet.name in entries:  # not one whose name is in letters of another case
                    grids[sheet.name] = featurize(sheet)
                    self._keep(entries[sheet.name], grids[sheet.name])
        return grids

    def _keep(self, path: Path, grid: SheetGrid) -> None:
        try:
            _store(path, grid)
        except OSError as error:
            raise UserError(
                f"cannot write the feature cache {self.folder} ({error.strerror}); set data.cache_dir or "
                "TABLESENSE_CACHE to a folder with room"
            ) from error

    def _entry(self, content: str, sheet_name: str) -> Path:
        name = hashlib.sha256(f"{content}/{sheet_name}".encode()).hexdigest()[:40]
        return self.folder / name[:2] / f"{name}.npz"


def _content_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SheetError(f"{path}: cannot be read ({error.strerror})") from error


def _load(path: Path) -> SheetGrid | None:
    """Read an entry; None when there is none, or when it is damaged and must be made again."""
    try:
        # numpy leaves a file open that turns out to be no zip; one that is opened here is closed here.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as entry:
            values, rows, columns = entry["values"], entry["rows"], entry["columns"]
    except Exception:  # zipfile, zlib and numpy raise almost anything over a damaged entry
        return None
    if (values.dtype, rows.dtype, columns.dtype) != (np.uint8, np.int64, np.int64):
        return None
    if values.shape != (NUM_CHANNELS, *rows.shape, *columns.shape):
        return None
    return SheetGrid(values, Fold(AxisFold(rows), AxisFold(columns)))


def _store(path: Path, grid: SheetGrid) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            fold = grid.fold
            np.savez_compressed(file, values=grid.values, rows=fold.rows.kept, columns=fold.columns.kept)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
