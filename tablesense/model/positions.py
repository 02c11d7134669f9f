"""Sine embeddings of positions in cells (Attention Is All You Need, sec. 3.5; scaled for sheets)."""

import math

import torch
from torch import Tensor

_LONGEST = 512.0  # longest wavelength in cells; folded sheets are rarely longer


def position_dtype(features: Tensor) -> torch.dtype:
    """Positions in cells need at least float32: bfloat16 cannot tell row 301 from row 302."""
    return torch.promote_types(features.dtype, torch.float32)


def sine_embedding(positions: Tensor, channels: int) -> Tensor:
    """Embed numbers in cells: ``[...]`` -> ``[..., channels]``; wavelengths from 2 to 512 cells."""
    half = channels // 2
    steps = torch.arange(half, device=positions.device, dtype=positions.dtype) / max(half - 1, 1)
    frequency = math.pi * (_LONGEST / 2) ** -steps
    angles = positions[..., None] * frequency
    return torch.cat([angles.sin(), angles.cos()], -1)


def box_embedding(boxes: Tensor, channels: int) -> Tensor:
    """Embed ``[..., 4]`` boxes in cells, a quarter of the channels to each number. ``[..., channels]``."""
    return sine_embedding(boxes, channels // 4).flatten(-2)
