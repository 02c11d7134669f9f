from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torchvision.ops import box_convert

from tablesense.errors import UserError
from tablesense.features.channels import FORMATTING, NUM_CHANNELS
from tablesense.model.boundary import pointed_boxes
from tablesense.model.detector import (
    DetectorOutput,
    LayerOutput,
    NetworkConfig,
    TableDetector,
    sheet_sizes,
)
from tablesense.model.proposals import demote_slopes
from tablesense.training.criterion import TableCriterion
from tablesense.training.matcher import HungarianMatcher

from .grids import CHANNELS, grids, padded, stirred

SMALL = NetworkConfig(
    backbone_blocks=3,
    hidden_dim=16,
    num_heads=2,
    num_points=2,
    encoder_layers=1,
    decoder_layers=2,
    num_queries=8,
)
CONFIGS = {
    "from the sheet": SMALL,
    "fixed queries": replace(SMALL, two_stage=False),
    "timm": replace(SMALL, backbone="convnextv2_atto"),
    "one decoder layer": replace(SMALL, decoder_layers=1),
    "no encoder": replace(SMALL, encoder_layers=2),
    "many queries": replace(SMALL, num_queries=70),
    "one head, one point": replace(SMALL, num_heads=1, num_points=1),
    "dropout": replace(SMALL, dropout=0.5),
}
SIZES = [(1, 1), (2, 3), (13, 6), (9, 18)]
configs = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def network_of(config: NetworkConfig) -> TableDetector:
    return stirred(TableDetector(config, CHANNELS)).eval()


def cropped(output: DetectorOutput, number: int, height: int, width: int) -> DetectorOutput:
    """What a batch's output says of one sheet, without the padding."""
    one = slice(number, number + 1)
    lines = (width, height, width, height)
    layers = [
        LayerOutput(
            layer.logits[one],
            layer.boxes[one],
            tuple(edge[one, :, :length] for edge, length in zip(layer.edges, lines, strict=True)),
        )
        for layer in output.layers
    ]
    return output._replace(
        layers=layers,
        unused=output.unused[one],
        cells=output.cells[one, :, :height, :width],
        proposals=output.proposals[one],
        mask=output.mask[one, :height, :width],
    )


@configs
@torch.no_grad()
def test_one_sheet_at_a_time_equals_a_batch(config: NetworkConfig) -> None:
    """Also on sheets with fewer cells than queries: padding and neighbours change no output at all."""
    network, sheets = network_of(config), grids(*SIZES)
    batch = network(*padded(sheets))
    for number, (sheet, size) in enumerate(zip(sheets, SIZES, strict=True)):
        alone = network(*padded([sheet]))
        torch.testing.assert_close(cropped(batch, number, *size), alone)
        torch.testing.assert_close(cropped(network(*padded([sheet], more=5)), 0, *size), alone)


@configs
@torch.no_grad()
def test_shapes_and_ranges(config: NetworkConfig) -> None:
    output = network_of(config)(*padded(grids(*SIZES)))
    queries = config.num_queries
    assert len(output.layers) == config.decoder_layers
    assert output.cells.shape == (4, 6, 13, 18)
    assert output.unused.shape == (4, queries)
    for boxes in (output.proposals, *(layer.boxes for layer in output.layers)):
        assert boxes.shape == (4, queries, 4)
        assert boxes.min() >= 0
        assert boxes.max() <= 1
    for layer in output.layers:
        assert layer.logits.shape == (4, queries)
        assert [edge.shape[2] for edge in layer.edges] == [18, 13, 18, 13]
        assert all(torch.isfinite(part).all() for part in (layer.logits, layer.boxes, *layer.edges))


@torch.no_grad()
def test_no_query_points_outside_the_sheet() -> None:
    sheets = grids(*SIZES)
    batch, mask = padded(sheets)
    for edge, lines in zip(network_of(SMALL)(batch, mask).layers[-1].edges, (mask.any(1), mask.any(2)) * 2):  # noqa: B905 - four sides of two axes
        probability = edge.softmax(-1)
        torch.testing.assert_close(probability.sum(-1), torch.ones_like(probability[..., 0]))
        assert probability.masked_fill(lines[:, None], 0.0).max() == 0


@torch.no_grad()
def test_every_layer_starts_from_the_edges_that_the_one_before_points_at() -> None:
    network = stirred(TableDetector(SMALL, CHANNELS))
    looked_from: list[Tensor] = []
    for layer in network.decoder:
        layer.register_forward_pre_hook(lambda _, inputs: looked_from.append(inputs[1]))
    grid, mask = padded(grids((6, 9), (3, 4)))
    output = network(grid, mask)
    assert len(looked_from) == len(output.layers) > 1
    for before, boxes in zip(output.layers, looked_from[1:], strict=False):
        corners = box_convert(boxes, "cxcywh", "xyxy")
        torch.testing.assert_close(corners, pointed_boxes(before.edges).to(corners))
        assert not boxes.requires_grad


def test_queries_a_sheet_has_no_cell_for_are_unused() -> None:
    batch, mask = padded(grids(*SIZES))
    from_the_sheet = network_of(SMALL)(batch, mask).unused
    assert (~from_the_sheet).sum(1).tolist() == [1, 6, 8, 8]
    assert not network_of(replace(SMALL, two_stage=False))(batch, mask).unused.any()


def test_near_equal_cells_keep_their_order_behind_the_peaks() -> None:
    """In single precision: ties would be broken by position, which padding moves."""
    scores = torch.tensor([[[0.0, 1.0, 2.0], [0.5, 0.5001, 1.5]]])
    demoted = demote_slopes(scores)
    assert demoted.argmax() == 2
    assert len(set(demoted.flatten().tolist())) == 6
    assert torch.equal(demoted.flatten().argsort(), scores.flatten().argsort())
    assert demoted.flatten()[[0, 1, 3, 4, 5]].max() < scores.min()


