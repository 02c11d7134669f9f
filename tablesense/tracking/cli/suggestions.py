"""What a person may have meant who wrote an option that is not there."""

import inspect
from collections.abc import Iterable
from difflib import get_close_matches
from importlib import import_module


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """``; did you mean trainer.max_epochs?``, or nothing where no known option is like it.

    Sections are compared by themselves: ``traner.max_epochs`` and ``trainer.max_epoch`` are one slip each.
    """
    section, _, name = wrong.rpartition(".")
    names: dict[str, list[str]] = {}
    for option in known:
        parent, _, own = option.rpartition(".")
        names.setdefault(parent, []).append(own)
    parents = [section] if section in names else get_close_matches(section, names, n=1) if section else []
    for parent in parents:
        if close := get_close_matches(name, names[parent], n=1):
            return f"; did you mean {'.'.join(filter(None, [parent, close[0]]))}?"
    return ""


def options_of(class_path: str) -> list[str]:
    """The options of a class that a configuration names; none where it cannot be looked at."""
    module, _, name = class_path.rpartition(".")
    try:
        return list(inspect.signature(getattr(import_module(module), name)).parameters)
    except (ImportError, AttributeError, TypeError, ValueError):
        return []
