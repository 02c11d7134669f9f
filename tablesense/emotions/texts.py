"""Texts and their labels, read from GoEmotions' published files or any CSV; errors name file and line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain

TSV, CSV = ".tsv", ".csv"
SEPARATOR = "|"
"""Stands between the labels of one text; ``Series.str.get_dummies()`` of pandas parts them there."""

_YES_OR_NO = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
_DIGITS = 9  # of the number of a label; int() refuses thousands
_NAMED = 4  # columns that are listed in an error


@dataclass(frozen=True)
class LabelledTexts:
    """Texts with their labels.

    Attributes:
        texts: N of them.
        targets: (N, L), whether a text has a label.
        labels: names of the L labels.
    """

    texts: list[str]
    targets: NDArray[np.bool_]
    labels: list[str]

    def __len__(self) -> int:
        """Number of texts."""
        return len(self.texts)

    def take(self, rows: Sequence[int]) -> LabelledTexts:
        """Some of the texts."""
        return LabelledTexts([self.texts[row] for row in rows], self.targets[list(rows)], self.labels)


def read_label_names(file: Path) -> list[str]:
    """The names of the labels, a line each, in the order of their numbers.

    Raises:
        UserError: the file cannot be read, is empty, or names a label twice.
    """
    names = [line.strip() for line in _read(file).splitlines()]
    while names and not names[-1]:
        names.pop()
    return _checked_names(names, str(file))


def read_tsv(file: Path, labels: Sequence[str]) -> LabelledTexts:
    """Texts as GoEmotions is published: text, numbers of labels with commas, id of the comment.

    There is no header, and quotation marks are part of the text.

    Raises:
        UserError: the file cannot be read, or a line is not of this form.
    """
    texts: list[str] = []
    targets: list[NDArray[np.bool_]] = []
    for number, line in enumerate(_read(file).split("\n"), start=1):
        line = line.removesuffix("\r")
        if not line:
            continue
        fields = line.split("\t")
        where = f"{plain(file)}, line {number}"
        if len(fields) not in (2, 3):
            raise UserError(
                f"{where}: expected text, label numbers and an id with tabs between, got {len(fields)} fields"
            )
        texts.append(_checked_text(fields[0], where))
        targets.append(_numbers(fields[1], len(labels), where))
    return _labelled(texts, targets, labels, file)


def read_csv(file: Path, text_column: str, labels: Sequence[str] | None) -> LabelledTexts:
    """Texts of a CSV with a header: a column of texts, and a column of 0 and 1 for every label.

    Args:
        file: the CSV, comma separated, in UTF-8.
        text_column: the column of the texts.
        labels: the columns of the labels; None takes every other column that holds 0 and 1 alone.

    Raises:
        UserError: the file cannot be read, a column is missing, or a line is not of this form.
    """
    header, rows = _table(file)
    place = _column(header, text_column, "data.text_column", file)
    if labels is None:
        labels = _columns_of_labels(header, rows, place, file)
    places = [_column(header, label, "data.label_columns", file) for label in labels]
    texts, targets = [], []
    for number, row in rows:
        where = f"{plain(file)}, line {number}"
        texts.append(_checked_text(row[place], where))
        targets.append(_flags([row[place] for place in places], labels, where))
    return _labelled(texts, targets, _checked_names(list(labels), str(file)), file)


def read_texts(file: Path, text_column: str) -> list[str]:
    """Texts alone: a column of a CSV, the first field of GoEmotions' lines, else the lines of a text file.

    Raises:
        UserError: the file cannot be read, or has no such column.
    """
    if file.suffix.lower() == CSV:
        header, rows = _table(file)
        place = _column(header, text_column, "--text-column", file)
        return [row[place] for _, row in rows]
    text = _read(file)
    if file.suffix.lower() == TSV:
        text = "\n".join(line.split("\t")[0] for line in text.split("\n"))
    return lines_of(text)


def lines_of(text: str) -> list[str]:
    """The lines that say something; other marks that may part lines are part of a text."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return [line for line in lines if line.strip()]


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{plain(file)}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{plain(file)}: is not UTF-8 (byte {error.start}); convert it first") from error


def _table(file: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header of a CSV, and its rows with the number of the line in which each ends."""
    reader = csv.reader(io.StringIO(_read(file), newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        header = next(reader, [])
        for row in reader:
            if row and len(row) != len(header):
                raise UserError(
                    f"{plain(file)}, line {reader.line_num}: {len(row)} fields, the header has {len(header)}"
                )
            if row:
                rows.append((reader.line_num, row))
    except csv.Error as error:
        raise UserError(f"{plain(file)}, line {reader.line_num}: {plain(error)}") from error
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise UserError(f"{plain(file)}: two columns are called {plain(twice[0])!r}")
    return header, rows


def _column(header: Sequence[str], name: str, option: str, file: Path) -> int:
    if name in header:
        return header.index(name)
    shown = ", ".join(plain(column) for column in header[:_NAMED]) + (", ..." if header[_NAMED:] else "")
    raise UserError(f"{option}: {plain(file)} has no column {plain(name)!r}; it has {shown or 'none'}")


def _columns_of_labels(
    header: Sequence[str], rows: Iterable[tuple[int, list[str]]], text: int, file: Path
) -> list[str]:
    left = set(range(len(header))) - {text}
    for _, row in rows:
        left -= {place for place in left if row[place] not in ("0", "1")}
    if not left:
        raise UserError(f"{plain(file)}: no column holds 0 and 1 alone; name them with data.label_columns")
    return [header[place] for place in sorted(left)]


def _checked_names(names: list[str], where: str) -> list[str]:
    """Names of labels can be told apart, also where several stand in one cell."""
    if not names:
        raise UserError(f"{plain(where)}: names no label")
    for name in names:
        if not name or SEPARATOR in name or not name.isprintable():
            raise UserError(f"{plain(where)}: {plain(name)!r} cannot be the name of a label")
        if names.count(name) > 1:
            raise UserError(f"{plain(where)}: names the label {name!r} twice")
    return names


def _checked_text(text: str, where: str) -> str:
    if not text.strip():
        raise UserError(f"{where}: the text is empty; take the line out")
    return text


def _numbers(field: str, num_labels: int, where: str) -> NDArray[np.bool_]:
    target = np.zeros(num_labels, dtype=np.bool_)
    for part in field.split(","):
        digits = part.isascii() and part.isdigit() and len(part) <= _DIGITS
        if not (digits and int(part) < num_labels):
            raise UserError(f"{where}: {plain(part)!r} is no number of a label (0 to {num_labels - 1})")
        target[int(part)] = True
    return target


def _flags(fields: Iterable[str], labels: Sequence[str], where: str) -> NDArray[np.bool_]:
    return np.array(list(_each_flag(fields, labels, where)), dtype=np.bool_)


def _each_flag(fields: Iterable[str], labels: Sequence[str], where: str) -> Iterator[bool]:
    for field, label in zip(fields, labels, strict=True):
        flag = _YES_OR_NO.get(field.strip().lower())
        if flag is None:
            raise UserError(f"{where}, column {plain(label)}: expected 0 or 1, got {plain(field)!r}")
        yield flag


def _labelled(
    texts: list[str], targets: list[NDArray[np.bool_]], labels: Sequence[str], file: Path
) -> LabelledTexts:
    if not texts:
        raise UserError(f"{plain(file)}: holds no text")
    return LabelledTexts(texts, np.stack(targets), list(labels))
