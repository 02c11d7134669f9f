"""The kinds of parameters of a W&B sweep, as distributions of optuna.

optuna draws a raw value that it can learn from (an index, a whole number, a float); :meth:`value`
makes of it what W&B would pass to the training.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Raw = int | float

# The ends of a normal distribution lie at infinity: leave out one draw in a million on each side.
_TAIL = 1e-6


class Parameter(Protocol):
    """One parameter of the search."""

    def distribution(self) -> "BaseDistribution":
        """What optuna draws from."""

    def value(self, raw: Any) -> Any:  # noqa: ANN401 - whatever the sweep file lists
        """What the training gets for a drawn value."""

    def grid(self) -> Sequence[Raw] | None:
        """Every value that can be drawn, None where they are not countable."""


@dataclass(frozen=True)
class Choice:
    """``categorical`` and ``constant``: one of the values, drawn by its index as values may be lists."""

    values: tuple[Any, ...]

    def distribution(self) -> "BaseDistribution":
        """Indices, without an order."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(range(len(self.values)))

    def value(self, raw: int) -> Any:  # noqa: ANN401
        """The value with that index."""
        return self.values[raw]

    def grid(self) -> Sequence[Raw]:
        """All indices."""
        return range(len(self.values))


@dataclass(frozen=True)
class WeightedChoice:
    """``categorical_w_probabilities``: one of the values, some more often than others."""

    values: tuple[Any, ...]
    probabilities: tuple[float, ...]

    def distribution(self) -> "BaseDistribution":
        """The unit interval, of which every value has its share."""
        from optuna.distributions import FloatDistribution

        return FloatDistribution(0.0, 1.0)

    def value(self, raw: float) -> Any:  # noqa: ANN401
        """The value in whose share ``raw`` lies; one of probability zero has none."""
        ends = list(accumulate(self.probabilities))
        possible = [number for number, share in enumerate(self.probabilities) if share > 0]
        return self.values[next((number for number in possible if raw < ends[number]), possible[-1])]

    def grid(self) -> None:
        """A grid knows no weights."""
        return


@dataclass(frozen=True)
class Interval:
    """``uniform`` and ``log_uniform_values``: a float between two ends."""

    low: float
    high: float
    log: bool = False

    def distribution(self) -> "BaseDistribution":
        """The interval itself."""
        from optuna.distributions import FloatDistribution

        return FloatDistribution(self.low, self.high, log=self.log)

    def value(self, raw: float) -> float:
        """The drawn value."""
        return raw

    def grid(self) -> None:
        """There is no end of values."""
        return


@dataclass(frozen=True)
class Multiples:
    """``int_uniform``, ``q_uniform``, ``q_log_uniform_values``: the multiples of ``step`` between two ends.

    W&B rounds to the next multiple, which can lie just outside the ends; here it never does.
    """

    low: int
    high: int
    step: int | float = 1
    log: bool = False

    def distribution(self) -> "BaseDistribution":
        """How many times the step."""
        from optuna.distributions import IntDistribution

        return IntDistribution(self.low, self.high, log=self.log)

    def value(self, raw: int) -> int | float:
        """A whole number where the step is one."""
        return times(raw, self.step)

    def grid(self) -> Sequence[Raw]:
        """All of them."""
        return range(self.low, self.high + 1)


@dataclass(frozen=True)
class Normal:
    """``normal``, ``log_normal`` and, with a step, ``q_normal`` and ``q_log_normal``."""

    mu: float = 0.0
    sigma: float = 1.0
    log: bool = False
    step: int | float | None = None

    def distribution(self) -> "BaseDistribution":
        """The share of the distribution that lies below the value."""
        from optuna.distributions import FloatDistribution

        return FloatDistribution(_TAIL, 1 - _TAIL)

    def value(self, raw: float) -> int | float:
        """The quantile."""
        value = NormalDist(self.mu, self.sigma).inv_cdf(raw) if self.sigma else self.mu
        value = math.exp(value) if self.log else value
        return value if self.step is None else times(round(value / self.step), self.step)

    def grid(self) -> None:
        """There is no end of values."""
        return


def times(count: int, step: int | float) -> int | float:
    """``count * step`` as one would write it: 3 times 0.1 is 0.3."""
    return count * step if isinstance(step, int) else float(count * Decimal(str(step)))
