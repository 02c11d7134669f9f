"""Which parameters differ between runs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MISSING = object()
"""The value of a key that a run's configuration does not have."""

# What the section decides about training; the rest of it names, keeps and logs.
_EXPERIMENT = {"experiment/monitor", "experiment/monitor_mode", "experiment/early_stopping_patience"}
_BOOKKEEPING = {
    "ckpt_path",
    "resume",
    "data/num_workers",
    "trainer/enable_checkpointing",
    "trainer/enable_model_summary",
    "trainer/enable_progress_bar",
    "trainer/log_every_n_steps",
    "trainer/logger",
    "trainer/profiler",
}


def is_bookkeeping(key: str) -> bool:
    """Whether a parameter only names, places or shows a run, and cannot change its result.

    Seeds are not among them: they are why two runs of one configuration differ.
    """
    return (
        key in _BOOKKEEPING
        or key.endswith("_dir")
        or (key.startswith("experiment/") and key not in _EXPERIMENT)
    )


def differing(configs: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The parameters that are not the same everywhere, with a value for each configuration.

    Lists of sections (corpora, say) are compared entry by entry, as ``data/corpora[0]/path``.
    """
    flat = [dict(_expanded(config)) for config in configs]
    keys = dict.fromkeys(key for config in flat for key in config)
    values = {key: [config.get(key, MISSING) for config in flat] for key in keys}
    return {
        key: row
        for key, row in values.items()
        if not is_bookkeeping(key) and any(not _same(row[0], value) for value in row[1:])
    }


def changed(config: Mapping[str, Any], baseline: Mapping[str, Any]) -> dict[str, Any]:
    """What one configuration says otherwise than another; :data:`MISSING` where it says nothing."""
    if not config or not baseline:  # it could not be read: that is not a difference
        return {}
    return {key: values[1] for key, values in differing([baseline, config]).items()}


def short_names(keys: Iterable[str]) -> dict[str, str]:
    """The last part of each key where no two keys share it, else the whole key."""
    keys = list(keys)
    last = [key.rsplit("/", 1)[-1] for key in keys]
    return {key: part if last.count(part) == 1 else key for key, part in zip(keys, last, strict=True)}


def _expanded(config: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from _expanded({f"{key}/{name}": inner for name, inner in value.items()})
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            yield from _expanded({f"{key}[{index}]": item for index, item in enumerate(value)})
        else:
            yield key, value


def _same(a: object, b: object) -> bool:
    return a == b and isinstance(a, bool) == isinstance(b, bool)
