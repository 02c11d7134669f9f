"""Find the tables in spreadsheets, to the exact cell."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tablesense.detection.detect import detect_tables
    from tablesense.detection.table import Table
    from tablesense.model.detector import TableDetector

__all__ = ["Table", "TableDetector", "detect_tables"]
__version__ = "0.1.0"

_HOMES = {
    "Table": "tablesense.detection.table",
    "TableDetector": "tablesense.model.detector",
    "detect_tables": "tablesense.detection.detect",
}


def __getattr__(name: str) -> object:
    """Import what is asked for and no more: torch takes seconds, and ``--help`` needs none of it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