@torch.no_grad()
def test_no_used_query_sees_an_unused_one() -> None:
    """On six cells, eight queries of which two are unused say what six say."""
    eight, six = network_of(SMALL), TableDetector(replace(SMALL, num_queries=6), CHANNELS).double().eval()
    six.load_state_dict(eight.state_dict())
    inputs = padded(grids((2, 3)))
    for many, few in zip(eight(*inputs).layers, six(*inputs).layers, strict=True):
        torch.testing.assert_close(many.logits[:, :6], few.logits)
        torch.testing.assert_close(many.boxes[:, :6], few.boxes)


def gradients(config: NetworkConfig, tables: list[Tensor]) -> dict[str, Tensor | None]:
    network = stirred(TableDetector(config, CHANNELS)).train()
    losses = TableCriterion(HungarianMatcher())(network(*padded(grids((13, 6), (9, 18)))), tables)
    losses.loss.backward()
    return {name: parameter.grad for name, parameter in network.named_parameters()}


TWO_TABLES = [torch.tensor([[0.0, 1, 3, 6], [4, 7, 6, 13]]), torch.zeros(0, 4)]
NO_TABLES = [torch.zeros(0, 4)] * 2


@pytest.mark.parametrize("name", ["from the sheet", "fixed queries", "timm"])
def test_every_parameter_learns(name: str) -> None:
    for parameter, gradient in gradients(CONFIGS[name], TWO_TABLES).items():
        assert gradient is not None, parameter
        assert gradient.isfinite().all(), parameter
        assert gradient.abs().max() > 1e-12, parameter


@pytest.mark.parametrize("name", ["from the sheet", "fixed queries", "timm"])
def test_every_parameter_gets_a_gradient_without_tables(name: str) -> None:
    """Training on several processes waits for the gradient of every parameter, whatever the batch."""
    for parameter, gradient in gradients(CONFIGS[name], NO_TABLES).items():
        assert gradient is not None, parameter
        assert gradient.isfinite().all(), parameter


@configs
def test_state_dict_round_trip(config: NetworkConfig) -> None:
    one, other = network_of(config), TableDetector(config, CHANNELS).double().eval()
    other.load_state_dict(one.state_dict())
    inputs = padded(grids((4, 5), (7, 3)))
    with torch.no_grad():
        torch.testing.assert_close(one(*inputs), other(*inputs), rtol=0, atol=0)


@torch.no_grad()
def test_bytes_equal_their_share_of_255() -> None:
    network = TableDetector(SMALL, CHANNELS).eval()
    batch, mask = padded(grids((4, 5), (7, 3)))
    grid = (255 * batch).round().to(torch.uint8)
    torch.testing.assert_close(network(grid, mask), network(grid.float() / 255, mask), rtol=0, atol=0)


def test_dropout_is_in_backbone_and_transformer() -> None:
    network = TableDetector(CONFIGS["dropout"], CHANNELS)
    for part in (network.backbone, network.encoder, network.decoder):
        rates = [module.p for module in part.modules() if isinstance(module, torch.nn.Dropout)]
        assert rates
        assert set(rates) == {0.5}


@torch.no_grad()
def test_dropout_acts_in_training_only() -> None:
    network = stirred(TableDetector(CONFIGS["dropout"], CHANNELS))
    inputs = padded(grids((4, 5)))
    with torch.random.fork_rng(devices=[]):
        one, other = (network.train()(*inputs).layers[-1].logits for _ in range(2))
    assert not torch.equal(one, other)
    one, other = (network.eval()(*inputs).layers[-1].logits for _ in range(2))
    assert torch.equal(one, other)


@configs
@torch.no_grad()
def test_a_hint_reaches_every_cell_of_its_sheet_and_no_padding(config: NetworkConfig) -> None:
    network = network_of(config)
    inputs = padded(grids((4, 5), (6, 3)))
    plain, none = network(*inputs), network(*inputs, torch.zeros(2, config.hidden_dim))
    torch.testing.assert_close(none.cells, plain.cells, rtol=0, atol=0)
    hint = torch.stack([torch.zeros(config.hidden_dim), torch.ones(config.hidden_dim)])
    told = network(*inputs, hint)
    torch.testing.assert_close(told.cells[0], plain.cells[0])
    changed = (told.cells[1] != plain.cells[1]).any(0)
    assert changed[inputs[1][1]].all()
    assert not changed[~inputs[1][1]].any()


@pytest.mark.parametrize("formatting", [True, False])
def test_formatting_is_seen_or_not(formatting: bool) -> None:
    network = stirred(TableDetector(replace(SMALL, formatting=formatting))).eval()
    grid = torch.randint(0, 256, (1, NUM_CHANNELS, 9, 7), dtype=torch.uint8)
    mask = torch.ones(1, 9, 7, dtype=torch.bool)
    plain = grid.clone()
    plain[:, list(FORMATTING)] = 0
    seen, unseen = network.answer(grid, mask), network.answer(plain, mask)
    assert torch.equal(seen.logits, unseen.logits) != formatting
    contents = [channel for channel in range(NUM_CHANNELS) if channel not in FORMATTING]
    plain[:, contents] = 0
    assert not torch.equal(seen.logits, network.answer(plain, mask).logits)


def test_sheet_sizes() -> None:
    _, mask = padded(grids((2, 3), (5, 4)), more=2)
    assert sheet_sizes(mask).tolist() == [[[3, 2, 3, 2]], [[4, 5, 4, 5]]]


def test_unknown_backbone() -> None:
    with pytest.raises(UserError, match="resnet18"):
        TableDetector(replace(SMALL, backbone="resnet18"), CHANNELS)
