"""Text from run names, configurations and servers, made safe to show."""

from pathlib import PurePath

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


def plain(text: object) -> str:
    """The text with control and formatting characters replaced, so that it cannot steer a terminal.

    Give the result to rich as ``Text``, never as a string: brackets would be read as markup.
    """
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))


def csv_text(text: str) -> str:
    """Text from a stranger that no spreadsheet program takes for a formula when it opens the CSV.

    A text that begins with ``= + - @``, a tab, a line end or an apostrophe gets an apostrophe in front;
    so one leading apostrophe is always ours, and taking it off gives the text back. Half a surrogate
    pair, which no file can hold as UTF-8, is written as its escape.
    """
    text = text.encode("utf-8", errors="backslashreplace").decode("utf-8")
    return f"'{text}" if text.startswith(_FORMULA) else text


def folder_name(text: str, most: int = 150) -> str:
    """A name for a folder or file on any system, made of any text; empty when nothing of it can be used.

    Args:
        text: such as a run's name.
        most: bytes; many systems take 255, with whatever is added to the name.
    """
    kept = "".join(c if c.isalnum() or c in " ._()-" else "-" for c in text)
    return kept.strip(" .").encode()[:most].decode(errors="ignore").rstrip(" .")


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
