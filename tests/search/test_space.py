"""Parameters: what is drawn lies in its domain, means what W&B means, and mistakes are one line."""

import math
from collections import Counter
from statistics import NormalDist
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.errors import UserError
from tablesense.search.parameters import read_parameter, read_parameters
from tablesense.search.space import Choice, Multiples, Normal, WeightedChoice

optuna = pytest.importorskip("optuna")

ends = st.tuples(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6)).map(lambda pair: (pair[0], sum(pair)))
positive_ends = st.tuples(st.floats(1e-8, 1e3), st.floats(1.1, 1e6)).map(
    lambda pair: (pair[0], pair[0] * pair[1])
)
whole_ends = st.tuples(st.integers(-1000, 1000), st.integers(1, 1000)).map(lambda pair: (pair[0], sum(pair)))
steps = st.sampled_from([1, 2, 8, 32, 0.1, 0.25, 0.3])


def draw(fields: dict[str, Any], seed: int) -> Any:
    """A value, drawn as the search draws it."""
    parameter = read_parameter("p", fields)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    return parameter.value(study.ask({"p": parameter.distribution()}).params["p"])


@given(ends, st.integers(0, 2**31))
def test_uniform(limits: tuple[float, float], seed: int) -> None:
    low, high = limits
    value = draw({"distribution": "uniform", "min": low, "max": high}, seed)
    assert isinstance(value, float)
    assert low <= value <= high


@given(positive_ends, st.integers(0, 2**31))
def test_log_uniform(limits: tuple[float, float], seed: int) -> None:
    low, high = limits
    value = draw({"distribution": "log_uniform_values", "min": low, "max": high}, seed)
    assert low <= value <= high


def test_half_of_log_uniform_lies_below_the_geometric_mean() -> None:
    fields = {"distribution": "log_uniform_values", "min": 1e-6, "max": 1e-2}
    below = sum(draw(fields, seed) < 1e-4 for seed in range(400))
    assert 150 < below < 250


@given(whole_ends, st.integers(0, 2**31))
def test_whole_numbers(limits: tuple[int, int], seed: int) -> None:
    low, high = limits
    for fields in ({"min": low, "max": high}, {"distribution": "int_uniform", "min": low, "max": high}):
        value = draw(fields, seed)
        assert type(value) is int
        assert low <= value <= high


@given(ends, steps, st.booleans(), st.integers(0, 2**31))
def test_multiples(limits: tuple[float, float], step: float, log: bool, seed: int) -> None:
    low, high = (abs(limits[0]) + 0.5, abs(limits[0]) + 0.5 + limits[1] - limits[0] + step) if log else limits
    high = max(high, low + step)
    kind = "q_log_uniform_values" if log else "q_uniform"
    value = draw({"distribution": kind, "min": low, "max": high, "q": step}, seed)
    assert low - 1e-6 * abs(low) - 1e-8 <= value <= high + 1e-6 * abs(high) + 1e-8
    assert math.isclose(value / step, round(value / step), rel_tol=1e-9)
    assert isinstance(value, int) == isinstance(step, int)


def test_multiples_are_written_as_people_write_them() -> None:
    tenths = read_parameter("p", {"distribution": "q_uniform", "min": 0.1, "max": 0.9, "q": 0.1})
    assert [tenths.value(raw) for raw in tenths.grid() or ()] == [n / 10 for n in range(1, 10)]


@given(
    st.lists(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.integers())), min_size=1
    )
)
def test_a_choice_is_one_of_the_values_of_whatever_type(values: list[Any]) -> None:
    drawn = [draw({"values": values}, seed) for seed in range(5)]
    assert all(any(value is candidate for candidate in values) for value in drawn)


def test_every_choice_is_drawn() -> None:
    assert {draw({"values": [64, 96, 128]}, seed) for seed in range(40)} == {64, 96, 128}
    assert draw({"value": [1, "a"]}, 0) == [1, "a"]


@given(st.lists(st.integers(0, 8), min_size=1, max_size=6).filter(any))
def test_weights_are_shares(weights: list[int]) -> None:
    total = sum(weights)
    shares = [weight / total for weight in weights]
    parameter = read_parameter("p", {"values": list(range(len(weights))), "probabilities": shares})
    assert isinstance(parameter, WeightedChoice)
    found = Counter(parameter.value((place + 0.5) / total) for place in range(total))
    assert [found[number] for number in range(len(weights))] == weights
    assert weights[parameter.value(0.0)] > 0
    assert weights[parameter.value(1.0)] > 0, "a value that never comes does not come at the end either"


