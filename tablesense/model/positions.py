"""Positions in cells: boxes in both forms, and sine embeddings (Attention Is All You Need, sec. 3.5; scaled).

The two functions on boxes are ``torchvision.ops.box_convert``: importing that takes longer than all else that
detection imports.
"""

import math

import torch
from torch import Tensor

_LONGEST = 512.0  # longest wavelength in cells; folded sheets are rarely longer


def position_dtype(features: Tensor) -> torch.dtype:
    """Positions in cells need at least float32: bfloat16 cannot tell row 301 from row 302."""
    return torch.promote_types(features.dtype, torch.float32)


def to_corners(boxes: Tensor) -> Tensor:
    """``[..., 4]`` boxes as (cx, cy, w, h) -> as (left, top, right, bottom)."""
    center, size = boxes[..., :2], boxes[..., 2:]
    return torch.cat([center - 0.5 * size, center + 0.5 * size], -1)


def to_centers(boxes: Tensor) -> Tensor:
    """``[..., 4]`` boxes as (left, top, right, bottom) -> as (cx, cy, w, h)."""
    start, end = boxes[..., :2], boxes[..., 2:]
    return torch.cat([(start + end) / 2, end - start], -1)


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
