"""What ``tablesense data`` says of an import and of a corpus."""

from collections import defaultdict
from collections.abc import Sequence

from rich.console import Console

from tablesense.corpora.check import Checked
from tablesense.corpora.corpus import Problem
from tablesense.corpora.imports.importing import Imported
from tablesense.corpora.statistics import SplitCounts, Spread, count_sheets, count_splits, statistics
from tablesense.terminal.untrusted import plain

_EXAMPLES = 3
_LONGEST = 150


def show_import(imported: Imported, dest: str, console: Console) -> None:
    """What was read, converted and left out, with reasons and examples."""
    reading, tally = imported.reading, imported.tally
    total = count_sheets("all", imported.annotations)
    workbooks = len({annotation.file_name for annotation in imported.annotations})
    _say(
        console,
        f"read       {reading.num_read:,} annotated sheets; {reading.num_workbooks:,} workbooks there",
    )
    _say(
        console,
        f"converted  {total.sheets:,} sheets, {total.tables:,} tables, {workbooks:,} workbooks, "
        f"{total.groups:,} groups",
    )
    for split in count_splits(imported.annotations):
        _say(console, f"           {_split_line(split)}")
    for title, problems in (
        ("left out: workbooks", tally.workbooks),
        ("left out: sheets", tally.sheets),
        ("left out: ranges", tally.ranges),
        ("worth knowing", tally.notes),
    ):
        _show_problems(title, problems, console)
    _say(console, f"Wrote {dest}")


def show_check(checked: Checked, console: Console) -> None:
    """What is wrong with a corpus, and what is in it."""
    _show_statistics(checked, console)
    _show_problems("worth knowing", checked.notes, console)
    _show_problems("wrong", checked.problems, console)
    if not checked.problems:
        _say(console, "nothing is wrong")


def _show_statistics(checked: Checked, console: Console) -> None:
    numbers = statistics(checked)
    total = count_sheets("all", checked.corpus.annotations)
    _say(console, f"{checked.corpus.name}: {numbers.workbooks:,} workbooks")
    for split in (*numbers.splits, total):
        _say(console, f"  {_split_line(split)}")
    by_tables = ", ".join(f"{name}: {count:,}" for name, count in numbers.sheets_by_tables.items())
    _say(console, f"  sheets by number of tables  {by_tables}")
    for name, spread in (
        ("rows a table", numbers.table_rows),
        ("columns a table", numbers.table_columns),
        ("filled cells a sheet", numbers.sheet_cells),
    ):
        if spread is not None:
            _say(console, f"  {name:26}  {_spread_text(spread)}")
    if numbers.formatted_share is not None:
        _say(console, f"  sheets with formatting      {numbers.formatted_share:.0%}")


def _spread_text(spread: Spread) -> str:
    return f"median {spread.median:,.0f}, 90 % up to {spread.p90:,.0f}, largest {spread.largest:,.0f}"


def _split_line(split: SplitCounts) -> str:
    return f"{split.split:8}{split.sheets:6,} sheets {split.tables:6,} tables {split.groups:6,} groups"


def _show_problems(title: str, problems: Sequence[Problem], console: Console) -> None:
    """A line a kind, the most frequent first, and a few examples of each."""
    if not problems:
        return
    _say(console, f"{title}: {len(problems):,}")
    by_kind: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_kind[problem.kind].append(problem)
    for kind, found in sorted(by_kind.items(), key=lambda item: -len(item[1])):
        _say(console, f"  {len(found):6,} x {kind}")
        _examples(found, console)


def _examples(problems: Sequence[Problem], console: Console) -> None:
    for problem in problems[:_EXAMPLES]:
        text = str(problem)
        _say(console, f"           {text if len(text) <= _LONGEST else f'{text[:_LONGEST]} …'}")
    if len(problems) > _EXAMPLES:
        _say(console, f"           … and {len(problems) - _EXAMPLES:,} more")


def _say(console: Console, text: str) -> None:
    console.print(plain(text), soft_wrap=True)
