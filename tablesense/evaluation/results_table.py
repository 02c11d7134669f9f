"""The table of results that a README shows, made of a results file and put between two marks."""

import json
from pathlib import Path
from typing import Any

from tablesense.errors import UserError
from tablesense.evaluation.evaluation import FORMAT

START, END = "<!-- results -->", "<!-- /results -->"

_HEAD = (
    "| corpus | sheets / tables | EoB-0 P / R / **F1** | EoB-2 P / R / **F1** "
    "| mean EoB | AP@0.5 | AP@[.5:.95] |"
)

Json = dict[str, Any]


def read_results(file: Path) -> Json:
    """A results file of ``tablesense evaluate``.

    Raises:
        UserError: it cannot be read, or is none.
    """
    try:
        results = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file}: is no JSON") from error
    if not isinstance(results, dict) or results.get("format") != FORMAT:
        raise UserError(f"{file}: is no results file of this version of `tablesense evaluate --out`")
    return results


def results_table(results: Json) -> str:
    """The results as Markdown: a row a corpus, the mean over corpora, and how they were got."""
    seeds = len(results.get("seeds", ["the only one"]))
    rows = [_row(name, one, seeds) for name, one in results["corpora"].items()]
    rows.append(_row("**macro mean**", results["macro"], seeds))
    intervals = results["intervals"]
    notes = [f"In brackets {intervals['level']:.0%} intervals ({intervals['samples']:,} draws of templates)."]
    if "folds" in results:
        networks = results.get("networks", 1)
        trained, wanted = len(results["runs"]), results["folds"] * seeds * networks
        together = f", {networks} networks together" if networks > 1 else ""
        notes.append(
            f"Cross-validation: {results['folds']} folds, {seeds} seed{'s' * (seeds > 1)}{together}."
        )
        if seeds > 1:
            notes.append(f"Macro F1 by seed, EoB-0 / EoB-2: {_by_seed(results['seeds'])}.")
        if trained < wanted:
            notes.append(
                f"So far {trained} of {wanted} trainings: the sheets of the other folds are missing."
            )
    if results.get("failed"):
        notes.append(
            f"Sheets that could not be read, their tables counted as missed: {len(results['failed'])}."
        )
    if results.get("command"):
        notes.append(f"`{results['command']}`")
    return "\n".join([_HEAD, "|---" * 7 + "|", *rows, "", *notes])


def _by_seed(seeds: Json) -> str:
    """How far the seeds, which deal the folds as well, are apart."""
    measured = {seed: figures["macro"]["measures"] for seed, figures in seeds.items()}
    return ", ".join(
        f"{_value(measures['eob0_f1'])} / {_value(measures['eob2_f1'])} ({seed})"
        for seed, measures in measured.items()
    )


def put_between_marks(text: str, table: str) -> str:
    """The text with what stands between the two marks replaced.

    Raises:
        UserError: the marks are not there, not once, or in the wrong order.
    """
    if text.count(START) != 1 or text.count(END) != 1 or text.index(START) > text.index(END):
        raise UserError(f"put {START} and {END} once each, in this order, where the table is to be")
    before, _, rest = text.partition(START)
    return f"{before}{START}\n{table}\n{END}{rest.partition(END)[2]}"


def _row(name: str, figures: Json, seeds: int) -> str:
    """A row; with several seeds a sheet was measured as many times, and is counted once."""
    measures = figures["measures"]
    cells = [name, f"{figures['sheets'] // seeds:,} / {figures['annotated'] // seeds:,}"]
    for k in (0, 2):
        precision, recall = (_value(measures[f"eob{k}_{part}"]) for part in ("precision", "recall"))
        f1 = measures[f"eob{k}_f1"]
        cells.append(f"{precision} / {recall} / **{_value(f1)}**{_bounds(f1)}")
    cells.append(_value(measures["mean_eob"], digits=2))
    cells += [_value(measures[key]) for key in ("ap50", "ap50_95")]
    return f"| {' | '.join(cells)} |"


def _value(measure: Json, digits: int = 3) -> str:
    return "" if measure["value"] is None else f"{measure['value']:.{digits}f}"


def _bounds(measure: Json) -> str:
    return "" if measure["low"] is None else f" ({measure['low']:.2f} to {measure['high']:.2f})"
