"""A look that every format with formatting can give a cell."""

from dataclasses import replace
from typing import Any

from tablesense.sheets.sheet import Style

_LOUD = Style(
    font_color="FF0000",
    font_size=14.0,
    bold=True,
    italic=True,
    underline=True,
    strikethrough=True,
    border_left=True,
    vertical="top",
    wrap=True,
    indent=2,
    number_format="0.00%",
    locked=False,
    hidden=True,
)


def loud(**own: Any) -> Style:
    """Everything on that a cell can have, with what a test has for itself."""
    return replace(_LOUD, **own)
