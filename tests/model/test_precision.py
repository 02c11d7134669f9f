"""Positions keep their precision where features do not."""

import torch

from tablesense.features.channels import NUM_CHANNELS
from tablesense.model.attention import Level
from tablesense.model.detector import NetworkConfig, TableDetector
from tablesense.model.transformer import cell_boxes

TINY = NetworkConfig(
    backbone_blocks=1, hidden_dim=16, num_heads=2, encoder_layers=1, decoder_layers=1, num_queries=6
)


def test_cells_of_a_bfloat16_map_have_boxes_of_their_own() -> None:
    level = Level(torch.zeros(1, 8, 600, 2, dtype=torch.bfloat16), torch.ones(1, 600, 2, dtype=torch.bool), 1)
    assert len({tuple(box) for box in cell_boxes(level, reach=4).tolist()}) == 1200


def test_proposals_of_a_bfloat16_network_lie_on_whole_rows() -> None:
    """A long sheet in bfloat16: the first corner of every proposal is still an exact cell."""
    network = TableDetector(TINY, NUM_CHANNELS).eval()
    generator = torch.Generator().manual_seed(0)
    grid = torch.randint(0, 256, (1, NUM_CHANNELS, 601, 3), generator=generator, dtype=torch.uint8)
    mask = torch.ones(1, 601, 3, dtype=torch.bool)
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        output = network(grid, mask)
    assert output.proposals.dtype == torch.float32
    corner = (output.proposals[..., 1] - output.proposals[..., 3] / 2) * 601
    torch.testing.assert_close(corner, corner.round(), atol=1e-2, rtol=0)
    assert output.layers[-1].edges[1].isfinite().all()