@given(st.floats(-5, 5), st.floats(0.1, 3), st.floats(0.01, 0.99))
def test_normal_values_are_quantiles(mu: float, sigma: float, share: float) -> None:
    plain = read_parameter("p", {"distribution": "normal", "mu": mu, "sigma": sigma})
    logarithmic = read_parameter("p", {"distribution": "log_normal", "mu": mu, "sigma": sigma})
    assert math.isclose(NormalDist(mu, sigma).cdf(plain.value(share)), share, abs_tol=1e-9)
    assert math.isclose(math.log(logarithmic.value(share)), plain.value(share), abs_tol=1e-9)
    rounded = read_parameter("p", {"distribution": "q_normal", "mu": mu, "sigma": sigma, "q": 0.5})
    assert abs(rounded.value(share) - plain.value(share)) <= 0.25 + 1e-9
    assert rounded.value(share) * 2 == round(rounded.value(share) * 2)


def test_a_normal_distribution_has_ends() -> None:
    parameter = Normal()
    distribution: Any = parameter.distribution()
    assert math.isfinite(parameter.value(distribution.low))
    assert math.isfinite(parameter.value(distribution.high))
    assert Normal(mu=2.0, sigma=0.0).value(0.3) == 2.0


@pytest.mark.parametrize(
    "fields",
    [
        {"min": 1, "max": 5},
        {"min": 0.5, "max": 5.0},
        {"min": 0.5, "max": 5},
        {"distribution": "uniform", "min": -1.0, "max": 1.0},
        {"distribution": "int_uniform", "min": 2, "max": 9},
        {"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-1},
        {"distribution": "q_log_uniform_values", "min": 1, "max": 64, "q": 1},
    ],
)
def test_the_same_distribution_as_in_wandbs_own_scheduler(fields: dict[str, Any]) -> None:
    scheduler = pytest.importorskip("wandb.sdk.sweeps.scheduler.optuna")
    assert read_parameter("p", fields).distribution() == scheduler.sweep_parameter_to_distribution(fields)


def test_kinds_that_are_inferred() -> None:
    assert read_parameter("p", {"values": [1, 2]}) == Choice((1, 2))
    assert read_parameter("p", {"value": 3}) == Choice((3,))
    assert read_parameter("p", {"min": 1, "max": 2}) == Multiples(1, 2)
    assert isinstance(read_parameter("p", {"values": [1], "probabilities": [1.0]}), WeightedChoice)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (3, "parameters.p: needs fields"),
        ({}, "parameters.p: min is missing"),
        ({"min": 1}, "parameters.p: max is missing"),
        ({"min": 2, "max": 1}, "parameters.p: min 2 is not below max 1"),
        ({"min": "1e-4", "max": 1}, "parameters.p.min: '1e-4' is text to YAML"),
        ({"min": True, "max": 2.0}, "parameters.p.min: expected a number, got True"),
        ({"min": 0.0, "max": math.inf}, "parameters.p.max: expected a number, got inf"),
        (
            {"min": 0.0, "max": 1.0, "distribution": "log_uniform_values"},
            "parameters.p.min: a logarithmic scale",
        ),
        (
            {"min": 0.5, "max": 2, "distribution": "int_uniform"},
            "parameters.p: int_uniform needs whole numbers",
        ),
        ({"min": 1, "max": 2, "q": 1}, "parameters.p.q: there is no such field of int_uniform"),
        ({"min": 1, "max": 2, "q": 0, "distribution": "q_uniform"}, "parameters.p.q: must be above 0"),
        ({"min": 1.1, "max": 1.9, "distribution": "q_uniform"}, "parameters.p: there is no multiple of q 1"),
        ({"values": []}, "parameters.p.values: expected a list"),
        ({"values": [1, 2], "probabilities": [1]}, "parameters.p.probabilities: expected a list of 2"),
        ({"values": [1, 2], "probabilities": [0.5, 0.6]}, "parameters.p.probabilities: sum to 1.1"),
        ({"values": [1, 2], "probabilities": [2, -1]}, "parameters.p.probabilities: expected numbers from 0"),
        ({"distribution": "normal", "sigma": -1}, "parameters.p.sigma: must be 0 or more"),
        ({"distribution": "log_normal", "mu": 1000}, "parameters.p.mu: mu and sigma are exponents"),
        ({"distribution": "log_uniform", "min": -3, "max": 0}, "use log_uniform_values"),
        ({"distribution": "beta"}, "parameters.p.distribution: 'beta' is not supported here; known are"),
        ({"distribution": "\x1b[31m"}, "'\N{REPLACEMENT CHARACTER}[31m' is not supported"),
        (
            {"parameters": {"lr": {"value": 1}}},
            "parameters.p: nested parameters are not supported, write p.KEY",
        ),
    ],
)
def test_a_mistake_is_one_line(fields: Any, expected: str) -> None:
    with pytest.raises(UserError) as error:
        read_parameter("p", fields)
    assert expected in str(error.value)
    assert str(error.value).isprintable()


def test_there_have_to_be_parameters() -> None:
    sections: list[Any] = [None, {}, [1]]
    for section in sections:
        with pytest.raises(UserError, match="parameters: name at least one"):
            read_parameters(section)
