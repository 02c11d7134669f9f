"""Predictions as lines of JSON, in the form that ``../shared/tools/score.py`` reads, and back.

A line is a sheet::

    {"corpus": "deco", "file_name": "a.xlsx", "sheet_name": "Q3", "tables": ["A1:D9"], "scores": [0.93],
     "threshold": 0.5, "others": [["F1:G9", 0.31]]}

``tables`` are the predictions. ``scores`` may be left out. ``others`` are boxes scored below ``threshold``,
which only average precision looks at. ``error`` says why nothing was looked for, ``seconds`` how long it
took.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tablesense.boxes import Box, parse_a1, to_a1
from tablesense.errors import UserError
from tablesense.evaluation.gold import GoldSheet, Key
from tablesense.evaluation.scores import SheetResult

NO_LINE = "there is no prediction for this sheet"


@dataclass(frozen=True)
class Found:
    """What was found on a sheet: scored boxes, also those below the threshold; why none, if it failed."""

    boxes: tuple[tuple[Box, float], ...] = ()
    error: str | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Predictions:
    """What was found on many sheets.

    Attributes:
        sheets: by corpus, file and sheet.
        threshold: a box scored lower is no prediction.
        has_scores: whether boxes are scored; without, each has 1.
    """

    sheets: Mapping[Key, Found]
    threshold: float
    has_scores: bool = True

    def results(self, gold: Iterable[GoldSheet]) -> list[SheetResult]:
        """The annotated sheets with what was found on each."""
        return [sheet.result(self.sheets.get(sheet.key, Found()).boxes) for sheet in gold]

    def failed(self, gold: Iterable[GoldSheet]) -> dict[Key, str]:
        """The sheets that were not looked at, and why: their tables count as missed."""
        missing = Found(error=NO_LINE)
        errors = ((sheet.key, self.sheets.get(sheet.key, missing).error) for sheet in gold)
        return {key: error for key, error in errors if error is not None}


def prediction_lines(predictions: Predictions, gold: Iterable[GoldSheet]) -> str:
    """The file of predictions: a line for every annotated sheet that was looked at or failed."""
    sheets = ((sheet, predictions.sheets.get(sheet.key)) for sheet in gold)
    return "".join(_line(sheet, found, predictions) + "\n" for sheet, found in sheets if found is not None)


def _line(sheet: GoldSheet, found: Found, predictions: Predictions) -> str:
    ranked = sheet.result(found.boxes).best_first(-math.inf)
    kept = [(to_a1(box), score) for box, score in ranked if score >= predictions.threshold]
    row: dict[str, Any] = dict(zip(("corpus", "file_name", "sheet_name"), sheet.key, strict=True))
    row["tables"] = [text for text, _ in kept]
    if predictions.has_scores:
        row["scores"] = [score for _, score in kept]
        row["threshold"] = predictions.threshold
        row["others"] = [[to_a1(box), score] for box, score in ranked[len(kept) :]]
    row |= {} if found.error is None else {"error": found.error}
    row |= {} if found.seconds is None else {"seconds": found.seconds}
    return json.dumps(row)


def read_predictions(file: Path, threshold: float | None = None) -> Predictions:
    """Read a file of predictions; of a sheet with two lines, the last.

    Args:
        file: the lines.
        threshold: a box scored lower is no prediction; None takes what the lines say, else all tables.

    Raises:
        UserError: it cannot be read, a line is no prediction, or the lines name different thresholds.
    """
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UserError(f"{file}: cannot be read: {reason}") from error
    sheets: dict[Key, Found] = {}
    thresholds: set[float] = set()
    has_scores = True
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = _row(line)
            sheets[row["corpus"], row["file_name"], row["sheet_name"]] = _found(row)
            thresholds |= {_number(row["threshold"], "threshold")} if "threshold" in row else set()
        except (ValueError, RecursionError) as error:
            raise UserError(f"{file}, line {number}: {error}") from error
        has_scores &= "scores" in row or not row["tables"]
    if len(thresholds) > 1:
        raise UserError(f"{file}: its lines name different thresholds; write it in one run")
    if threshold is not None and not has_scores:
        raise UserError(f"{file}: holds no scores, so --threshold cannot choose among its tables")
    named = next(iter(thresholds), -math.inf)
    return Predictions(sheets, named if threshold is None else threshold, has_scores)


def _row(line: str) -> dict[str, Any]:
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError("expected a JSON object")
    for name in ("corpus", "file_name", "sheet_name"):
        if not isinstance(row.get(name), str):
            raise ValueError(f"{name!r} must be text")
    return row


def _found(row: dict[str, Any]) -> Found:
    tables = row.get("tables")
    if not isinstance(tables, list) or not all(isinstance(text, str) for text in tables):
        raise ValueError("'tables' must be a list of ranges like 'B2:F14'")
    scores = row.get("scores", [1.0] * len(tables))
    if not isinstance(scores, list) or len(scores) != len(tables):
        raise ValueError("'scores' must be as many numbers as there are tables")
    threshold = _number(row.get("threshold", -math.inf), "threshold")
    boxes = [(parse_a1(text), _number(score, "scores")) for text, score in zip(tables, scores, strict=True)]
    if any(score < threshold for _, score in boxes):
        raise ValueError("a table is scored below the threshold of its line: it belongs to 'others'")
    boxes += _others(row.get("others", []))
    error, seconds = row.get("error"), row.get("seconds")
    return Found(
        tuple(boxes),
        None if error is None else str(error),
        None if seconds is None else _number(seconds, "seconds"),
    )


def _others(others: object) -> Iterator[tuple[Box, float]]:
    for other in others if isinstance(others, list) else [None]:
        if not isinstance(other, list) or len(other) != 2 or not isinstance(other[0], str):
            raise ValueError("'others' must be pairs of a range and a score")
        yield parse_a1(other[0]), _number(other[1], "others")


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise ValueError(f"{name!r} must hold numbers")
    return float(value)
