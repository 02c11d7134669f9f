"""Which network detects: weights out of a run, a checkpoint, a folder or the hub, loaded once a process.

torch is imported only when a network is loaded: a wrong name is answered at once.
"""

from __future__ import annotations

import os
import zipfile
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tablesense.errors import UserError
from tablesense.model.sources import (
    HUB,
    ONNX_SUFFIX,
    OTHER_NETWORK,
    SAFETENSORS,
    is_onnx,
    parse_hub_name,
    require_packages,
)
from tablesense.terminal.devices import choose_device
from tablesense.terminal.untrusted import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import torch

    from tablesense.model.answer import Answering
    from tablesense.model.detector import TableDetector
    from tablesense.model.ensemble import TableEnsemble
    from tablesense.model.onnx_network import OnnxNetwork

WEIGHTS_VARIABLE = "TABLESENSE_WEIGHTS"
RELEASED = Path(__file__).parents[1] / "released"
"""The model that is used when none is named."""
SHIPPED = "released"
"""What it is called where one is to be named."""

_PREFIX = "network."
_MOST_NAMES = 3  # of runs that may have been meant
_NO_CHECKPOINT = (
    "is no checkpoint of a table detector; give a run directory, its checkpoints/best.pt, or a folder with a "
    "saved model"
)

_loaded: dict[tuple[str, int, str], TableDetector | TableEnsemble] = {}
_opened: dict[tuple[str, int, str, int], OnnxNetwork] = {}


def load_network(weights: str | Path | Answering | None = None, device: str = "auto") -> Answering:
    """What is to detect: one network, several together, or an exported one.

    Args:
        weights: an .onnx file, a network of any kind, or what :func:`load_torch` takes.
        device: ``auto`` takes a GPU where there is one.

    Raises:
        UserError: as of :func:`load_torch`; or a package that runs .onnx files is not installed.
    """
    from tablesense.model.detector import TableDetector
    from tablesense.model.ensemble import TableEnsemble

    if isinstance(weights, TableDetector | TableEnsemble):
        return load_torch(weights, device)
    if weights is not None and not isinstance(weights, str | Path):
        return weights
    found = locate(weights)
    return _onnx_network(Path(found), device) if is_onnx(found) else load_torch(weights, device)


def _onnx_network(file: Path, device: str) -> OnnxNetwork:
    import torch

    from tablesense.model.onnx_network import OnnxNetwork

    key = (str(file.resolve()), file.stat().st_mtime_ns, device, torch.get_num_threads())
    if key not in _opened:
        _opened[key] = OnnxNetwork(file, device)
    return _opened[key]


def load_detector(weights: str | Path | TableDetector | None = None, device: str = "auto") -> TableDetector:
    """One network, of several that are saved together the first; as :func:`load_torch` otherwise."""
    return load_torch(weights, device).members[0]


def load_torch(
    weights: str | Path | TableDetector | TableEnsemble | None = None, device: str = "auto"
) -> TableDetector | TableEnsemble:
    """The network or networks that ``weights`` names, ready to detect; loaded once a process.

    Args:
        weights: a run directory (its ``best.pt``), a checkpoint, a folder written by
            ``save_pretrained``, a model on the Hugging Face hub (``hf://OWNER/NAME``, also
            ``hf://OWNER/NAME@REVISION``), ``released`` for the model that ships, or a network. None takes
            what the environment variable TABLESENSE_WEIGHTS names, else the released model.
        device: ``auto`` takes a GPU where there is one; otherwise a device of torch.

    Raises:
        UserError: there are no such weights, they cannot be read, or they are for other features.
    """
    if weights is not None and not isinstance(weights, str | Path):
        return weights.to(choose_device(device)).eval()
    found = locate(weights)
    if is_onnx(found):
        raise UserError(f"{plain(found)}: an exported network cannot be changed; name what it was made of")
    target = choose_device(device)
    if isinstance(found, str):
        return _cached((found, 0, str(target)), lambda: _saved(found), target)
    key = (str(found.resolve()), found.stat().st_mtime_ns, str(target))
    return _cached(key, lambda: _from_file(found), target)


def is_released(weights: str | Path | None) -> bool:
    """Whether the model that ships is taken: ``weights`` name it, or nothing."""
    return _named(weights) == SHIPPED


def _named(weights: str | Path | None) -> str | Path:
    return weights or os.environ.get(WEIGHTS_VARIABLE) or SHIPPED


