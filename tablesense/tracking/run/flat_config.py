"""The configuration of a run as flat keys, which are easy to compare."""

from typing import Any


def flatten(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested sections as ``section/key``; ``init_args`` is a detail of the file and left out.

    ``{"model": {"class_path": "x.Y", "init_args": {"lr": 1}}}`` gives
    ``{"model/class_path": "x.Y", "model/lr": 1}``.
    """
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, dict) and value:
            flat |= flatten(value, prefix if key == "init_args" else f"{prefix}{key}/")
        elif key != "config":  # the files it was read from
            flat[f"{prefix}{key}"] = value
    return flat
