"""Numbers, and values of configurations, in the form in which people read them."""

import json
from typing import Any

from tablesense.terminal.untrusted import plain


def number(value: float) -> str:
    """Four digits: ``0.6426``, ``12.39``, ``1.5e-05``."""
    if value == 0 or 0.001 <= abs(value) < 10:
        return f"{value:.4f}"
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:.3g}"


def count(value: int | None) -> str:
    """``17``, ``960k``, ``41.2M``; empty for None."""
    if value is None:
        return ""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{unit}" if value < 999.5 * size else f"{value / size:.0f}{unit}"
    return str(value)


def duration(seconds: float | None) -> str:
    """``0.4s``, ``12s``, ``41m 05s``, ``3h 20m``; empty for None."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest}s"
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours}h {minutes_left:02}m" if hours else f"{minutes}m {rest:02}s"


def shown_value(value: Any, width: int = 60) -> str:  # noqa: ANN401 - anything a configuration holds
    """A value of a configuration on one line of at most ``width`` characters."""
    text = plain(as_text(value))
    return text if len(text) <= width else f"{text[: width - 1]}…"


def as_text(value: Any) -> str:  # noqa: ANN401 - anything a configuration holds
    """A value of a configuration as YAML would write it on one line, whole."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
