"""ConvNeXt models of timm as a backbone for grids of cells."""

from typing import Any

import timm
import torch.nn.functional as F
from timm.layers.grn import GlobalResponseNorm
from torch import Tensor, nn

from tablesense.errors import UserError
from tablesense.model.attention import Level
from tablesense.model.backbone import Backbone, CellNorm, ContextBlock, pool_mask

_PATCH = 2  # cells a patch of the stem: the coarsest start that still tells a two-cell table from one cell


class TimmBackbone(Backbone):
    """A ConvNeXt model (V1 or V2, any size) behind a full-resolution map of our own.

    timm's networks do not know of padding. What lies outside the sheet is set to zero before every layer
    that looks across cells (convolutions, global response norm), so a sheet gives the same features alone
    and in a batch. That holds for norms within a cell only, hence the ConvNeXt family.

    Args:
        name: a model of timm, such as ``convnextv2_atto``; weights start at random, cells are no photos.
        in_channels: feature channels of a cell.
        hidden_dim: channels of every map returned.
        num_stages: how many stages are used; their strides are 2, 4, 8, ..., with an overlapping stem (the
            models ending in ``_ols``) 4, 8, 16, ...

    Raises:
        UserError: timm knows no such model, or it is not of the ConvNeXt family.
    """

    def __init__(self, name: str, in_channels: int, hidden_dim: int, num_stages: int = 3) -> None:
        super().__init__()
        if not name.startswith("convnext") or not timm.is_model(name):
            choices = ", ".join(timm.list_models("convnext*")[:6])
            raise UserError(f"backbone {name!r}: use 'cells' or a ConvNeXt model of timm ({choices}, ...)")
        self.body = timm.create_model(
            name,
            pretrained=False,
            features_only=True,
            in_chans=hidden_dim,
            patch_size=_PATCH,
            out_indices=tuple(range(num_stages)),
        )
        self.stem = nn.Conv2d(in_channels, hidden_dim, 1)
        self.cells = nn.ModuleList(ContextBlock(hidden_dim) for _ in range(2))
        info: Any = self.body.feature_info
        channels = [hidden_dim, *info.channels()]
        # After a stem of stride 2 timm's first stage halves once more; sheets are too small for that.
        first_stage = self.body.get_submodule("stages_0")
        halved = 1 if isinstance(first_stage.downsample, nn.Identity) else 2
        first_stage.downsample = nn.Identity()
        self.strides = (1, *(stride // halved for stride in info.reduction()))
        self.project = nn.ModuleList(nn.Conv2d(count, hidden_dim, 1) for count in channels)
        self.norms = nn.ModuleList(CellNorm(hidden_dim) for _ in channels)
        self._masks: dict[tuple[int, ...], Tensor] = {}
        for module in self.body.modules():
            if isinstance(module, nn.Conv2d):
                module.register_forward_pre_hook(self._mask_channels_first)
            elif isinstance(module, GlobalResponseNorm):
                channels_last = module.channel_dim == -1
                hook = self._mask_channels_last if channels_last else self._mask_channels_first
                module.register_forward_pre_hook(hook)

    def forward(self, grid: Tensor, mask: Tensor) -> list[Level]:
        """See :class:`Backbone`."""
        cells = self.stem(grid) * mask[:, None]
        for block in self.cells:
            cells = block(cells, mask)
        pad = (0, -mask.shape[2] % self.strides[-1], 0, -mask.shape[1] % self.strides[-1])
        padded = F.pad(mask, pad)
        halvings = range(1, self.strides[-1].bit_length())
        pooled = {1: padded} | {2**n: pool_mask(padded, 2**n) for n in halvings}
        masks = [mask, *(pooled[stride] for stride in self.strides[1:])]
        self._masks = {tuple(inside.shape[1:]): inside for inside in pooled.values()}
        maps = [cells, *self.body(F.pad(cells, pad))]
        return [
            Level(norm(project(features)) * inside[:, None], inside, stride)
            for features, inside, stride, project, norm in zip(
                maps, masks, self.strides, self.project, self.norms, strict=True
            )
        ]

    def _mask_channels_first(self, _: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
        features = inputs[0]
        return (features * self._masks[tuple(features.shape[2:])][:, None],)

    def _mask_channels_last(self, _: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
        features = inputs[0]
        return (features * self._masks[tuple(features.shape[1:3])][..., None],)
