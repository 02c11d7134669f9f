"""Which network detects: weights out of a run, a checkpoint, a folder or the hub, loaded once a process.

torch is imported only when a network is loaded: a wrong name is answered at once.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from tablesense.model.detector import TableDetector

WEIGHTS_VARIABLE = "TABLESENSE_WEIGHTS"
RELEASED = Path(__file__).parents[1] / "released"
"""Where the package keeps the model that is used when none is named."""

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+(@[\w.-]+)?")
_SAFETENSORS, _PREFIX = "model.safetensors", "network."
_NONE_RELEASED = (
    "no weights: this version of tablesense ships no trained model yet; train one with "
    "`python -m tablesense.fit --config configs/minimal.yaml` and name its run: --weights 'runs/NAME'"
)

_loaded: dict[tuple[str, int, str], TableDetector] = {}


def load_detector(weights: str | Path | TableDetector | None = None, device: str = "auto") -> TableDetector:
    """The network that ``weights`` names, ready to detect; loaded once a process.

    Args:
        weights: a run directory (its ``best.pt``), a checkpoint, a folder written by
            ``save_pretrained``, the name of a model on the Hugging Face hub (``OWNER/NAME``, also
            ``OWNER/NAME@REVISION``), or a network. None takes what the environment variable
            TABLESENSE_WEIGHTS names, else the released model.
        device: ``auto`` takes a GPU where there is one; otherwise a device of torch.

    Raises:
        UserError: there are no such weights, they cannot be read, or they are for other features.
    """
    from tablesense.model.detector import TableDetector

    if isinstance(weights, TableDetector):
        return weights.to(choose_device(device)).eval()
    found = locate(weights)
    target = choose_device(device)
    if isinstance(found, str):
        return _cached((found, 0, str(target)), lambda: _from_hub(found), target)
    key = (str(found.resolve()), found.stat().st_mtime_ns, str(target))
    return _cached(key, lambda: _from_file(found), target)


def locate(weights: str | Path | None) -> Path | str:
    """The file that holds the weights, or a name on the hub, without loading anything.

    Raises:
        UserError: there is neither such a file nor could there be such a name, or no model is released.
    """
    source = weights or os.environ.get(WEIGHTS_VARIABLE) or None
    if source is None:
        if not (RELEASED / _SAFETENSORS).is_file():
            raise UserError(_NONE_RELEASED)
        return RELEASED / _SAFETENSORS
    path = Path(source)
    if path.is_file():
        return path
    if path.is_dir():
        return _in_folder(path)
    if not isinstance(source, str) or not _HUB_NAME.fullmatch(source):
        raise UserError(
            f"weights: there is no {plain(source)}; give a run directory, a checkpoint or a model"
        )
    return source


def choose_device(device: str) -> torch.device:
    """The device that a name means.

    Raises:
        UserError: there is no such device.
    """
    import torch

    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"device {plain(device)!r} cannot be used: {plain(reason)}") from error
    return chosen


def _cached(
    key: tuple[str, int, str], load: Callable[[], TableDetector], device: torch.device
) -> TableDetector:
    if key not in _loaded:
        _loaded[key] = load().to(device).eval()
    return _loaded[key]


def _in_folder(path: Path) -> Path:
    """The weights of a run, or of a folder that ``save_pretrained`` wrote.

    Raises:
        UserError: the folder is neither.
    """
    for file in (path / _SAFETENSORS, path / "checkpoints" / "best.pt"):
        if file.is_file():
            return file
    raise UserError(
        f"{plain(path)}: holds no weights; give a run directory (with checkpoints/best.pt), a checkpoint, "
        "or a folder with config.json and model.safetensors"
    )


def _from_file(file: Path) -> TableDetector:
    if file.suffix == ".safetensors":
        return _from_folder(file.parent)
    return _from_checkpoint(file, _threshold(file.parent.parent / "configs" / "config.yaml"))


def _from_folder(folder: Path) -> TableDetector:
    from tablesense.model.detector import TableDetector

    try:
        return TableDetector.from_pretrained(folder, local_files_only=True)
    except UserError as error:
        raise UserError(f"{plain(folder)}: {error}") from error
    except Exception as error:  # whatever json, safetensors and the hub's mixin raise on a damaged folder
        raise UserError(f"{plain(folder)}: the model cannot be loaded ({_in_short(error)})") from error


def _from_hub(name: str) -> TableDetector:
    from tablesense.model.detector import TableDetector

    repository, _, revision = name.partition("@")
    try:
        return TableDetector.from_pretrained(repository, revision=revision or None)
    except UserError as error:
        raise UserError(f"{plain(name)}: {error}") from error
    except Exception as error:  # no network, no such repository, no permission, another kind of model
        raise UserError(
            f"weights: there is no file {plain(name)}, and no model of that name could be loaded from the "
            f"Hugging Face hub ({_in_short(error)})"
        ) from error


def _from_checkpoint(file: Path, threshold: float) -> TableDetector:
    import torch

    from tablesense.model.detector import NetworkConfig, TableDetector

    try:
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)
        state: Mapping[str, Any] = checkpoint["model_state_dict"]
        config = NetworkConfig(**checkpoint["network"])
        detector = TableDetector(
            config, feature_version=checkpoint["feature_version"], score_threshold=threshold
        )
        detector.load_state_dict(
            {name.removeprefix(_PREFIX): value for name, value in state.items() if name.startswith(_PREFIX)}
        )
    except UserError as error:
        raise UserError(f"{plain(file)}: {error}") from error
    except Exception as error:  # pickle, zip and key errors of a file that is no checkpoint of ours
        raise UserError(
            f"{plain(file)}: is no checkpoint of a table detector ({_in_short(error)})"
        ) from error
    return detector


def _threshold(config: Path) -> float:
    """The score threshold that a run was validated with; a checkpoint does not hold it."""
    try:
        values = yaml.safe_load(config.read_text(encoding="utf-8"))
        return float(values["model"]["init_args"]["score_threshold"])
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return 0.5


def _in_short(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return plain(f"{type(error).__name__}: {lines[0][:160]}").removesuffix(": ")
