from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tablesense.errors import UserError
from tablesense.model.attention import Level
from tablesense.model.backbone import Backbone, CellBackbone, line_context, masked_pool, pool_mask
from tablesense.model.timm_backbone import TimmBackbone

from .grids import CHANNELS, grids, padded, stirred

DIM = 8

BACKBONES: dict[str, Callable[[], Backbone]] = {
    "cells": lambda: CellBackbone(CHANNELS, DIM, num_blocks=3),
    "cells, two maps": lambda: CellBackbone(CHANNELS, DIM, num_blocks=1, strides=(1, 4)),
    "convnextv2_atto": lambda: TimmBackbone("convnextv2_atto", CHANNELS, DIM, num_stages=2),
    "convnext_atto": lambda: TimmBackbone("convnext_atto", CHANNELS, DIM, num_stages=1),
    "convnext_atto_ols": lambda: TimmBackbone("convnext_atto_ols", CHANNELS, DIM, num_stages=2),
}


@pytest.fixture(scope="module", params=BACKBONES)
def backbone(request: pytest.FixtureRequest) -> Backbone:
    return stirred(BACKBONES[request.param]()).eval()


def assert_same_on_the_sheet(alone: list[Level], batch: list[Level], number: int) -> None:
    """A sheet's maps alone equal its part of a batch's maps, and the rest of the batch is zero."""
    for one, many in zip(alone, batch, strict=True):
        height, width = one.mask.shape[1:]
        assert one.stride == many.stride
        torch.testing.assert_close(many.features[number, :, :height, :width], one.features[0])
        assert torch.equal(many.mask[number, :height, :width], one.mask[0])
        assert int(many.mask[number].sum()) == int(one.mask.sum())
        assert many.features[number].masked_fill(many.mask[number], 0.0).abs().max() == 0


@torch.no_grad()
def test_padding_changes_nothing(backbone: Backbone) -> None:
    for size in ((1, 1), (3, 7), (13, 6)):
        (sheet,) = grids(size)
        alone = backbone(*padded([sheet]))
        for more in (1, 9):
            assert_same_on_the_sheet(alone, backbone(*padded([sheet], more)), 0)


@torch.no_grad()
def test_a_batch_changes_nothing(backbone: Backbone) -> None:
    sheets = grids((2, 3), (11, 17), (16, 1))
    batch = backbone(*padded(sheets))
    for number, sheet in enumerate(sheets):
        assert_same_on_the_sheet(backbone(*padded([sheet])), batch, number)


@torch.no_grad()
def test_what_the_padding_holds_does_not_matter(backbone: Backbone) -> None:
    batch, mask = padded(grids((2, 3), (7, 5)))
    dirty = batch.masked_fill(~mask[:, None], 9.0)
    for clean, other in zip(backbone(batch, mask), backbone(dirty, mask), strict=True):
        torch.testing.assert_close(other.features, clean.features)


