"""What a task may offer to the bookkeeping, and a logger to it; who lacks a part does without.

The bookkeeping knows no task: rows are rows, pictures are pictures.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

Row = Mapping[str, object]


class Picture(Protocol):
    """A picture of something validated."""

    @property
    def name(self) -> str:
        """What can be the stem of a file."""

    @property
    def svg(self) -> str:
        """The text of an SVG."""


@runtime_checkable
class NamesModel(Protocol):
    """A module whose model has a name of its own; else the experiment's is used."""

    model_name: str


@runtime_checkable
class WritesPredictions(Protocol):
    """A module that keeps what it predicted in the last validation or test."""

    def prediction_rows(self) -> Iterable[Row]:
        """One row an example: what is true, what was predicted, how sure the model was."""

    def class_metric_rows(self) -> Iterable[Row]:
        """One row a class: precision, recall, f1_score, support and what they are made of."""


@runtime_checkable
class SavesPretrained(Protocol):
    """A module whose model can be written as a folder of weights and ``config.json``."""

    def save_pretrained(self, folder: Path) -> None:
        """Write the folder, which exists and is empty."""


@runtime_checkable
class DrawsPictures(Protocol):
    """A module that can show some of what it predicted in the last validation."""

    def pictures(self) -> Iterable[Picture]:
        """Draw a few of them."""


@runtime_checkable
class DerivesMetrics(Protocol):
    """A module with metrics that are made of an epoch's other metrics."""

    def derived_metrics(self, row: Mapping[str, float]) -> Mapping[str, float]:
        """Metrics to add to the row of an epoch."""


@runtime_checkable
class KnowsFacts(Protocol):
    """A data module or a module that can say what a record of the run should tell of it.

    They are asked when both are set up, before the first step.
    """

    @property
    def facts(self) -> Mapping[str, object]:
        """``data/train_size``, ``data/datasets``; ``model/hidden_size``, ``environment/{library}``."""


@runtime_checkable
class HasTestData(Protocol):
    """A data module that can say whether there is anything to test on."""

    @property
    def has_test_data(self) -> bool:
        """Whether ``test_dataloader`` gives something."""


@runtime_checkable
class KeepsRun(Protocol):
    """A logger that keeps more of a run than rows."""

    def log_summary(self, values: Mapping[str, object]) -> None:
        """Set values of the whole run."""

    def log_files_as_artifact(self, name: str, kind: str, files: Iterable[Path]) -> None:
        """Keep files as a versioned artifact."""

    def save_file(self, file: Path) -> None:
        """Keep a file of the run folder under the same relative path."""

    def log_pages(self, name: str, pages: Iterable[str], epoch: int) -> None:
        """Show HTML or SVG texts as panels of an epoch."""

    def catch_up(self, rows: Sequence[Mapping[str, float | None]]) -> None:
        """Take the rows of earlier epochs that a kill kept from it."""

    def close(self, exit_code: int) -> None:
        """End the run."""


def keepers(loggers: Iterable[object]) -> list[KeepsRun]:
    """The loggers that keep more than rows."""
    return [logger for logger in loggers if isinstance(logger, KeepsRun)]
