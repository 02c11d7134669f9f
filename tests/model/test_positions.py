"""Boxes in both forms."""

import torch
from torchvision.ops import box_convert

from tablesense.model.positions import to_centers, to_corners


def test_boxes_change_their_form_as_torchvision_changes_it() -> None:
    boxes = torch.rand(3, 5, 4, generator=torch.Generator().manual_seed(0))
    corners = to_corners(boxes)
    assert torch.equal(corners, box_convert(boxes, "cxcywh", "xyxy"))
    assert torch.equal(to_centers(corners), box_convert(corners, "xyxy", "cxcywh"))
