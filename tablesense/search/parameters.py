"""Reading the ``parameters`` of a W&B sweep file."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from tablesense.errors import UserError
from tablesense.search.space import Choice, Interval, Multiples, Normal, Parameter, WeightedChoice
from tablesense.terminal.untrusted import plain

Fields = Mapping[str, Any]

# Exponents instead of values, a spelling that W&B has given up.
_EXPONENTS = {"log_uniform": "log_uniform_values", "q_log_uniform": "q_log_uniform_values"}

_MOST_EXPONENT = math.log(1e300)


def read_parameters(section: object) -> dict[str, Parameter]:
    """The parameters of a sweep by name.

    Raises:
        UserError: one of them is no distribution that the local search knows, or contradicts itself.
    """
    if not isinstance(section, dict) or not section:
        raise UserError("parameters: name at least one, like 'model.lr: {min: 0.001, max: 0.01}'")
    return {str(name): read_parameter(str(name), fields) for name, fields in section.items()}


def read_parameter(name: str, fields: object) -> Parameter:
    """One parameter; see :func:`read_parameters`."""
    where = f"parameters.{plain(name)}"
    if not isinstance(fields, dict):
        raise UserError(f"{where}: needs fields like 'min' and 'max' or 'values'")
    if "parameters" in fields:
        raise UserError(f"{where}: nested parameters are not supported, write {plain(name)}.KEY")
    kind = str(fields.get("distribution", _inferred(fields)))
    if kind in _EXPONENTS:
        raise UserError(f"{where}.distribution: {kind} takes exponents, use {_EXPONENTS[kind]}")
    if kind not in _READERS:
        known = ", ".join(_READERS)
        raise UserError(f"{where}.distribution: '{plain(kind)}' is not supported here; known are {known}")
    reader, allowed = _READERS[kind]
    for field in fields:
        if field != "distribution" and field not in allowed:
            raise UserError(f"{where}.{plain(field)}: there is no such field of {kind}")
    try:
        return reader(fields)
    except _FieldError as error:
        raise UserError(f"{where}{error}") from error


class _FieldError(Exception):
    """What is wrong with the fields of a parameter, to be put behind its name."""


def _inferred(fields: Fields) -> str:
    """The distribution that W&B takes where none is named."""
    if "value" in fields:
        return "constant"
    if "values" in fields:
        return "categorical_w_probabilities" if "probabilities" in fields else "categorical"
    whole = all(isinstance(fields.get(end), int) for end in ("min", "max"))
    return "int_uniform" if whole else "uniform"


def _number(fields: Fields, name: str, default: float | None = None) -> int | float:
    if name not in fields:
        if default is None:
            raise _FieldError(f": {name} is missing")
        return default
    value = fields[name]
    if isinstance(value, str):
        raise _FieldError(f".{name}: '{plain(value)}' is text to YAML; a number has a point, as in 1.0e-4")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _FieldError(f".{name}: expected a number, got {plain(value)}")
    return value


def _ends(fields: Fields, above: float | None = None) -> tuple[int | float, int | float]:
    low, high = _number(fields, "min"), _number(fields, "max")
    if low >= high:
        raise _FieldError(f": min {low} is not below max {high}")
    if above is not None and low <= above:
        raise _FieldError(f".min: a logarithmic scale needs one above {above}, got {low}")
    return low, high


def _values(fields: Fields) -> tuple[Any, ...]:
    values = fields.get("values")
    if not isinstance(values, list) or not values:
        raise _FieldError(".values: expected a list with something in it")
    return tuple(values)


def _constant(fields: Fields) -> Choice:
    if "value" not in fields:
        raise _FieldError(": value is missing")
    return Choice((fields["value"],))


def _categorical(fields: Fields) -> Choice:
    return Choice(_values(fields))


def _weighted(fields: Fields) -> WeightedChoice:
    values, shares = _values(fields), fields.get("probabilities")
    if not isinstance(shares, list) or len(shares) != len(values):
        raise _FieldError(f".probabilities: expected a list of {len(values)}, one a value")
    if not all(isinstance(share, int | float) and share >= 0 for share in shares):
        raise _FieldError(".probabilities: expected numbers from 0 up")
    if not math.isclose(sum(shares), 1, rel_tol=1e-5):
        raise _FieldError(f".probabilities: sum to {sum(shares):g}, not to 1")
    return WeightedChoice(values, tuple(float(share) for share in shares))


def _uniform(fields: Fields) -> Interval:
    low, high = _ends(fields)
    return Interval(float(low), float(high))


def _log_uniform(fields: Fields) -> Interval:
    low, high = _ends(fields, above=0)
    return Interval(float(low), float(high), log=True)


def _int_uniform(fields: Fields) -> Multiples:
    low, high = _ends(fields)
    if not isinstance(low, int) or not isinstance(high, int):
        raise _FieldError(f": int_uniform needs whole numbers, got min {low} and max {high}")
    return Multiples(low, high)


def _q_uniform(fields: Fields) -> Multiples:
    return _multiples(*_ends(fields), _step(fields))


def _q_log_uniform(fields: Fields) -> Multiples:
    return _multiples(*_ends(fields, above=0), _step(fields), log=True)


def _multiples(low: float, high: float, step: int | float, *, log: bool = False) -> Multiples:
    # 0.3 / 0.1 is a little below 3, and must not lose an end.
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    first = max(first, 1) if log else first
    if first > last:
        raise _FieldError(f": there is no multiple of q {step} between min {low} and max {high}")
    return Multiples(first, last, step, log)


def _step(fields: Fields) -> int | float:
    step = _number(fields, "q", 1)
    if step <= 0:
        raise _FieldError(f".q: must be above 0, got {step}")
    return step


def _normal(fields: Fields, *, log: bool = False, quantized: bool = False) -> Normal:
    sigma = _number(fields, "sigma", 1.0)
    if sigma < 0:
        raise _FieldError(f".sigma: must be 0 or more, got {sigma}")
    mu = _number(fields, "mu", 0.0)
    if log and mu + 5 * sigma > _MOST_EXPONENT:
        raise _FieldError(
            f".mu: mu and sigma are exponents, and e to the power of {mu + 5 * sigma:g} is too much"
        )
    return Normal(float(mu), float(sigma), log, _step(fields) if quantized else None)


_READERS: dict[str, tuple[Callable[[Fields], Parameter], frozenset[str]]] = {
    "constant": (_constant, frozenset({"value"})),
    "categorical": (_categorical, frozenset({"values"})),
    "categorical_w_probabilities": (_weighted, frozenset({"values", "probabilities"})),
    "uniform": (_uniform, frozenset({"min", "max"})),
    "int_uniform": (_int_uniform, frozenset({"min", "max"})),
    "log_uniform_values": (_log_uniform, frozenset({"min", "max"})),
    "q_uniform": (_q_uniform, frozenset({"min", "max", "q"})),
    "q_log_uniform_values": (_q_log_uniform, frozenset({"min", "max", "q"})),
    "normal": (_normal, frozenset({"mu", "sigma"})),
    "log_normal": (lambda fields: _normal(fields, log=True), frozenset({"mu", "sigma"})),
    "q_normal": (lambda fields: _normal(fields, quantized=True), frozenset({"mu", "sigma", "q"})),
    "q_log_normal": (
        lambda fields: _normal(fields, log=True, quantized=True),
        frozenset({"mu", "sigma", "q"}),
    ),
}
