"""Where a pretrained encoder lies: a folder, or the cache of the Hugging Face hub, filled when it can be.

What is found is a folder in any case; everything after that reads files and no network. transformers alone
would ask the hub for every file again, and wait minutes where it cannot be reached.
"""

from __future__ import annotations

import re
from pathlib import Path

from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain

CONFIG = "config.json"
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""What weights may be called, the better form first: a .bin is a pickle, of which only tensors are read."""

_VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", "tokenizer.model", "spiece.model")
_SMALL_FILES = (
    *(CONFIG, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"),
    *_VOCABULARIES,
)
_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")
_SECONDS = 5.0  # to find out whether the hub answers


def encoder_folder(name: str) -> Path:
    """The folder of a pretrained encoder.

    Args:
        name: a folder, or the name of a model on the hub (``distilbert-base-uncased``, ``OWNER/NAME``).

    Raises:
        UserError: there is no such folder, or the hub has no such model or cannot be reached.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return checked(folder)
    if folder.exists() or not _HUB_NAME.fullmatch(name) or name.startswith("."):
        raise UserError(f"model.model_name_or_path: there is no folder {plain(name)}")
    return _cached(name) or _downloaded(name)


def checked(folder: Path) -> Path:
    """The folder, if it holds what an encoder needs.

    Raises:
        UserError: something is missing.
    """
    if not (folder / CONFIG).is_file():
        raise UserError(f"{plain(folder)}: holds no {CONFIG}; name the folder of a saved model")
    if not any((folder / file).is_file() for file in WEIGHTS):
        raise UserError(f"{plain(folder)}: holds no weights ({' or '.join(WEIGHTS)})")
    if not any((folder / file).is_file() for file in _VOCABULARIES):
        raise UserError(f"{plain(folder)}: holds no tokenizer (tokenizer.json or vocab.txt)")
    return folder


def locate(weights: Path) -> Path:
    """The folder of a classifier: of a run, that which it wrote when it ended.

    Raises:
        UserError: there is none.
    """
    if weights.is_file():
        raise UserError(f"--weights: {plain(weights)} is a file; name the run, or the folder of a classifier")
    if not weights.is_dir():
        raise UserError(f"--weights: there is no folder {plain(weights)}; name a run or a saved classifier")
    if (weights / CONFIG).is_file():
        return checked(weights)
    saved = [file.parent for file in weights.glob(f"checkpoint/*/{CONFIG}") if file.parent.name[0] != "."]
    if saved:  # a name with a dot is one that is being written, or was when the run was killed
        return checked(max(saved, key=lambda folder: (folder / CONFIG).stat().st_mtime))
    if (weights / "checkpoints").is_dir():
        raise UserError(
            f"--weights: {plain(weights)} has no checkpoint/: it is written when the run ends; --resume it"
        )
    raise UserError(f"--weights: {plain(weights)} is neither a run nor the folder of a saved classifier")


def _cached(name: str) -> Path | None:
    """The folder of a model that was downloaded whole before."""
    from huggingface_hub import snapshot_download

    try:
        return checked(Path(snapshot_download(name, local_files_only=True)))
    except (OSError, ValueError, UserError):  # not there, or only a part of it
        return None


def _downloaded(name: str) -> Path:
    from huggingface_hub import HfApi, constants, snapshot_download

    if constants.HF_HUB_OFFLINE:
        raise UserError(f"{_lead(name)} is not in the cache, and HF_HUB_OFFLINE is set; {_REMEDY}")
    _ask(name, f"{constants.ENDPOINT}/api/models/{name}")
    try:
        there = HfApi().list_repo_files(name)
        weights = next((file for file in WEIGHTS if file in there), None)
        if weights is None:
            raise UserError(f"{_lead(name)} has no weights for PyTorch ({' or '.join(WEIGHTS)})")
        return checked(Path(snapshot_download(name, allow_patterns=[*_SMALL_FILES, weights])))
    except UserError:
        raise
    except Exception as error:  # its client's own kinds, and those of whatever carries it
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"{_lead(name)} cannot be downloaded ({plain(reason)[:160]}); {_REMEDY}") from error


def _ask(name: str, address: str) -> None:
    """Whether the hub answers, and knows the model: its own client would try again for a long time."""
    import requests

    try:
        answer = requests.head(address, timeout=_SECONDS, allow_redirects=True)
    except requests.RequestException as error:
        raise UserError(
            f"{_lead(name)} is not in the cache, and the hub cannot be reached; {_REMEDY}"
        ) from error
    if answer.status_code in (401, 403, 404):
        raise UserError(
            f"{_lead(name)} is not on the hub, or not public; there is no folder of that name either"
        )


def _lead(name: str) -> str:
    return f"model.model_name_or_path: {plain(name)}"


_REMEDY = "name a folder with a saved encoder (README: Emotions in text)"
