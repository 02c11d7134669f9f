"""The table of runs, a row a run."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tablesense.comparison.config_diff import MISSING, changed, short_names
from tablesense.comparison.figures import as_text, count, duration, number, shown_value
from tablesense.comparison.record import RunRecord
from tablesense.errors import UserError
from tablesense.terminal.untrusted import csv_text, plain

TITLES = {"val/f1": "F1", "val/eob2_f1": "EoB-2 F1"}
"""The metrics listed for every run that has them, with their titles."""

_WIDE = 110  # columns of a terminal in which every value has a column of its own
_SHOWN_CHANGES = 8


def listed_metrics(configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The metrics worth a column: F1 (EoB-0), EoB-2 F1, and what any of the runs chose its best epoch by."""
    monitored = [config.get("experiment/monitor") for config in configs]
    return list(dict.fromkeys([*TITLES, *(name for name in monitored if isinstance(name, str))]))


@dataclass(frozen=True)
class Listing:
    """Runs to be listed.

    Attributes:
        records: in the order of the rows.
        baseline: the run whose configuration the others are held against.
        labels: a short label for each run, or none.
    """

    records: Sequence[RunRecord]
    baseline: RunRecord
    labels: Sequence[str] = ()

    @property
    def metrics(self) -> list[str]:
        """The listed metrics that at least one run has."""
        names = listed_metrics([record.config for record in self.records])
        return [name for name in names if any(record.best(name) for record in self.records)]

    def changes(self) -> list[dict[str, Any]]:
        """For each run, the parameters it has otherwise than the baseline."""
        return [changed(record.config, self.baseline.config) for record in self.records]

    def show(self, console: Console) -> None:
        """Print the table; a narrow terminal gets less columns and more lines."""
        wide = console.width >= _WIDE
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2 if wide else 1, 0, 0))
        if self.labels:
            table.add_column("")
        table.add_column("run", overflow="fold", ratio=2 if wide else None)
        if wide:
            table.add_column("when", min_width=10)
        for title in ("epochs", *map(_title, self.metrics), "time", "params"):
            table.add_column(Text(title), justify="right", no_wrap=True)
        changes = [self._shown_changes(values) for values in self._short_changes()]
        if wide and any(changes):
            table.add_column("changed", overflow="fold", ratio=3)
        for index, (record, change) in enumerate(zip(self.records, changes, strict=True)):
            label = [self.labels[index]] if self.labels else []
            cells = [_title_cell(record, "" if wide else change, stamp=not wide)]
            if wide:
                cells.append(Text(_when(record)))
            cells += [Text(text) for text in self._figures(record)]
            table.add_row(*label, *cells, *([Text(change)] if wide and any(changes) else []))
        console.print(table)
        if any(changes):
            console.print(Text(f"changed: against {plain(self.baseline.name)}", style="dim"))

    def write_csv(self, file: TextIO) -> None:
        """The same in full, a line a run."""
        metrics = self.metrics
        columns = ["run", "source", "started", "epochs", "max_epochs"]
        columns += [name for metric in metrics for name in (metric, f"{metric} epoch")]
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([csv_text(name) for name in (*columns, "seconds", "parameters", "changed", "notes")])
        for record, values in zip(self.records, self.changes(), strict=True):
            best = [record.best(metric) or (None, None) for metric in metrics]
            change = "; ".join(f"{key}={_value(value)}" for key, value in values.items())
            writer.writerow([
                csv_text(record.name),
                csv_text(record.source),
                record.started.isoformat(timespec="seconds") if record.started else None,
                record.epochs_done,
                _max_epochs(record),
                *(cell for epoch, value in best for cell in (value, None if epoch is None else int(epoch))),
                record.seconds,
                record.parameters,
                csv_text(change),
                csv_text("; ".join(record.notes)),
            ])  # fmt: skip

    def _figures(self, record: RunRecord) -> list[str]:
        most = _max_epochs(record)
        done = str(record.epochs_done) if most is None else f"{record.epochs_done}/{most}"
        best = [record.best(metric) for metric in self.metrics]
        values = [number(point[1]) if point else "" for point in best]
        return [done, *values, duration(record.seconds), count(record.parameters)]

    def _short_changes(self) -> list[dict[str, Any]]:
        changes = self.changes()
        names = short_names(dict.fromkeys(key for values in changes for key in values))
        return [{names[key]: value for key, value in values.items()} for values in changes]

    def _shown_changes(self, values: dict[str, Any]) -> str:
        parts = [f"{plain(key)}={shown_value(_value(value), 30)}" for key, value in values.items()]
        more = len(parts) - _SHOWN_CHANGES
        return ", ".join([*parts[:_SHOWN_CHANGES], *([f"+{more} more"] if more > 0 else [])])


def sort_records(records: Sequence[RunRecord], key: str) -> list[RunRecord]:
    """Order runs by ``name``, ``when``, ``epochs``, ``time``, ``parameters`` or the best value of a metric.

    A metric puts the best run first; runs without the value come last.

    Raises:
        UserError: no run has such a metric.
    """
    by_when = sorted(records, key=lambda r: (r.started is None, r.started and r.started.timestamp(), r.name))
    simple: dict[str, Callable[[RunRecord], Any]] = {
        "name": lambda r: r.name,
        "when": lambda r: r.started and r.started.timestamp(),
        "epochs": lambda r: r.epochs_done,
        "time": lambda r: r.seconds,
        "parameters": lambda r: r.parameters,
    }
    if key in simple:
        return _sorted(by_when, simple[key])
    metric = next((name for name, title in TITLES.items() if key.lower() == title.lower()), key)
    if not any(record.best(metric) for record in records):
        known = sorted({name for record in records for name in record.metrics})
        metrics = ", ".join(plain(name) for name in known) or "no metrics: nothing was measured"
        raise UserError(f"--sort: {plain(key)!r} is none of {', '.join(simple)}, and the runs have {metrics}")
    return _sorted(by_when, lambda r: _badness(r, metric))


def _sorted(records: list[RunRecord], value: Callable[[RunRecord], Any]) -> list[RunRecord]:
    known = [record for record in records if value(record) is not None]
    return sorted(known, key=value) + [record for record in records if value(record) is None]


def _badness(record: RunRecord, metric: str) -> float | None:
    best = record.best(metric)
    if best is None:
        return None
    return best[1] if record.prefers_less(metric) else -best[1]


def _title_cell(record: RunRecord, change: str, *, stamp: bool) -> Text:
    name = plain(record.name)
    when = _when(record)
    if when and not stamp:  # it stands in the next column, unless the run was named by another clock
        for form in (when, when.replace(":", "-")):
            name = name.replace(f" {form}", "", 1)
    cell = Text(name)
    if change:
        cell.append(f"\n{change}", style="dim")
    for note in record.notes:
        cell.append(f"\n{plain(note)}", style="yellow")
    return cell


def _when(record: RunRecord) -> str:
    return f"{record.started.astimezone():%Y-%m-%d %H:%M}" if record.started else ""


def _max_epochs(record: RunRecord) -> int | None:
    most = record.config.get("trainer/max_epochs")
    return most if isinstance(most, int) and most > 0 else None


def _title(metric: str) -> str:
    return TITLES.get(metric, plain(metric.removeprefix("val/")))


def _value(value: Any) -> str:  # noqa: ANN401 - anything a configuration holds
    return "(not set)" if value is MISSING else as_text(value)
