from itertools import combinations

import pytest
import torch
from torch import Tensor

from tablesense.boxes import Box, iou
from tablesense.model.decode import decode
from tablesense.model.detector import DetectorOutput, LayerOutput, NetworkConfig, TableDetector

from .grids import CHANNELS, grids, padded, stirred

SIZE = 9


def one_hot(positions: list[int]) -> Tensor:
    return 20.0 * torch.nn.functional.one_hot(torch.tensor(positions), SIZE)[None].float()


def output_of(*found: tuple[Box, float], unused: int = 0) -> DetectorOutput:
    """The output of a network that points at these boxes; the last ``unused`` queries are unused."""
    boxes = [box for box, _ in found]
    lines = [(box.left, box.top, box.right - 1, box.bottom - 1) for box in boxes]
    edges = tuple(one_hot([line[side] for line in lines]) for side in range(4))
    logits = torch.logit(torch.tensor([[score for _, score in found]]))
    spare = torch.arange(len(found))[None] >= len(found) - unused
    layer = LayerOutput(logits, torch.zeros(1, len(found), 4), edges)
    mask = torch.ones(1, SIZE, SIZE, dtype=torch.bool)
    return DetectorOutput([layer], spare, torch.zeros(1, 6, SIZE, SIZE), layer.boxes, mask)


FAR, NEAR, SHIFTED = Box(6, 6, 9, 9), Box(0, 0, 4, 4), Box(0, 0, 4, 5)


def test_best_first_and_half_open() -> None:
    (found,) = decode(output_of((FAR, 0.3), (NEAR, 0.9)), min_score=0.1)
    assert [item.box for item in found] == [NEAR, FAR]
    assert [item.score for item in found] == pytest.approx([0.9, 0.3])


def test_min_score() -> None:
    output = output_of((FAR, 0.3), (NEAR, 0.9))
    assert [item.box for item in decode(output, min_score=0.5)[0]] == [NEAR]
    assert decode(output, min_score=0.95) == [[]]


def test_of_two_that_overlap_the_better_stays() -> None:
    output = output_of((NEAR, 0.6), (SHIFTED, 0.8), (FAR, 0.7))
    assert [item.box for item in decode(output, min_score=0.1)[0]] == [SHIFTED, FAR]
    assert len(decode(output, min_score=0.1, nms_iou=0.85)[0]) == 3


def test_a_dropped_box_drops_no_other() -> None:
    """What lies below the threshold takes no part in the suppression, and unused queries never do."""
    found = decode(output_of((NEAR, 0.6), (SHIFTED, 0.8), unused=1), min_score=0.0)
    assert [item.box for item in found[0]] == [NEAR]


def test_the_last_layer_is_the_answer() -> None:
    first, last = output_of((FAR, 0.9)), output_of((NEAR, 0.9))
    output = last._replace(layers=[*first.layers, *last.layers])
    assert [item.box for item in decode(output, min_score=0.5)[0]] == [NEAR]


@pytest.mark.parametrize("seed", range(5))
def test_boxes_of_a_network_are_sorted_apart_and_inside_the_sheet(seed: int) -> None:
    config = NetworkConfig(backbone_blocks=1, hidden_dim=16, num_heads=2, num_points=2, num_queries=12)
    network = stirred(TableDetector(config, CHANNELS), seed).eval()
    sizes = [(1, 1), (6, 3), (10, 12)]
    found = decode(network(*padded(grids(*sizes, seed=seed))), min_score=0.0, nms_iou=0.4)
    for (height, width), sheet in zip(sizes, found, strict=True):
        scores = [item.score for item in sheet]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        assert 1 <= len(sheet) <= height * width
        for box, _ in sheet:
            assert box.width > 0
            assert box.height > 0
            assert Box(0, 0, width, height).contains(box)
        assert all(iou(a.box, b.box) <= 0.4 for a, b in combinations(sheet, 2))