def locate(weights: str | Path | None) -> Path | str:
    """The file that holds the weights, or a name on the hub (``hf://...``), without loading anything.

    Raises:
        UserError: there is no such file.
    """
    source = _named(weights)
    if source == SHIPPED:
        return _in_folder(RELEASED)
    if isinstance(source, str) and parse_hub_name(source) is not None:
        return source
    path = Path(source)
    if path.is_file():
        _check_file(path)
        return path
    if path.is_dir():
        return _in_folder(path)
    asked = "" if weights else f"{WEIGHTS_VARIABLE} (an environment variable): "
    raise UserError(
        f"{asked}there is no {plain(source)}{_meant(path)}; give a run directory, a checkpoint, a folder "
        f"with a saved model, an {ONNX_SUFFIX} file, {SHIPPED}, or {HUB}OWNER/NAME"
    )


def _check_file(file: Path) -> None:
    """Refuse a file that no training wrote, without torch.

    Raises:
        UserError: it is no file of weights, or only a part of one, or onnxruntime is not installed.
    """
    if is_onnx(file):
        require_packages("onnxruntime")
    if is_onnx(file) or file.name == SAFETENSORS:
        return
    try:
        with zipfile.ZipFile(file) as archive:
            if not any(name.endswith("/data.pkl") for name in archive.namelist()):
                raise UserError(f"{plain(file)}: {_NO_CHECKPOINT}")
    except zipfile.BadZipFile as error:
        with file.open("rb") as opened:
            is_cut = opened.read(2) == b"PK"
        what = "the file is damaged or cut off; copy it again" if is_cut else _NO_CHECKPOINT
        raise UserError(f"{plain(file)}: {what}") from error
    except OSError as error:
        raise UserError(f"{plain(file)}: cannot be read: {error.strerror}") from error


def _meant(path: Path) -> str:
    """The folders beside a path that is not there which may have been meant, as part of a sentence."""
    try:
        names = sorted(entry.name for entry in path.parent.iterdir() if entry.is_dir())
    except OSError:
        return ""
    parts = [name for name in names if path.name.casefold() in name.casefold()]
    near = (parts or get_close_matches(path.name, names, _MOST_NAMES))[:_MOST_NAMES]
    return f" (near it: {', '.join(plain(repr(str(path.parent / name))) for name in near)})" if near else ""


def _cached(
    key: tuple[str, int, str], load: Callable[[], TableDetector | TableEnsemble], device: torch.device
) -> TableDetector | TableEnsemble:
    if key not in _loaded:
        _loaded[key] = load().to(device).eval()
    return _loaded[key]


def _in_folder(path: Path) -> Path:
    """The weights of a run, or of a folder that ``save_pretrained`` wrote.

    Raises:
        UserError: the folder is neither.
    """
    for file in (path / SAFETENSORS, path / "checkpoints" / "best.pt"):
        if file.is_file():
            return file
    raise UserError(
        f"{plain(path)}: holds no weights; give a run directory (with checkpoints/best.pt), a checkpoint, "
        "or a folder with config.json and model.safetensors"
    )


def _saved(source: str | Path) -> TableDetector | TableEnsemble:
    from tablesense.model.detector import TableDetector
    from tablesense.model.ensemble import TableEnsemble
    from tablesense.model.pretrained import holds_several

    kind = TableEnsemble if holds_several(source) else TableDetector
    return kind.from_pretrained(source)


def _from_file(file: Path) -> TableDetector | TableEnsemble:
    if file.name == SAFETENSORS:
        return _saved(file.parent)
    try:
        return _from_checkpoint(file, _threshold(file.parent.parent / "configs" / "config.yaml"))
    except UserError as error:
        raise UserError(f"{plain(file)}: {error}") from error


def _from_checkpoint(file: Path, threshold: float) -> TableDetector:
    from tablesense.model.detector import NetworkConfig, TableDetector

    checkpoint = _read_checkpoint(file)
    try:
        state: Mapping[str, Any] = checkpoint["model_state_dict"]
        weights = {
            name.removeprefix(_PREFIX): value for name, value in state.items() if name.startswith(_PREFIX)
        }
        shape, version = dict(checkpoint["network"]), checkpoint["feature_version"]
    except Exception as error:  # whatever a file of something else holds there
        raise UserError(_NO_CHECKPOINT) from error
    try:
        detector = TableDetector(NetworkConfig(**shape), feature_version=version, score_threshold=threshold)
        detector.load_state_dict(weights)
    except (TypeError, RuntimeError) as error:  # other arguments; names or shapes that do not fit
        raise UserError(OTHER_NETWORK) from error
    return detector


def _read_checkpoint(file: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    import torch

    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zip and key errors of a file that is no checkpoint of ours
        raise UserError(_NO_CHECKPOINT) from error


def _threshold(config: Path) -> float:
    """The score threshold that a run was validated with; a checkpoint does not hold it."""
    try:
        values = yaml.safe_load(config.read_text(encoding="utf-8"))
        return float(values["model"]["init_args"]["score_threshold"])
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return 0.5
