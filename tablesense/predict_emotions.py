"""Emotions of texts: ``python -m tablesense.predict_emotions --weights W TEXT ...``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tablesense.errors import UserError
from tablesense.terminal.arguments import command_parser, count, share
from tablesense.terminal.commands import run_command
from tablesense.terminal.output import check_target, refuse_input

COMMAND = "python -m tablesense.predict_emotions"

_DESCRIPTION = """\
Tell the emotions of texts with a classifier that `tablesense fit --config configs/emotions.yaml` trained.
Texts are given on the command line, in a file, or on the standard input, a line each; blank lines are
passed over: docs/emotions.md.

Exit code: 0; 2, wrong use."""


def main(args: list[str] | None = None) -> int:
    """Run the command; 0, 2 after wrong use, 130 when stopped."""
    args = sys.argv[1:] if args is None else args
    return run_command(lambda: _predict(args), "Stopped; nothing was written.", ["SIGTERM"])


def _predict(args: list[str]) -> int:
    options = make_parser().parse_args(args)
    _check(options)

    from tablesense.emotions.command import run

    run(options)
    return 0


def _check(options: argparse.Namespace) -> None:
    """What is wrong with the options is said before anything that takes time."""
    from tablesense.emotions.hub import locate

    folder = locate(options.weights)
    if options.file is not None and options.texts:
        raise UserError("--file: there are texts on the command line too; give one of them")
    if options.out is None:
        return
    suffixes = (".csv", ".json") if options.format is None else (f".{options.format}",)
    if options.format == "table":
        raise UserError("--out: a table is for the terminal; write .csv or .json")
    check_target("--out", str(options.out), suffixes)
    inputs = [*folder.iterdir(), *([options.file] if options.file else [])]
    refuse_input(options.out, [str(file) for file in inputs])


def make_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = command_parser(COMMAND, _DESCRIPTION)
    add = parser.add_argument
    add("texts", metavar="TEXT", nargs="*", help="texts; without any, the lines of the standard input")
    add(
        "--weights",
        metavar="DIR",
        type=Path,
        required=True,
        help="a run, or the folder of a saved classifier",
    )
    add(
        "--file",
        metavar="FILE",
        type=Path,
        help="texts of a .csv, of GoEmotions' .tsv, or lines of any other",
    )
    add("--text-column", metavar="NAME", default="text", help="the column of a .csv that holds them (text)")
    add("--threshold", type=share, metavar="P", help="from which probability a label counts (as was tuned)")
    add(
        "--format",
        choices=("table", "csv", "json"),
        help="of what is printed or written (table, or as --out)",
    )
    add("--out", metavar="FILE", type=Path, help="write a .csv or .json instead of printing")
    add("--batch-size", type=count, default=64, metavar="N", help="texts at a time (64)")
    add("--device", default="auto", help="cpu, cuda, ... (default: a GPU if there is one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
