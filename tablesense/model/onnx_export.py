"""A network as one .onnx file that says all of itself, and that gives what torch gives."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.export import Dim

from tablesense import __version__
from tablesense.errors import UserError
from tablesense.features.channels import FEATURE_VERSION
from tablesense.model.answer import Answer, Answering
from tablesense.model.detector import TableDetector
from tablesense.model.ensemble import TableEnsemble
from tablesense.model.onnx_network import INPUTS, OUTPUTS, OnnxFacts, OnnxNetwork
from tablesense.model.sources import require_packages
from tablesense.tracking.run.atomic import atomic_write

MOST_DIFFERENT = 1e-4
"""Between an output of the file and torch's; it is a few millionths where all is right."""

# Batch, height and width that are traced. None is 0 or 1, which would be taken for the only size there is,
# nor do the maps of any stride come out as 1 or divide without a rest.
_TRACED = (2, 37, 23)
# Small ones: the sines of positions round the more the further out, in torch as in onnxruntime.
_CHECKED = ((1, 1, 1), (1, 1, 7), (2, 40, 3), (1, 3, 50), (3, 19, 24))
_NOISY = ("torch.onnx", "onnxscript", "onnx_ir")


class Exported(NamedTuple):
    """An exported network: the bytes of its file, and the greatest difference to torch's outputs."""

    content: bytes
    difference: float

    def save(self, file: Path) -> None:
        """Write the file, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        with atomic_write(file) as opened:
            opened.write(self.content)


def export_onnx(network: TableDetector | TableEnsemble) -> Exported:
    """A network, or several that detect together, as an .onnx file, compared with torch on random sheets.

    Its inputs are ``grid`` (``[B, C, H, W]`` bytes) and ``mask`` (``[B, H, W]``), all sizes but C free; its
    outputs those of :class:`tablesense.model.answer.Answer`.

    Raises:
        UserError: packages of the extra are missing, the backbone is not ours, or the outputs differ from
            torch's.
    """
    require_packages("onnx", "onnxscript", "onnxruntime")
    backbone = network.members[0].config.backbone
    if backbone != "cells":  # torch.export fails over the sizes that timm's strides divide
        raise UserError(
            f"the backbone {backbone} cannot be exported: only a network with our own (cells) can be"
        )
    networks = TableEnsemble.of(network.members, network.score_threshold).to("cpu", torch.float32)
    content = _translate(networks)
    difference = greatest_difference(networks, OnnxNetwork(content, "cpu"))
    if not difference <= MOST_DIFFERENT:  # not a number is no success
        raise UserError(
            f"not exported: the outputs in onnxruntime differ from torch's by {difference:.2g}, more than "
            f"{MOST_DIFFERENT:g}; please report it with the versions of torch, onnxscript and onnxruntime"
        )
    return Exported(content, difference)


class _Flat(nn.Module):
    """The networks with a flat answer, which is all that a file can return."""

    def __init__(self, networks: TableEnsemble) -> None:
        super().__init__()
        self.networks = networks

    def forward(self, grid: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        answer: Answer = self.networks(grid, mask)
        return (answer.logits, *answer.edges, answer.unused)


def _translate(networks: TableEnsemble) -> bytes:
    from onnx_ir.passes.common import ClearMetadataAndDocStringPass

    from tablesense.model.onnx_operations import running_max

    batch, height, width = (Dim(name) for name in ("batch", "height", "width"))
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            _Flat(networks).eval(),
            _random_sheets(networks, _TRACED, seed=0),
            dynamo=True,
            dynamic_shapes={
                "grid": {0: batch, 2: height, 3: width},
                "mask": {0: Dim.AUTO, 1: Dim.AUTO, 2: Dim.AUTO},  # the grid's: naming them twice warns
            },
            input_names=INPUTS,
            output_names=OUTPUTS,
            custom_translation_table={torch.ops.aten.cummax.default: running_max},
            optimize=False,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch.onnx.export with dynamo=True returned nothing")
    ClearMetadataAndDocStringPass()(program.model)  # stack traces: most of the file
    facts = OnnxFacts(
        json.dumps(asdict(networks.members[0].config)),
        str(FEATURE_VERSION),
        repr(networks.score_threshold),
        __version__,
        networks=str(len(networks.members)),
    )
    program.model.metadata_props.update(facts._asdict())
    content: bytes = program.model_proto.SerializeToString()
    return content


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing of the exporter's talk, which is about its own steps; what goes wrong is raised."""
    before = {name: logging.getLogger(name).level for name in _NOISY}
    try:
        for name in _NOISY:
            logging.getLogger(name).setLevel(logging.ERROR)
        with warnings.catch_warnings():
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def greatest_difference(networks: TableEnsemble, other: Answering) -> float:
    """Between the outputs of networks and those of another, over random sheets of a few sizes."""
    worst = 0.0
    for seed, sizes in enumerate(_CHECKED):
        sheets = _random_sheets(networks, sizes, seed)
        worst = max(worst, answer_difference(networks.answer(*sheets), other.answer(*sheets)))
    return worst


def answer_difference(one: Answer, other: Answer) -> float:
    """The greatest difference between two answers; infinite where they cannot be compared.

    Of outputs larger than 1 it is their difference by their size: float32 is no more exact. The queries of a
    sheet come in no order: of two cells that are all but equally a table's first, either may come first.
    Queries that a sheet does not use say nothing.
    """
    if one.networks != other.networks:
        return float("inf")
    ours, theirs = ((answer.logits[..., None], *answer.edges) for answer in (one, other))
    if any(a.shape != b.shape for a, b in zip(ours, theirs, strict=True)):
        return float("inf")
    if not torch.equal(one.unused.sum(1), other.unused.sum(1)):
        return float("inf")
    parts = [
        ((a[:, :, None] - b[:, None]).abs() / a[:, :, None].abs().clamp(min=1.0)).amax(-1)
        for a, b in zip(ours, theirs, strict=True)
    ]
    apart = torch.stack(parts).nan_to_num(nan=torch.inf).amax(0)  # [B, Q, Q], of any two queries
    nearest = apart.masked_fill(other.unused[:, None], torch.inf).amin(2)
    return float(nearest.masked_fill(one.unused, 0.0).max())


def _random_sheets(networks: TableEnsemble, sizes: tuple[int, int, int], seed: int) -> tuple[Tensor, Tensor]:
    """A batch of ``(B, H, W)``, the second sheet of it smaller than the others."""
    batch, height, width = sizes
    generator = torch.Generator().manual_seed(seed)
    mask = torch.ones(batch, height, width, dtype=torch.bool)
    mask[1:2, height // 2 + 1 :] = False
    mask[1:2, :, width // 2 + 1 :] = False
    shape = (batch, networks.members[0].in_channels, height, width)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator) * mask[:, None], mask
