"""What ``tablesense predict-emotions`` does, from its options to the last line written."""

from __future__ import annotations

import csv
import io
import json
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from tablesense.emotions.classify import Classifier
from tablesense.emotions.hub import locate
from tablesense.emotions.metrics import Array, Flags
from tablesense.emotions.rows import chosen, joined, probability_cells
from tablesense.emotions.texts import lines_of, read_texts
from tablesense.errors import UserError
from tablesense.terminal.devices import choose_device
from tablesense.terminal.output import print_text, save, terminal
from tablesense.terminal.untrusted import csv_text, plain
from tablesense.tracking.run.atomic import write_text

_BAR_FROM = 200  # texts; fewer are done at once


def run(options: Namespace) -> None:
    """Read, classify, and print or write.

    Raises:
        UserError: something asked for cannot be done.
    """
    texts = given_texts(options)
    classifier = Classifier(locate(options.weights), choose_device(options.device), options.threshold)
    said = Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)
    hidden = len(texts) < _BAR_FROM or not said.is_terminal
    with Progress(console=said, transient=True, disable=hidden) as progress:
        task = progress.add_task("reading emotions", total=len(texts))
        probabilities = classifier.probabilities(
            texts, options.batch_size, lambda done: progress.advance(task, done)
        )
    flags = classifier.predicted(probabilities)
    output = options.format or (options.out.suffix.lower().removeprefix(".") if options.out else "table")
    if output == "table":
        terminal().print(as_table(texts, classifier.labels, flags, probabilities))
        return
    # What goes to a terminal must not steer it; a file keeps the text as it is.
    shown = plain if options.out is None and sys.stdout.isatty() else str
    if output == "json":
        content = as_json(texts, classifier.labels, flags, probabilities)
    else:
        content = as_csv(texts, classifier.labels, flags, probabilities, shown)
    if options.out is None:
        print_text(content)
    else:
        save("--out", options.out, lambda file: write_text(file, content), said)


def given_texts(options: Namespace) -> list[str]:
    """The texts of the command line, of ``--file``, or of the standard input, a line each.

    Raises:
        UserError: there are none.
    """
    if options.file is not None:
        texts = read_texts(options.file, options.text_column)
    elif options.texts:
        texts = list(options.texts)
    elif sys.stdin is None or sys.stdin.isatty():
        raise UserError("no text: give some, or --file FILE, or pipe lines into the command")
    else:
        texts = lines_of(_standard_input())
    if not texts:
        raise UserError(
            "no text: " + (f"{plain(options.file)} holds none" if options.file else "nothing was given")
        )
    return texts


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"the standard input is not UTF-8 (byte {error.start})") from error


def as_table(texts: Sequence[str], labels: Sequence[str], flags: Flags, probabilities: Array) -> Table:
    """A line a text, with its labels by probability; of a text without one, the likeliest in brackets."""
    table = Table("text", "emotions")
    for text, row, flag in zip(texts, probabilities, flags, strict=True):
        best = row.argsort()[::-1]
        parts = [f"{plain(labels[place])} {row[place]:.2f}" for place in best if flag[place]]
        likeliest = f"({plain(labels[best[0]])} {row[best[0]]:.2f})"
        table.add_row(Text(plain(text)), Text(", ".join(parts) or likeliest))
    return table


def as_json(texts: Sequence[str], labels: Sequence[str], flags: Flags, probabilities: Array) -> str:
    """A list with an object a text: ``text``, ``labels``, and ``probabilities`` by label."""
    found = [
        {
            "text": text,
            "labels": chosen(labels, flag),
            "probabilities": {label: round(float(p), 6) for label, p in zip(labels, row, strict=True)},
        }
        for text, row, flag in zip(texts, probabilities, flags, strict=True)
    ]
    return json.dumps(found, indent=1) + "\n"


def as_csv(
    texts: Sequence[str],
    labels: Sequence[str],
    flags: Flags,
    probabilities: Array,
    shown: Callable[[str], str] = str,
) -> str:
    """``text, pred_labels, pred_prob_{label}``, as the prediction files of a run have them.

    Args:
        texts: N of them.
        labels: L names.
        flags: (N, L) which labels count.
        probabilities: (N, L).
        shown: what is done to each text and name before it is written.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["text", "pred_labels", *map(shown, probability_cells(labels, probabilities[0]))])
    for text, row, flag in zip(texts, probabilities, flags, strict=True):
        cells = probability_cells(labels, row).values()
        writer.writerow([csv_text(shown(text)), csv_text(shown(joined(chosen(labels, flag)))), *cells])
    return out.getvalue()
