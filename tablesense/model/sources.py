"""Where a saved model lies: a folder on disk, or a repository of the Hugging Face hub.

Needs neither torch nor the hub's library: a wrong name is answered at once.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from tablesense.errors import UserError
from tablesense.features.channels import FEATURE_VERSION
from tablesense.sheets.source import printable

HUB = "hf://"
"""What the name of a model on the hub begins with; nothing else is ever looked for there."""

MOST_NETWORKS = 16
"""That detect together: a model from outside asks for no more memory than so many networks take."""

CONFIG, SAFETENSORS = "config.json", "model.safetensors"
ONNX_SUFFIX = ".onnx"
ONNX_EXTRA = "pip install 'tablesense[onnx]'"
OTHER_NETWORK = (
    "the model was made with another version of the network than this tablesense has: train again, or "
    "install the version that made it"
)

_HUB_NAME = re.compile(r"(?P<repository>[A-Za-z0-9][\w.-]*/[\w.-]+)(@(?P<revision>[\w./-]+))?")


class HubName(NamedTuple):
    """A model on the hub; ``revision`` is a branch, a tag or a commit."""

    repository: str
    revision: str | None


def parse_hub_name(source: str | Path) -> HubName | None:
    """The model on the hub that ``hf://OWNER/NAME[@REVISION]`` means; None for a path.

    Raises:
        UserError: it begins like one, and is none.
    """
    if not isinstance(source, str) or not source.startswith(HUB):
        return None
    name = _HUB_NAME.fullmatch(source.removeprefix(HUB))
    if name is None:
        form = f"{HUB}OWNER/NAME or {HUB}OWNER/NAME@REVISION"
        raise UserError(f"{printable(source)}: a model on the hub is named {form}")
    return HubName(name["repository"], name["revision"])


def is_onnx(source: str | Path) -> bool:
    """Whether the name of a model means an exported network."""
    return Path(source).suffix.lower() == ONNX_SUFFIX and not str(source).startswith(HUB)


def require_packages(*names: str) -> None:
    """Raise a UserError when a package of the extra for .onnx files is missing; nothing is imported."""
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise UserError(f"{ONNX_SUFFIX} files need {', '.join(missing)}: {ONNX_EXTRA}")


def refuse_other_features(version: int) -> None:
    """Raise a UserError when a model was trained on features that this tablesense does not make."""
    if version != FEATURE_VERSION:
        raise UserError(
            f"the model was trained on feature version {version}, this tablesense has {FEATURE_VERSION}: "
            "train again, or install the version that made it"
        )


def model_folder(path: Path) -> Path:
    """The folder of ``config.json`` and safetensors: ``path`` itself, or the one that a run keeps.

    Raises:
        UserError: there is no such folder.
    """
    for folder in (path, *sorted(path.glob("checkpoint/*"))):
        if (folder / CONFIG).is_file() and (folder / SAFETENSORS).is_file():
            return folder
    what = f"holds no {CONFIG} and {SAFETENSORS}" if path.is_dir() else "there is no such folder"
    raise UserError(
        f"{printable(str(path))}: {what}; give a folder that save_pretrained wrote, a run directory with one "
        f"under checkpoint/, or {HUB}OWNER/NAME"
    )
