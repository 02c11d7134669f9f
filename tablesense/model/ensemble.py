"""Several networks that detect together: each is trained from other first weights, and all are heard."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Self, cast

import torch
from torch import Tensor, nn

from tablesense.errors import UserError
from tablesense.features.channels import FEATURE_VERSION, NUM_CHANNELS
from tablesense.model.answer import Answer
from tablesense.model.detector import CODERS, NetworkConfig, TableDetector
from tablesense.model.pretrained import Pretrained
from tablesense.model.sources import MOST_NETWORKS


class TableEnsemble(nn.Module, Pretrained, coders=CODERS):
    """Networks of one shape that detect together (:mod:`tablesense.model.consensus`).

    Where they disagree a box is doubtful, and the boxes that all of them take for possible win. N networks
    take N times as long as one. ``save_pretrained`` and ``from_pretrained`` are as of :class:`TableDetector`.

    Args:
        network: the shape of each.
        networks: how many.
        in_channels: feature channels of a cell.
        feature_version: the version of the features that they are trained on.
        score_threshold: a box scored lower is no table; the score is the mean of theirs.

    Raises:
        UserError: they are too many, or were trained on features that this version of tablesense does not
            make.
    """

    several = True

    def __init__(
        self,
        network: NetworkConfig,
        networks: int,
        in_channels: int = NUM_CHANNELS,
        feature_version: int = FEATURE_VERSION,
        score_threshold: float = 0.5,
    ) -> None:
        super().__init__()
        if not 1 <= networks <= MOST_NETWORKS:
            raise UserError(f"1 to {MOST_NETWORKS} networks can detect together, not {networks}")
        self.score_threshold = score_threshold
        self.networks = nn.ModuleList(
            TableDetector(network, in_channels, feature_version, score_threshold) for _ in range(networks)
        )

    @classmethod
    def of(cls, detectors: Sequence[TableDetector], score_threshold: float | None = None) -> Self:
        """Networks that are there, copied.

        Args:
            detectors: one or more, of one shape; their dropout may differ.
            score_threshold: a box scored lower is no table; None takes the first network's.

        Raises:
            UserError: they are too many, or not of one shape.
        """
        first = detectors[0]
        for number, other in enumerate(detectors[1:], 2):
            if names := _differing(first.config, other.config):
                raise UserError(
                    f"networks that detect together must have one shape: number {number} has another "
                    f"{', '.join(names)} (model.network) than the first"
                )
        threshold = first.score_threshold if score_threshold is None else score_threshold
        ensemble = cls(first.config, len(detectors), first.in_channels, FEATURE_VERSION, threshold)
        for network, detector in zip(ensemble.members, detectors, strict=True):
            network.load_state_dict(detector.state_dict())
        return ensemble.to(first.device).eval()

    @property
    def members(self) -> list[TableDetector]:
        """The networks."""
        return [cast(TableDetector, network) for network in self.networks]

    @property
    def device(self) -> torch.device:
        """Where the networks run."""
        return self.members[0].device

    def forward(self, grid: Tensor, mask: Tensor) -> Answer:
        """What all of them say, one after the other; see :meth:`TableDetector.forward`."""
        answers = [network(grid, mask).answer for network in self.members]
        edges = (torch.cat(edge, 1) for edge in zip(*(answer.edges for answer in answers), strict=True))
        return Answer(
            torch.cat([answer.logits for answer in answers], 1),
            tuple(edges),
            torch.cat([answer.unused for answer in answers], 1),
            len(answers),
        )

    @torch.inference_mode()
    def answer(self, grid: Tensor, mask: Tensor) -> Answer:
        """See :class:`tablesense.model.answer.Answering`; call ``eval`` first."""
        answer: Answer = self(grid.to(self.device), mask.to(self.device))
        return answer


def _differing(one: NetworkConfig, other: NetworkConfig) -> list[str]:
    """The options in which two networks that are trained differ."""
    values, others = asdict(one), asdict(other)
    return [name for name in values if name != "dropout" and values[name] != others[name]]
