"""Two small networks that detect together, exported once for all tests: that takes a minute."""

from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from filelock import FileLock

from tablesense.model.detector import NetworkConfig, TableDetector
from tablesense.model.ensemble import TableEnsemble
from tablesense.model.onnx_export import export_onnx

CONFIG = NetworkConfig(
    backbone_blocks=1,
    hidden_dim=16,
    num_heads=2,
    num_points=2,
    encoder_layers=1,
    decoder_layers=2,  # the second looks from the edges of the first
    num_queries=12,
)


class OnnxModel(NamedTuple):
    """Networks, and the .onnx file made of them."""

    network: TableEnsemble
    file: Path


def make_network(config: NetworkConfig = CONFIG, seed: int = 0) -> TableDetector:
    """Every parameter is off its start: zeros hide mistakes."""
    torch.manual_seed(seed)
    network = TableDetector(config, score_threshold=0.4).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


def make_networks(*seeds: int) -> TableEnsemble:
    """Several that detect together."""
    return TableEnsemble.of([make_network(CONFIG, seed) for seed in seeds])


@pytest.fixture(scope="session")
def onnx_model(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> OnnxModel:
    """Shared by all processes that run tests."""
    place = tmp_path_factory.getbasetemp()
    file = (place if worker_id == "master" else place.parent) / "model.onnx"
    network = make_networks(0, 1)
    with FileLock(file.with_suffix(".lock")):
        if not file.exists():
            export_onnx(network).save(file)
    return OnnxModel(network, file)
