"""One run as the comparison sees it, wherever it was read from."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

EPOCH, STEP = "epoch", "trainer/global_step"
EPOCH_SECONDS, TOTAL_PARAMS = "system/epoch_time_seconds", "model/total_params"

# Where less is better; everywhere else the best value is the highest one.
_LESS_IS_BETTER = ("loss", "error", "eob_mean", "seconds", "memory_mb", "grad_norm", "nonfinite_costs")

Point = tuple[float, float]


@dataclass(frozen=True)
class RunRecord:
    """A run: what it was asked to do, what it is, and what it measured.

    Values that were NaN or infinite are left out of the rows, so a row may lack a metric that others have.
    """

    name: str
    """The folder's name, or W&B's display name. Untrusted: escape it wherever it is shown."""
    source: str
    """The path of the folder, or ENTITY/PROJECT/ID."""
    started: datetime | None
    """With a time zone."""
    config: dict[str, Any]
    """Flat, by ``section/key``."""
    facts: dict[str, Any]
    """What the run found out about itself: ``model/total_params``, ``data/train_size``, ..."""
    epochs: tuple[dict[str, float], ...]
    """A row an epoch in order, each with ``epoch``."""
    steps: tuple[dict[str, float], ...] = ()
    """A row an optimizer step in order, each with ``trainer/global_step``; empty without W&B."""
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What could not be read, a sentence each."""

    @property
    def parameters(self) -> int | None:
        """How many parameters the model has."""
        count = self.facts.get(TOTAL_PARAMS)
        return int(count) if isinstance(count, int | float) else None

    @property
    def seconds(self) -> float | None:
        """The time its epochs took; a break between a stop and a resume is not counted."""
        times = [row[EPOCH_SECONDS] for row in self.epochs if EPOCH_SECONDS in row]
        return sum(times) if times else None

    @property
    def epochs_done(self) -> int:
        """The last epoch that was finished."""
        return int(self.epochs[-1][EPOCH]) if self.epochs else 0

    @property
    def metrics(self) -> list[str]:
        """The names measured at least once, of epochs then of steps, in the order they appear."""
        names = [name for row in (*self.epochs, *self.steps) for name in row]
        return [name for name in dict.fromkeys(names) if name not in {EPOCH, STEP}]

    def x_axis(self, metric: str) -> str:
        """``epoch``, or ``trainer/global_step`` for what is measured at every optimizer step."""
        return EPOCH if any(metric in row for row in self.epochs) else STEP

    def series(self, metric: str) -> list[Point]:
        """The points (x, value) of a metric; empty when it was never measured."""
        axis = self.x_axis(metric)
        rows = self.epochs if axis == EPOCH else self.steps
        return [(row[axis], row[metric]) for row in rows if metric in row]

    def best(self, metric: str) -> Point | None:
        """The point (x, value) where a metric was best, the first of equals; None when never measured."""
        points = self.series(metric)
        if not points:
            return None
        return (min if self.prefers_less(metric) else max)(points, key=lambda point: point[1])

    def prefers_less(self, metric: str) -> bool:
        """Whether a lower value is the better one; for the metric it chose by, the run itself says it."""
        if metric == self.config.get("experiment/monitor"):
            return self.config.get("experiment/monitor_mode") == "min"
        return less_is_better(metric)


def less_is_better(metric: str) -> bool:
    """Whether a lower value of a metric is the better one: losses, distances, times, memory."""
    return any(word in metric for word in _LESS_IS_BETTER)
