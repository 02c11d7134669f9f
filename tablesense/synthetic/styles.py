"""Themes: how the roles of cells look, from no formatting at all to rich reports."""

from dataclasses import dataclass, field
from random import Random

from tablesense.synthetic.blocks import Role

PALETTES = (  # strong fill, its font, soft fill, band
    ("1F4E78", "FFFFFF", "DDEBF7", "F2F7FC"),
    ("375623", "FFFFFF", "E2EFDA", "F4FAF0"),
    ("7F7F7F", "FFFFFF", "D9D9D9", "F2F2F2"),
    ("FFFF00", "000000", "FFFFCC", "FFFFF0"),
    ("C0504D", "FFFFFF", "F2DCDB", "FAF0F0"),
    ("BDD7EE", "000000", "DEEAF6", "F5F9FD"),
    ("000080", "FFFFFF", "CCFFFF", "EFFFFF"),
)
FONTS = (("Calibri", 11), ("Arial", 10), ("Arial", 9), ("Times New Roman", 12), ("Courier New", 10))


@dataclass(frozen=True, slots=True)
class Look:
    """The formatting of one role. ``border`` is any of the letters l, r, t, b."""

    bold: bool = False
    italic: bool = False
    underline: bool = False
    size: int = 0
    color: str | None = None
    fill: str | None = None
    border: str = ""
    horizontal: str | None = None
    wrap: bool = False


@dataclass(frozen=True)
class Theme:
    """A sheet's formatting: the look of every role, and what applies to all of them.

    An export holds values alone: its only number formats are those that make dates dates.
    """

    level: str
    looks: dict[Role, Look] = field(default_factory=dict)
    font: str = "Calibri"
    size: int = 11
    band: str | None = None
    outline: bool = False
    is_export: bool = False
    show_gridlines: bool = True
    column_widths: bool = False

    def look(self, role: Role) -> Look:
        """The look of a role; plain when the theme says nothing about it."""
        return self.looks.get(role, Look())


def draw_theme(rng: Random) -> Theme:
    """A theme: three in ten without formatting, a third light, the rest rich."""
    kind = rng.random()
    if kind < 0.3:
        return Theme("none", is_export=rng.random() < 0.5)
    font, size = rng.choice(FONTS)
    widths = rng.random() < 0.7
    if kind < 0.63:
        return Theme("light", _light(rng), font, size, column_widths=widths)
    strong, ink, soft, band = rng.choice(PALETTES)
    grid = rng.choice(("", "", "lrtb", "lrtb", "b"))
    return Theme(
        "rich",
        _rich(rng, strong, ink, soft, grid),
        font,
        size,
        band=band if rng.random() < 0.35 else None,
        outline=rng.random() < 0.4,
        show_gridlines=rng.random() < 0.7,
        column_widths=widths,
    )


def _light(rng: Random) -> dict[Role, Look]:
    """A few bold or underlined roles, at most a line below the header and above the total."""
    line = rng.random() < 0.35
    return {
        Role.TITLE: Look(bold=rng.random() < 0.6, size=rng.choice((0, 0, 12, 14))),
        Role.HEADER: Look(
            bold=rng.random() < 0.65,
            underline=rng.random() < 0.1,
            border="b" if line else "",
            horizontal=rng.choice((None, "center", "right")),
        ),
        Role.TOTAL: Look(bold=rng.random() < 0.5, border="t" if line else ""),
        Role.GROUP_HEAD: Look(bold=rng.random() < 0.5),
        Role.NOTE: Look(italic=rng.random() < 0.3),
        Role.FORM_LABEL: Look(bold=rng.random() < 0.3),
    }


def _rich(rng: Random, strong: str, ink: str, soft: str, grid: str) -> dict[Role, Look]:
    """Fills, borders and sizes; forms and titles get some too, so that none of it means a table."""
    header_fill = rng.choice((strong, strong, soft, None))
    header_ink = ink if header_fill == strong else None
    shade = rng.random() < 0.4
    form_grid = "lrtb" if rng.random() < 0.35 else ""
    return {
        Role.TITLE: Look(
            bold=True,
            size=rng.choice((12, 14, 16, 18)),
            color=rng.choice((None, strong if strong != "FFFF00" else None)),
            fill=soft if rng.random() < 0.2 else None,
            horizontal=rng.choice((None, None, "center")),
        ),
        Role.SUBTITLE: Look(italic=rng.random() < 0.4, size=rng.choice((0, 11))),
        Role.HEADER: Look(
            bold=rng.random() < 0.85,
            color=header_ink,
            fill=header_fill,
            border=grid or rng.choice(("", "b", "tb")),
            horizontal=rng.choice((None, "center", "center")),
            wrap=rng.random() < 0.4,
        ),
        Role.ROW_LABEL: Look(border=grid, fill=soft if rng.random() < 0.15 else None),
        Role.GROUP_HEAD: Look(bold=True, fill=soft if shade else None, border=grid),
        Role.DATA: Look(border=grid),
        Role.SUBTOTAL: Look(bold=rng.random() < 0.6, italic=rng.random() < 0.2, border=grid or "t"),
        Role.TOTAL: Look(bold=True, fill=soft if shade else None, border=grid or "t"),
        Role.NOTE: Look(italic=rng.random() < 0.5, size=rng.choice((0, 8, 9))),
        Role.TEXT: Look(color=rng.choice((None, None, "FF0000"))),
        Role.FORM_LABEL: Look(bold=rng.random() < 0.6, fill=rng.choice((None, soft)), border=form_grid),
        Role.FORM_VALUE: Look(
            fill=rng.choice((None, None, "FFFF99")), border=form_grid or rng.choice(("", "b"))
        ),
    }
