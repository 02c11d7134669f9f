"""Text from files and from other programs, made safe for a terminal."""


def printable(text: str) -> str:
    """The text with control characters written out, so that they cannot steer the terminal."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def short(value: object) -> str:
    """A parameter's value as a table shows it: four digits are enough."""
    return f"{value:.4g}" if isinstance(value, float) else printable(str(value))
