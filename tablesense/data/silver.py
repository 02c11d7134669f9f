"""Training sheets whose tables a machine marked, and what they are marked with later."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tablesense.data.sample import Sample


class SilverSheets:
    """The silver ones of some samples.

    Args:
        samples: all training samples; sheets that are marked again are replaced in this list.

    Attributes:
        originals: the silver samples as they were read, by their place in the list.
    """

    def __init__(self, samples: list[Sample]) -> None:
        self._samples = samples
        self.originals = {number: sample for number, sample in enumerate(samples) if sample.silver}
        self._marks: dict[int, NDArray[np.int64]] = {}

    def mark(self, marks: Mapping[int, NDArray[np.int64]]) -> None:
        """Mark sheets as people would; those that are not named get their first marks back.

        Args:
            marks: by the place of a sheet in the list, ``[N, 4]`` half-open boxes in grid cells.
        """
        self._marks = dict(marks)
        for number, sample in self.originals.items():
            boxes = self._marks.get(number)
            self._samples[number] = sample if boxes is None else replace(sample, boxes=boxes, silver=False)

    def state_dict(self) -> dict[int, list[list[int]]]:
        """The marks, for a checkpoint."""
        return {number: boxes.tolist() for number, boxes in self._marks.items()}

    def load_state_dict(self, state: Mapping[int, list[list[int]]]) -> None:
        """Mark as a checkpoint says."""
        self.mark({number: np.array(boxes, dtype=np.int64).reshape(-1, 4) for number, boxes in state.items()})
