from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import sigmoid_focal_loss

from tablesense.boxes import Box
from tablesense.model.detector import DetectorOutput, LayerOutput
from tablesense.training.criterion import Losses, TableCriterion, cell_targets
from tablesense.training.matcher import HungarianMatcher

from .outputs import SIZE, SURE, output_of, random_layer, random_tables, right_layer, tensor

TABLES = tensor(Box(0, 0, 3, 4), Box(5, 5, 9, 12))
PARTS = ("cls", "l1", "iou", "boundary", "cells")


class Weights(NamedTuple):
    cls: float = 1.0
    l1: float = 5.0
    iou: float = 2.0
    boundary: float = 2.0
    cells: float = 1.0


def criterion(weights: Weights = Weights(), aux_loss: bool = True) -> TableCriterion:  # noqa: B008 - immutable
    return TableCriterion(
        HungarianMatcher(),
        lambda_cls=weights.cls,
        lambda_l1=weights.l1,
        lambda_iou=weights.iou,
        lambda_boundary=weights.boundary,
        lambda_cells=weights.cells,
        aux_loss=aux_loss,
    )


def random_case(seed: int = 0, layers: int = 2) -> tuple[DetectorOutput, list[Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    cells = torch.randn(3, 6, SIZE, SIZE, generator=generator)
    output = output_of(*(random_layer(3, 5, generator) for _ in range(layers)), cells=cells)
    return output, [random_tables(count, generator) for count in (2, 0, 3)]


def right_output(tables: Tensor) -> DetectorOutput:
    cells = SURE * (2 * cell_targets(tables, torch.zeros(SIZE, SIZE))[None] - 1)
    return output_of(right_layer(tables, queries=4), cells=cells)


def assert_near_zero(losses: Losses) -> None:
    for name, value in losses._asdict().items():
        assert abs(float(value)) < 1e-5, name


def test_a_right_output_costs_nothing() -> None:
    assert_near_zero(criterion()(right_output(TABLES), [TABLES]))


def test_a_right_output_without_tables_costs_nothing() -> None:
    assert_near_zero(criterion()(right_output(tensor()), [tensor()]))


@pytest.mark.parametrize("part", PARTS)
def test_each_part_sees_its_own_mistake(part: str) -> None:
    output = right_output(TABLES)
    (layer,) = output.layers
    if part == "cls":
        layer.logits[0, 3] = 0.0
    elif part in ("l1", "iou"):
        layer.boxes[0, 0, 2] *= 1.2
    elif part == "boundary":
        layer.edges[2][0, 1] = layer.edges[2][0, 1].roll(1)
    else:
        output.cells[0, 4, 3, 3] = SURE
    wrong = {name for name, value in criterion()(output, [TABLES])._asdict().items() if value > 1e-4}
    assert part in wrong
    assert wrong <= {"loss", "l1", "iou"} if part in ("l1", "iou") else wrong == {"loss", part}


def test_box_and_boundary_losses_by_hand() -> None:
    """One table, found one column too wide."""
    table = tensor(Box(2, 2, 4, 6))
    (layer,) = output_of(right_layer(tensor(Box(2, 2, 5, 6)), queries=1)).layers
    losses = criterion()(output_of(layer), [table])
    assert float(losses.l1) == pytest.approx((0.5 + 1) / SIZE)
    assert float(losses.iou) == pytest.approx(1 - 8 / 12, abs=1e-6)
    assert float(losses.boundary) == pytest.approx(SURE / 4)


def test_smoothed_edges_by_hand() -> None:
    """A tenth of each label is spread over the lines of the sheet, and over no others."""
    layer = random_layer(1, 1, torch.Generator().manual_seed(0))
    inside = SIZE - 3
    for edge in layer.edges:
        edge[..., inside:] = torch.finfo(edge.dtype).min
    output, table = output_of(layer), Box(2, 3, 6, 9)
    smoothed = TableCriterion(HungarianMatcher(), label_smoothing=0.1)
    targets = torch.tensor([table.left, table.top, table.right - 1, table.bottom - 1])
    by_hand = F.cross_entropy(
        torch.cat([edge[0, :, :inside] for edge in layer.edges]), targets, label_smoothing=0.1
    )
    assert float(smoothed(output, [tensor(table)]).boundary) == pytest.approx(float(by_hand), rel=1e-5)
    plain = criterion()(output, [tensor(table)]).boundary
    assert float(plain) != pytest.approx(float(by_hand), rel=1e-3)
    measured = smoothed.eval()(output, [tensor(table)]).boundary
    assert float(measured) == float(plain), "validation can be compared"


def test_weights_scale_the_parts() -> None:
    output, tables = random_case()
    parts = criterion()(output, tables)
    weights = Weights(0.5, 3.0, 0.25, 7.0, 1.5)
    weighted = criterion(weights)(output, tables)
    for name in PARTS:
        assert getattr(weighted, name) == getattr(parts, name), "the parts are reported unweighted"
    expected = sum(getattr(weights, name) * float(getattr(parts, name)) for name in PARTS)
    assert float(weighted.loss) == pytest.approx(expected, rel=1e-5)


def test_all_parts_are_positive_on_a_random_output() -> None:
    output, tables = random_case()
    assert all(float(value) > 0 for value in criterion()(output, tables))


def test_without_aux_loss_only_the_last_layer_counts() -> None:
    output, tables = random_case(layers=3)
    last = output._replace(layers=output.layers[-1:])
    torch.testing.assert_close(criterion(aux_loss=False)(output, tables), criterion()(last, tables))
    with_all = criterion()(output, tables)
    by_layer = [criterion()(output._replace(layers=[layer]), tables) for layer in output.layers]
    for name in ("cls", "l1", "iou", "boundary"):
        mean = sum(float(getattr(losses, name)) for losses in by_layer) / 3
        assert float(getattr(with_all, name)) == pytest.approx(mean, rel=1e-5)


def test_sheets_without_tables_only_fear_false_alarms() -> None:
    output, _ = random_case()
    losses = criterion()(output, [tensor()] * 3)
    assert losses.l1 == losses.iou == losses.boundary == 0
    assert losses.cls > 0
    assert losses.cells > 0


def test_unused_queries_cost_nothing() -> None:
    layer = random_layer(1, 4, torch.Generator().manual_seed(0))
    alarmed = LayerOutput(layer.logits.clone(), layer.boxes, layer.edges)
    alarmed.logits[0, -1] = SURE
    one, other = (criterion()(output_of(some, unused=1), [TABLES]) for some in (layer, alarmed))
    torch.testing.assert_close(one, other)
    used, quiet = (criterion()(output_of(some), [tensor()]) for some in (alarmed, layer))
    assert used.cls > quiet.cls


def test_more_tables_than_queries() -> None:
    generator = torch.Generator().manual_seed(0)
    losses = criterion()(output_of(random_layer(1, 2, generator)), [random_tables(5, generator)])
    assert all(value.isfinite() for value in losses)


def test_cells_outside_the_sheet_cost_nothing() -> None:
    output, tables = random_case()
    mask = output.mask.clone()
    mask[:, :, -1] = False
    tables = [boxes[boxes[:, 2] < SIZE] for boxes in tables]
    wild = output.cells.clone()
    wild[..., -1] = SURE
    one, other = (
        criterion()(output._replace(mask=mask, cells=cells), tables).cells for cells in (output.cells, wild)
    )
    assert one == other


def test_classification_is_the_focal_loss_a_table() -> None:
    output, tables = random_case(layers=1)
    (layer,) = output.layers
    matches = HungarianMatcher()(layer, output.unused, tables, torch.full((3, 1, 4), float(SIZE)))
    target = torch.zeros(3, 5)
    for number, found in enumerate(matches):
        target[number, found.queries] = 1
    expected = sigmoid_focal_loss(layer.logits, target, 0.5, 2.0).sum() / 5
    torch.testing.assert_close(criterion()(output, tables).cls, expected)


def test_cell_targets_by_hand() -> None:
    targets = cell_targets(tensor(Box(1, 0, 4, 3)), torch.zeros(4, 5)).int()
    drawings = {
        "first": ".#...|.....|.....|.....",
        "inside": ".###.|.###.|.###.|.....",
        "left": ".#...|.#...|.#...|.....",
        "top": ".###.|.....|.....|.....",
        "right": "...#.|...#.|...#.|.....",
        "bottom": ".....|.....|.###.|.....",
    }
    for name, target in zip(drawings, targets.tolist(), strict=True):
        drawing = "|".join("".join(".#"[value] for value in row) for row in target)
        assert drawing == drawings[name], name


def test_cell_targets_of_one_cell_and_of_none() -> None:
    one = cell_targets(tensor(Box(2, 1, 3, 2)), torch.zeros(3, 3))
    assert one[:, 1, 2].tolist() == [1.0] * 6
    assert one.sum() == 6
    assert cell_targets(tensor(), torch.zeros(3, 3)).sum() == 0
