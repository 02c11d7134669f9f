"""Text from run names, configurations and servers, made safe to show."""

import json
from pathlib import PurePath
from typing import Any

_FORMULA = ("=", "+", "-", "@")


def plain(text: object) -> str:
    """The text with control and formatting characters replaced, so that it cannot steer a terminal.

    Give the result to rich as ``Text``, never as a string: brackets would be read as markup.
    """
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def csv_text(text: str) -> str:
    """Text for a cell of a CSV: a spreadsheet would run what begins like a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def folder_name(text: str) -> str:
    """A name for a folder on any system, made of a run's name; empty when nothing of it can be used."""
    kept = "".join(c if c.isalnum() or c in " ._()-" else "-" for c in text)
    return kept.strip(" .")[:150].rstrip(" .")


def is_inside(name: str) -> bool:
    """Whether a file's name from a server stays inside the folder it is put in, on any system."""
    parts = name.split("/")
    return (
        all(part not in {"", ".", ".."} for part in parts)
        and "\\" not in name
        and not any(":" in part for part in parts)  # a drive, or a stream of a file
        and name.isprintable()
        and not PurePath(name).is_absolute()
    )


def shown_value(value: Any, width: int = 60) -> str:  # noqa: ANN401 - anything a configuration holds
    """A value of a configuration on one line of at most ``width`` characters."""
    text = plain(as_text(value))
    return text if len(text) <= width else f"{text[: width - 1]}…"


def as_text(value: Any) -> str:  # noqa: ANN401 - anything a configuration holds
    """A value of a configuration as YAML would write it on one line, whole."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
