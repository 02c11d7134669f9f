"""Runs a network that was exported to an .onnx file, with onnxruntime instead of torch's operations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch

from tablesense.errors import UserError
from tablesense.model.answer import Answer
from tablesense.model.sources import ONNX_SUFFIX, refuse_other_features, require_packages
from tablesense.sheets.source import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnxruntime import InferenceSession
    from torch import Tensor

Provider = str | tuple[str, dict[str, int]]

INPUTS = ("grid", "mask")
OUTPUTS = ("logits", "left", "top", "right", "bottom", "unused")
_OUTPUT_TYPES = tuple((name, f"tensor({'bool' if name == 'unused' else 'float'})") for name in OUTPUTS)
KIND = "tablesense table detector"
_OTHER_FILE = "is no table detector of ours; make one with `tablesense export`"
_DAMAGED = f"is damaged or no {ONNX_SUFFIX} file; export the model again, or copy the file again"


class OnnxFacts(NamedTuple):
    """What an exported file says of itself beside the network, as texts in its metadata.

    network: the shape of the network as JSON. feature_version: of the features it is trained on.
    score_threshold: a box scored lower is no table. tablesense: the version that exported it. kind: ``KIND``.
    networks: how many detect together.
    """

    network: str
    feature_version: str
    score_threshold: str
    tablesense: str
    kind: str = KIND
    networks: str = "1"


class OnnxNetwork:
    """A network out of an .onnx file; see :class:`tablesense.model.answer.Answering`.

    It uses as many threads as torch does when it is made.

    Args:
        model: the file, or its bytes.
        device: ``cpu``; ``cuda`` or ``auto`` for onnxruntime's CUDA provider, the latter where there is one.

    Raises:
        UserError: onnxruntime is not installed or has no such device, the file cannot be read, is none of
            ours, or is for other features.
    """

    def __init__(self, model: Path | bytes, device: str = "auto") -> None:
        require_packages("onnxruntime")
        self.device, providers = _providers(device)
        name = printable(str(model)) if isinstance(model, Path) else "the exported model"
        try:
            self._session = _open(model, providers)
            facts = _facts(self._session)
            refuse_other_features(int(facts.feature_version))
            self.score_threshold = float(facts.score_threshold)
            self._networks = int(facts.networks)
            if not 0 <= self.score_threshold <= 1 or self._networks < 1:
                raise UserError(_OTHER_FILE)
        except UserError as error:
            raise UserError(f"{name}: {error}") from error
        except ValueError as error:  # of int and float
            raise UserError(f"{name}: {_OTHER_FILE}") from error
        self.facts = facts

    def answer(self, grid: Tensor, mask: Tensor) -> Answer:
        """See :class:`tablesense.model.answer.Answering`; the answer lies on the CPU."""
        values = (grid.cpu().numpy(), mask.cpu().numpy())
        found = self._session.run(list(OUTPUTS), dict(zip(INPUTS, values, strict=True)))
        logits, left, top, right, bottom, unused = map(torch.from_numpy, found)
        if logits.shape[1] % self._networks:
            raise UserError(f"the exported model {_OTHER_FILE}")
        return Answer(logits, (left, top, right, bottom), unused, self._networks)


def _open(model: Path | bytes, providers: list[Provider]) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1  # one operation after the other, as torch does
    options.log_severity_level = 3  # errors only: they are raised, and told in one line
    try:
        content = model.read_bytes() if isinstance(model, Path) else model
        return onnxruntime.InferenceSession(content, options, providers=providers)
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}") from error
    except Exception as error:  # a dozen kinds of onnxruntime, of which the least are public
        raise UserError(_DAMAGED) from error


def _facts(session: InferenceSession) -> OnnxFacts:
    found: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
    outputs = tuple((value.name, value.type) for value in session.get_outputs())
    needed = set(OnnxFacts._fields) - OnnxFacts._field_defaults.keys()
    if found.get("kind") != KIND or not needed <= found.keys() or outputs != _OUTPUT_TYPES:
        raise UserError(_OTHER_FILE)
    return OnnxFacts(**{name: found[name] for name in OnnxFacts._fields if name in found})


def _providers(device: str) -> tuple[torch.device, list[Provider]]:
    """Where a device means onnxruntime to run; what its first provider cannot do the CPU does.

    Raises:
        UserError: onnxruntime has no such device.
    """
    import onnxruntime

    has_cuda = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    kind, _, number = device.partition(":")
    if kind == "cuda" and not has_cuda:
        raise UserError(
            f"device {printable(device)!r} cannot be used with {ONNX_SUFFIX} files: this onnxruntime is for "
            "the CPU only; install onnxruntime-gpu in its place, or use --device cpu"
        )
    if kind not in ("auto", "cpu", "cuda") or not (number or "0").isdecimal():
        raise UserError(f"device {printable(device)!r} cannot be used with {ONNX_SUFFIX} files: cpu or cuda")
    if kind == "cpu" or not has_cuda:
        return torch.device("cpu"), ["CPUExecutionProvider"]
    cuda = ("CUDAExecutionProvider", {"device_id": int(number or 0)})
    return torch.device("cuda", int(number or 0)), [cuda, "CPUExecutionProvider"]
