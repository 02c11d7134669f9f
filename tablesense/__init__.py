"""Find the tables in spreadsheets, to the exact cell."""

__version__ = "0.1.0"
