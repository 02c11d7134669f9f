"""The network of ``configs/minimal.yaml``, against a plain stack of convolutions of the same width."""

from dataclasses import replace
from pathlib import Path

import torch
import yaml
from torch import nn

from benchmarks.measure import Row, seconds
from tablesense.data.sample import SheetBatch
from tablesense.features.channels import NUM_CHANNELS
from tablesense.model.attention import deformable_sampling, deformable_sampling_loop
from tablesense.model.detector import NetworkConfig, TableDetector
from tablesense.training.criterion import TableCriterion
from tablesense.training.matcher import HungarianMatcher

CONFIG = Path(__file__).parents[1] / "configs" / "minimal.yaml"


def minimal_network() -> NetworkConfig:
    """The network section of the configuration."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    return replace(NetworkConfig(), **config["model"]["init_args"]["network"])


def plain_stack(config: NetworkConfig) -> nn.Sequential:
    """As many 3 x 3 convolutions as the backbone has blocks, and no more."""
    layers: list[nn.Module] = [nn.Conv2d(NUM_CHANNELS, config.hidden_dim, 1)]
    for _ in range(config.backbone_blocks):
        layers += [nn.Conv2d(config.hidden_dim, config.hidden_dim, 3, padding=1), nn.GELU()]
    return nn.Sequential(*layers)


def forward(batches: list[SheetBatch]) -> Row:
    """Sheets a second through the network, without gradients."""
    config = minimal_network()
    network, stack = TableDetector(config, NUM_CHANNELS).eval(), plain_stack(config)

    @torch.inference_mode()
    def detect() -> None:
        for batch in batches:
            network(batch.grid, batch.mask)

    @torch.inference_mode()
    def convolve() -> None:
        for batch in batches:
            stack(batch.grid.float() / 255)

    return _row("forward, minimal.yaml", batches, seconds(detect, 3), seconds(convolve, 3))


def training_step(batches: list[SheetBatch]) -> Row:
    """Sheets a second through network, loss, gradients and optimizer."""
    config = minimal_network()
    network, stack = TableDetector(config, NUM_CHANNELS).train(), plain_stack(config)
    criterion = TableCriterion(HungarianMatcher())
    optimizers = [torch.optim.AdamW(module.parameters(), 1e-4) for module in (network, stack)]

    def learn() -> None:
        for batch in batches:
            optimizers[0].zero_grad()
            criterion(network(batch.grid, batch.mask), batch.tables).loss.backward()
            optimizers[0].step()

    def convolve() -> None:
        for batch in batches:
            optimizers[1].zero_grad()
            stack(batch.grid.float() / 255).square().mean().backward()
            optimizers[1].step()

    return _row("training step, minimal.yaml", batches, seconds(learn, 2), seconds(convolve, 2))


def sampling() -> Row:
    """Deformable sampling with the heads and points of the network, against its definition."""
    generator = torch.Generator().manual_seed(0)
    heads, points, sizes = 8, 4, ((24, 16), (12, 8), (6, 4))
    values = [torch.randn(1, heads, 16, *size, generator=generator) for size in sizes]
    locations = torch.rand(1, 10, heads, len(sizes), points, 2, generator=generator) * 16
    weights = torch.rand(1, 10, heads, len(sizes), points, generator=generator)
    fast = seconds(lambda: deformable_sampling(values, locations, weights), 50)
    slow = seconds(lambda: deformable_sampling_loop(values, locations, weights), 2)
    return Row(
        "deformable sampling, 960 points", f"{1e3 * fast:.2f} ms", f"{slow / fast:.0f} x faster than the loop"
    )


def _row(what: str, batches: list[SheetBatch], taken: float, yardstick: float) -> Row:
    sheets = sum(len(batch) for batch in batches)
    ratio = f"{taken / yardstick:.1f} x the time of the convolutions alone"
    return Row(what, f"{sheets / taken:.1f} sheets/s", ratio)
