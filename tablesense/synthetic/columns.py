"""Columns of synthetic tables: a header, a way to draw values, a number format."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tablesense.sheets.sheet import CellValue
from tablesense.synthetic import vocabulary as words

Draw = Callable[[Random, int], CellValue]

DATE_FORMATS = ("yyyy-mm-dd", "mm/dd/yy", "d-mmm-yy", "dd.mm.yyyy", "m/d/yyyy", "mmm-yy")
INTEGER_FORMATS = (
    *("General", "General", "0", "#,##0", "#,##0"),
    *('"$"#,##0', "#,##0_);(#,##0)", "#,##0;[Red]-#,##0"),
)
DECIMAL_FORMATS = (
    *("General", "General", "0.00", "#,##0.00", '"$"#,##0.00'),
    *("#,##0.00 €", "_($* #,##0.00_);_($* (#,##0.00)"),
)
ERRORS = ("#N/A", "#DIV/0!", "#REF!", "#VALUE!")
FIRST_DAY = dt.datetime(1996, 1, 1)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``draw`` makes the value of the row with a given number."""

    header: str
    draw: Draw
    number_format: str = "General"
    summable: bool = False
    filled: float = 1.0

    def value(self, rng: Random, row: int) -> CellValue:
        """The value of a row; a sparse column leaves some blank."""
        return self.draw(rng, row) if self.filled >= 1 or rng.random() < self.filled else None


def number_column(rng: Random, header: str | None = None) -> Column:
    """Amounts of one size and precision, with the number formats they come in."""
    name = header or measure(rng)
    if rng.random() < 0.15:
        digits = rng.choice((2, 3, 4))
        style = rng.choice(("0%", "0.0%", "0.00%"))
        return Column(name, lambda r, _: round(r.uniform(-0.2, 1), digits), style)
    size = 10 ** rng.uniform(0.5, 6)
    low = -size / 3 if rng.random() < 0.2 else 0.0
    if rng.random() < 0.5:
        style = rng.choice(INTEGER_FORMATS)
        return Column(name, lambda r, _: int(r.uniform(low, size)), style, summable=True)
    places = rng.choice((1, 2, 2, 3, 4, 10))
    style = rng.choice(DECIMAL_FORMATS)
    return Column(name, lambda r, _: round(r.uniform(low, size), places), style, summable=True)


def date_column(rng: Random, header: str = "Date") -> Column:
    """Days in steps of a day, a week or a month, or scattered."""
    start = FIRST_DAY + dt.timedelta(days=rng.randrange(9000))
    step = rng.choice((1, 1, 1, 7, 30, 0))
    style = rng.choice(DATE_FORMATS)
    if step:
        return Column(header, lambda _, row: start + dt.timedelta(days=step * row), style)
    return Column(header, lambda r, _: start + dt.timedelta(days=r.randrange(700)), style)


def serial_column(rng: Random) -> Column:
    """Running numbers, hours or years."""
    kind = rng.randrange(3)
    if kind == 0:
        return Column(rng.choice(("No.", "#", "Row", "Rank", "ID")), lambda _, row: row + 1)
    if kind == 1:
        first = rng.randint(1950, 2005)
        return Column(rng.choice(("Year", "FY", "Season")), lambda _, row: first + row % 75)
    return Column(rng.choice(("HE", "Hour", "Day", "Week")), lambda _, row: row % 24 + 1)


def text_column(rng: Random) -> Column:
    """Names, codes, phone numbers, categories."""
    makers: tuple[tuple[str, Draw], ...] = (
        ("Name", lambda r, _: words.person(r)),
        ("Contact", lambda r, _: words.person(r)),
        ("Counterparty", lambda r, _: words.company(r)),
        ("Customer", lambda r, _: words.company(r)),
        ("Phone", lambda r, _: words.phone(r)),
        ("Code", lambda r, _: words.code(r)),
        ("Contract No.", lambda r, _: words.code(r)),
        ("Zip", lambda r, _: f"{r.randint(501, 99950):05}"),
        ("City", lambda r, _: r.choice(words.CITIES)),
        ("State", lambda r, _: r.choice(words.STATES)),
        ("Country", lambda r, _: r.choice(words.COUNTRIES)),
        ("Product", lambda r, _: r.choice(words.PRODUCTS)),
        ("Region", lambda r, _: r.choice(words.REGIONS)),
        ("Status", lambda r, _: r.choice(words.CATEGORIES)),
        ("Type", lambda r, _: r.choice(words.CATEGORIES)),
        ("E-mail", lambda r, _: f"{r.choice(words.LAST_NAMES).lower()}@example.com"),
        ("Description", lambda r, _: words.sentences(r, 1)),
    )
    header, draw = rng.choice(makers)
    return Column(header, draw)


def any_column(rng: Random) -> Column:
    """A column as found in a list of records."""
    kind = rng.random()
    if kind < 0.38:
        return number_column(rng)
    if kind < 0.74:
        return text_column(rng)
    if kind < 0.84:
        return date_column(rng, rng.choice(("Date", "Start", "End", "Trade Date", "Due", "Updated")))
    if kind < 0.855:
        return Column("Time", lambda r, _: dt.time(r.randrange(24), r.choice((0, 15, 30, 45))), "h:mm")
    if kind < 0.885:
        return Column(rng.choice(("Active", "Paid", "Valid")), lambda r, _: r.random() < 0.6)
    if kind < 0.92:
        return Column("Lookup", lambda r, _: r.choice(ERRORS) if r.random() < 0.2 else r.randint(1, 500))
    header, filled = rng.choice(("Remarks", "Comment", "Note")), rng.uniform(0.1, 0.6)
    return Column(header, lambda r, _: r.choice(words.REMARKS), filled=filled)


def key_column(rng: Random) -> Column:
    """A first column: what identifies a row; it is never sparse."""
    kind = rng.random()
    if kind < 0.3:
        return serial_column(rng)
    if kind < 0.5:
        return date_column(rng)
    return text_column(rng)


def measure(rng: Random) -> str:
    """A header of a number column."""
    name = rng.choice(words.MEASURES)
    return f"{rng.choice(words.QUALIFIERS)} {name}" if rng.random() < 0.4 else name
