"""Fetches what a run has put into its Files tab at W&B."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tablesense.errors import UserError
from tablesense.terminal.untrusted import folder_name, is_inside, plain

if TYPE_CHECKING:
    from rich.console import Console

FOLDERS = ("checkpoint", "predictions", "stats")
METADATA = ("config.yaml", "output.log", "requirements.txt", "wandb-metadata.json", "wandb-summary.json")


def download_files(
    run: Any,  # noqa: ANN401 - a run of wandb's public API
    dest: Path | None,
    folders: Sequence[str],
    console: "Console",
    *,
    metadata: bool = False,
    overwrite: bool = False,
) -> list[Path]:
    """Fetch the files of a run and print each with its size.

    Args:
        run: a run of ``wandb.Api()``.
        dest: the folder to put them in; None for ``downloads/{run name}``.
        folders: which of :data:`FOLDERS`.
        console: where to print.
        metadata: whether to fetch the files that W&B itself keeps, too.
        overwrite: whether to replace files that are there.

    Returns:
        The files fetched, each whole.

    Raises:
        UserError: nothing to fetch, a name that leads out of the folder, or a failure on the way.
    """
    from rich.filesize import decimal

    from tablesense.comparison.wandb_runs import told

    with told("the list of files"):
        files = [file for file in run.files() if _wanted(file.name, folders, metadata=metadata)]
    if not files:
        raise UserError(f"{plain(run.name or run.id)} has no files in {', '.join(folders)}")
    for file in files:
        if not is_inside(file.name):
            raise UserError(f"{plain(file.name)!r}: a file name that leads elsewhere; nothing was downloaded")
    dest = dest or Path("downloads") / (folder_name(run.name or "") or folder_name(run.id) or "run")
    fetched = []
    with _folder_beside(dest) as partial:
        for file in files:
            target = dest / file.name
            if target.exists() and not overwrite:
                console.print(
                    f"{plain(file.name)}  kept: it is there already (--overwrite replaces it)", soft_wrap=True
                )
                continue
            _fetch(file, partial, target)
            fetched.append(target)
            console.print(f"{plain(file.name)}  {decimal(target.stat().st_size)}", soft_wrap=True)
    total = decimal(sum(path.stat().st_size for path in fetched))
    console.print(f"{len(fetched)} of {len(files)} files fetched, {total}, to {plain(dest)}", soft_wrap=True)
    return fetched


def _wanted(name: str, folders: Sequence[str], *, metadata: bool) -> bool:
    folder, _, rest = name.replace("\\", "/").lstrip("/").partition("/")
    return (folder in folders and bool(rest)) or (metadata and name in METADATA)


def _fetch(file: Any, partial: Path, target: Path) -> None:  # noqa: ANN401 - a file of wandb's public API
    from tablesense.comparison.wandb_runs import told

    with told(file.name):
        # The process that writes for wandb may have been started by another one, in another working
        # directory: no relative path. And the file is handed back opened for reading.
        file.download(root=str(partial.absolute()), replace=True).close()
    source = partial / file.name
    if file.size and source.stat().st_size != file.size:
        raise UserError(
            f"{plain(file.name)}: {source.stat().st_size} bytes came of {file.size}; run the command again"
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
    except OSError as error:
        raise UserError(f"{plain(target)} cannot be written: {error.strerror}") from error


@contextmanager
def _folder_beside(dest: Path) -> Iterator[Path]:
    """A folder for what is under way, on the same disk; it goes whatever happens."""
    try:
        dest.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{dest.name}-", suffix=".partial", dir=dest.parent))
    except OSError as error:
        raise UserError(f"--dest: cannot write in {plain(dest.parent)}: {error.strerror}") from error
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)
