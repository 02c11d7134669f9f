"""Body rows of report tables: which items, group heads, subtotals and totals follow each other."""

import datetime as dt
from dataclasses import dataclass, field
from enum import Enum
from random import Random

from tablesense.sheets.sheet import CellValue
from tablesense.synthetic import vocabulary as words
from tablesense.synthetic.blocks import Role
from tablesense.synthetic.columns import DATE_FORMATS, FIRST_DAY


class RowKind(Enum):
    """What a body row is."""

    ITEM = "item"
    GROUP_HEAD = "group head"
    SUBTOTAL = "subtotal"
    TOTAL = "total"
    BLANK = "blank"
    RULE = "rule"

    @property
    def role(self) -> Role:
        """The role of the row's cells."""
        return ROLES.get(self, Role.DATA)


ROLES = {
    RowKind.GROUP_HEAD: Role.GROUP_HEAD,
    RowKind.SUBTOTAL: Role.SUBTOTAL,
    RowKind.TOTAL: Role.TOTAL,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A planned body row; ``sums`` are the half-open ranges of body rows that it adds up."""

    kind: RowKind
    label: CellValue = None
    indent: int = 0
    sums: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Labels:
    """Row labels of one kind: the header above them, and whether their order matters."""

    header: str
    names: tuple[CellValue, ...]
    number_format: str = "General"
    running: bool = False

    def take(self, rng: Random, count: int) -> list[CellValue]:
        """The first ``count`` labels, or that many of them in any order if it does not matter."""
        if self.running or rng.random() < 0.5:
            return list(self.names[:count])
        return rng.sample(self.names, count)


def draw_labels(rng: Random, count: int) -> Labels:
    """Row labels of one kind, at least ``count`` of them."""
    kind = rng.random()
    if kind < 0.12:
        start = FIRST_DAY + dt.timedelta(days=rng.randrange(9000))
        step = rng.choice((1, 1, 7, 30))
        days = tuple(start + dt.timedelta(days=step * index) for index in range(count))
        return Labels(rng.choice(("Date", "Day", "Week of", "Gas Day")), days, rng.choice(DATE_FORMATS), True)
    if kind < 0.2:
        first = rng.randint(1900, 2024 - min(count, 120))
        return Labels("Year", tuple(range(first, first + count)), running=True)
    if kind < 0.25:
        return Labels(
            rng.choice(("HE", "Hour")), tuple(index % 24 + 1 for index in range(count)), running=True
        )
    header, names = words.label_family(rng)
    if kind > 0.85 or count > len(names):
        header, make = rng.choice(
            (
                ("Name", words.person),
                ("Customer", words.company),
                ("Counterparty", words.company),
                ("Meter", words.code),
            )
        )
        return Labels(header, tuple(make(rng) for _ in range(count)), running=True)
    return Labels(header, names)


@dataclass
class RowPlanner:
    """Collects body rows; ``subtotals`` are the rows that hold one."""

    rows: list[Row] = field(default_factory=list)
    subtotals: list[int] = field(default_factory=list)

    def items(self, labels: list[CellValue], indent: int) -> tuple[int, int]:
        """Add item rows; returns their range."""
        start = len(self.rows)
        self.rows += [Row(RowKind.ITEM, label, indent) for label in labels]
        return start, len(self.rows)


def plan_rows(rng: Random, labels: Labels, count: int) -> list[Row]:
    """Body rows for ``count`` items: plain or grouped, with the totals that go with it."""
    planner = RowPlanner()
    total_first = rng.random() < 0.08
    if total_first:
        planner.rows.append(Row(RowKind.TOTAL, rng.choice(words.TOTALS)))
    if count >= 4 and rng.random() < (0.15 if labels.running else 0.45):
        _grouped(rng, planner, labels, count)
    else:
        items = planner.items(labels.take(rng, count), 0)
        if not total_first and rng.random() < 0.45:
            _closing_total(rng, planner, (items,))
    return planner.rows


def _grouped(rng: Random, planner: RowPlanner, labels: Labels, count: int) -> None:
    groups = rng.randint(2, min(6, count // 2))
    heads = rng.sample(words.GROUPS, groups)
    indent = rng.choice((0, 1, 1, 2))
    with_head, with_subtotal = rng.random() < 0.85, rng.random() < 0.5
    # Groups that have neither a head nor a subtotal are told apart by the blank row alone.
    blanks = rng.random() < (0.4 if with_head or with_subtotal else 1.0)
    subtotal_name = rng.choice(words.SUBTOTALS)
    shares = [count // groups + (index < count % groups) for index in range(groups)]
    ranges = []
    for index, (head, share) in enumerate(zip(heads, shares, strict=True)):
        if blanks and index:
            planner.rows.append(Row(RowKind.BLANK))
        if with_head:
            planner.rows.append(Row(RowKind.GROUP_HEAD, head + rng.choice(("", "", ":"))))
        ranges.append(planner.items(labels.take(rng, share), indent))
        if with_subtotal:
            planner.subtotals.append(len(planner.rows))
            planner.rows.append(Row(RowKind.SUBTOTAL, subtotal_name.format(head), indent, (ranges[-1],)))
    if rng.random() < 0.5:
        sums = [(row, row + 1) for row in planner.subtotals] or ranges
        _closing_total(rng, planner, tuple(sums))


def _closing_total(rng: Random, planner: RowPlanner, sums: tuple[tuple[int, int], ...]) -> None:
    """The total, directly below, or after a blank row or a row of dashes."""
    before = rng.random()
    if before < 0.15:
        planner.rows.append(Row(RowKind.BLANK))
    elif before < 0.22:
        planner.rows.append(Row(RowKind.RULE))
    label = None if rng.random() < 0.1 else rng.choice(words.TOTALS)
    planner.rows.append(Row(RowKind.TOTAL, label, 0, sums))
