"""The names of splits: corpora write them in many ways, we in one."""

import re

SPLITS = ("train", "val", "test")

_NAMES = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "dev", "development"),
    "test": ("test", "testing"),
}
_OURS = {theirs: ours for ours, names in _NAMES.items() for theirs in names}
_SUFFIX = re.compile(r"[\s_-]*(set|split)$")


def normal_split(text: str) -> str:
    """``testing_set`` -> ``test``, ``Dev`` -> ``val``.

    Raises:
        ValueError: no such split is known; taking it for another would mix what is learnt from with what
            is measured on.
    """
    name = _OURS.get(_SUFFIX.sub("", text.strip().casefold()))
    if name is None:
        raise ValueError(f"split {text!r} is none of {', '.join(SPLITS)}")
    return name
