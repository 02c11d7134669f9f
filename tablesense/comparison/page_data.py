"""What the comparison page shows, as plain values that go into the page as JSON."""

import math
from collections.abc import Sequence
from itertools import accumulate

from tablesense.comparison.config_diff import MISSING, differing
from tablesense.comparison.figures import as_text
from tablesense.comparison.record import EPOCH, EPOCH_SECONDS, STEP, Point, RunRecord
from tablesense.pages.text import Json, visible

MAIN_METRIC = "val/f1"
BESIDE_MAIN = ("val/precision", "val/recall", "val/eob2_f1")  # `val/eob0_f1` is `val/f1`

# For each metric of a run; two of them then make about 1.5 MB of page, whatever the length of the run.
MAX_POINTS = 20_000


def page_data(records: Sequence[RunRecord]) -> Json:
    """Everything the page's script needs, with names and values made harmless to look at."""
    return {
        "runs": [_run(record) for record in records],
        "settings": _settings(records),
    }


def _run(record: RunRecord) -> Json:
    return {
        "name": visible(record.name),
        "source": visible(record.source),
        "started": record.started.isoformat(timespec="minutes") if record.started else None,
        "epochsDone": record.epochs_done,
        "best": _best(record),
        "seconds": record.seconds,
        "parameters": record.parameters,
        "notes": [visible(note) for note in record.notes],
        "epochs": _epochs(record),
        "steps": _steps(record),
    }


def _best(record: RunRecord) -> Json | None:
    """The epoch of the best main metric with the other scores of that epoch: one checkpoint has them."""
    best = record.best(MAIN_METRIC)
    if best is None:
        return None
    row = next(row for row in record.epochs if row[EPOCH] == best[0])
    beside = {name: _rounded(row[name]) for name in BESIDE_MAIN if name in row}
    return {"epoch": _rounded(best[0]), MAIN_METRIC: _rounded(best[1]), **beside}


def _epochs(record: RunRecord) -> Json:
    """The epoch rows as columns; a value a row lacks is null."""
    names = dict.fromkeys(name for row in record.epochs for name in row if name != EPOCH)
    seconds = [row.get(EPOCH_SECONDS) for row in record.epochs]
    known = [value for value in seconds if value is not None]
    return {
        "epoch": [_rounded(row[EPOCH]) for row in record.epochs],
        # One unknown time makes every later sum wrong: then this run has no time axis.
        "time": [_rounded(t) for t in accumulate(known)] if len(known) == len(seconds) else None,
        "metrics": {visible(name): [_rounded(row.get(name)) for row in record.epochs] for name in names},
    }


def _steps(record: RunRecord) -> Json:
    names = dict.fromkeys(name for row in record.steps for name in row if name not in {STEP, EPOCH})
    columns = {}
    for name in names:
        points = [(row[STEP], row[name]) for row in record.steps if name in row and STEP in row]
        columns[visible(name)] = thin([point for point in points if math.isfinite(point[1])])
    return columns


def thin(points: Sequence[Point], most: int = MAX_POINTS) -> Json:
    """At most ``most`` points, each standing for ``per`` steps with their lowest, highest and mean value.

    No peak gets lost: ``low`` and ``high`` together hold the extremes of every group of steps. Where each
    step is kept (``per`` is 1) they would equal ``mean`` and are left out.
    """
    per = max(1, math.ceil(len(points) / most))
    groups = [points[start : start + per] for start in range(0, len(points), per)]
    values = [[value for _, value in group] for group in groups]
    thinned: Json = {
        "per": per,
        "x": [_rounded(group[0][0]) for group in groups],
        "mean": [_rounded(math.fsum(group) / len(group)) for group in values],
    }
    if per > 1:
        thinned |= {"low": [_rounded(min(v)) for v in values], "high": [_rounded(max(v)) for v in values]}
    return thinned


def _rounded(value: float | None) -> float | int | None:
    """Six digits show more than a screen can; infinite values, which JSON lacks, count as missing."""
    if value is None or not math.isfinite(value):
        return None
    if float(value).is_integer() and abs(value) < 2**53:
        return int(value)
    return float(f"{value:.6g}")


def _settings(records: Sequence[RunRecord]) -> list[Json]:
    """Config keys and facts with their text in each run, null where it lacks one; differing ones first."""
    flat = [{**record.config, **record.facts} for record in records]
    rows = [_setting(key, values, differs=True) for key, values in differing(flat).items()]
    keys = dict.fromkeys(key for values in flat for key in values)
    equal = [key for key in keys if not any(row["key"] == visible(key) for row in rows)]
    return rows + [
        _setting(key, [values.get(key, MISSING) for values in flat], differs=False) for key in equal
    ]


def _setting(key: str, values: Sequence[object], *, differs: bool) -> Json:
    whole = [None if value is MISSING else as_text(value) for value in values]
    return {
        "key": visible(key),
        "values": [None if text is None else visible(text) for text in whole],
        # Compared before the texts are cut: long values may differ at their ends only.
        "changed": [differs and text != whole[0] for text in whole],
        "differs": differs,
    }