@torch.no_grad()
def test_maps_have_the_sizes_of_their_strides(backbone: Backbone) -> None:
    levels = backbone(*padded(grids((11, 6), (4, 9))))
    assert backbone.strides[0] == 1
    assert tuple(level.stride for level in levels) == backbone.strides
    for level in levels:
        rows, columns = -(-11 // level.stride), -(-9 // level.stride)
        assert level.features.shape == (2, DIM, *level.mask.shape[1:])
        assert level.mask.any(2).sum(1).tolist() == [rows, -(-4 // level.stride)]
        assert level.mask.any(1).sum(1).tolist() == [-(-6 // level.stride), columns]
    assert levels[0].features.shape[2:] == (11, 9)


def test_every_parameter_gets_a_gradient(backbone: Backbone) -> None:
    levels = backbone(*padded(grids((9, 17), (20, 5))))
    generator = torch.Generator().manual_seed(0)
    loss = sum(
        ((level.features * torch.rand(level.features.shape, generator=generator)).sum() for level in levels),
        start=torch.zeros(()),
    )
    parameters = dict(backbone.named_parameters())
    gradients = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    for name, gradient in zip(parameters, gradients, strict=True):
        assert gradient is not None, name
        assert gradient.abs().max() > 0, name


@torch.no_grad()
def test_dropout_acts_in_training_only_and_not_on_padding() -> None:
    backbone = CellBackbone(CHANNELS, DIM, num_blocks=2, dropout=0.5).double()
    batch, mask = padded(grids((4, 5), (6, 3)))
    with torch.random.fork_rng(devices=[]):
        one, other = (backbone.train()(batch, mask)[0].features for _ in range(2))
    assert not torch.equal(one, other)
    assert not one.masked_select(~mask[:, None]).any()
    one, other = (backbone.eval()(batch, mask)[0].features for _ in range(2))
    assert torch.equal(one, other)


def test_the_first_stride_must_be_one() -> None:
    with pytest.raises(ValueError, match="first stride"):
        CellBackbone(CHANNELS, DIM, strides=(2, 4))


@pytest.mark.parametrize("name", ["convnextv2_nonesuch", "resnet18", ""])
def test_models_that_timm_lacks_or_that_mix_cells_are_refused(name: str) -> None:
    with pytest.raises(UserError, match="use 'cells' or a ConvNeXt model of timm") as caught:
        TimmBackbone(name, CHANNELS, DIM)
    assert repr(name) in str(caught.value)
    assert "\n" not in str(caught.value)


def random_features(seed: int, *size: int) -> tuple[Tensor, Tensor]:
    """``[2, 3, H, W]`` features, and a mask of one full and one smaller sheet."""
    generator = torch.Generator().manual_seed(seed)
    mask = torch.ones(2, *size, dtype=torch.bool)
    mask[1, 3:], mask[1, :, 2:] = False, False
    return torch.randn(2, 3, *size, dtype=torch.float64, generator=generator), mask


def test_line_context_is_the_mean_and_the_highest_of_the_sheet() -> None:
    features, mask = random_features(0, 5, 4)
    channels_last = features.permute(0, 2, 3, 1)
    context = [line_context(channels_last, mask, dim) for dim in (2, 1)]
    along_rows, down_columns = (lines.permute(0, 3, 1, 2) for lines in context)
    assert along_rows.shape == (2, 6, 5, 1)
    assert down_columns.shape == (2, 6, 1, 4)
    for sheet, (height, width) in enumerate([(5, 4), (3, 2)]):
        inside = features[sheet, :, :height, :width]
        rows = torch.cat([inside.mean(2), inside.amax(2)])
        columns = torch.cat([inside.mean(1), inside.amax(1)])
        torch.testing.assert_close(along_rows[sheet, :, :height, 0], rows)
        torch.testing.assert_close(down_columns[sheet, :, 0, :width], columns)
        assert not along_rows[sheet, :, height:].any()
        assert not down_columns[sheet, :, :, width:].any()


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_masked_pool_is_the_mean_of_the_sheet(stride: int) -> None:
    features, mask = random_features(1, 7, 5)
    pooled, inside = masked_pool(features, mask, stride), pool_mask(mask, stride)
    assert pooled.shape[2:] == inside.shape[1:] == (-(-7 // stride), -(-5 // stride))
    for sheet in range(2):
        for row in range(pooled.shape[2]):
            for column in range(pooled.shape[3]):
                window = (
                    slice(row * stride, (row + 1) * stride),
                    slice(column * stride, (column + 1) * stride),
                )
                chosen = features[sheet, :, *window][:, mask[sheet, *window]]
                assert bool(inside[sheet, row, column]) == (chosen.numel() > 0)
                mean = chosen.mean(1) if chosen.numel() else torch.zeros(3, dtype=torch.float64)
                torch.testing.assert_close(pooled[sheet, :, row, column], mean)
