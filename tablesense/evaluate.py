"""Measure a detector: ``python -m tablesense.evaluate --weights W --data DIR`` (``tablesense evaluate``)."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tablesense.errors import UserError
from tablesense.terminal.arguments import command_parser, count, share, whole
from tablesense.terminal.commands import run_command

if TYPE_CHECKING:
    from tablesense.evaluation.gold import Gold

COMMAND = "python -m tablesense.evaluate"
SOME_FAILED = 1

_DESCRIPTION = """\
Measure how well tables are found on annotated sheets: EoB-0 and EoB-2 precision, recall and F1, mean EoB and
average precision, by corpus and as the mean over corpora, with 95 % intervals; by size of table, by tables on
the sheet, by kind of error. docs/evaluate.md defines each figure.

Exit code: 0; 1, a sheet (its tables count as missed) or a line of annotations could not be read; 2, wrong
use."""


def main(args: list[str] | None = None) -> int:
    """Run the command; 0, 1 when something could not be read, 2 after wrong use, 130 when stopped."""
    args = sys.argv[1:] if args is None else args
    return run_command(lambda: _evaluate(args), "Stopped; nothing was written.", ["SIGTERM"])


def _evaluate(args: list[str]) -> int:
    options = make_parser().parse_args(args)

    from tablesense.evaluation.gold import read_gold

    gold = read_gold(options.data, options.split)
    _check(options, gold)

    from tablesense.scoring.command import run

    return SOME_FAILED if run(options, gold, [*COMMAND.split(), *args]) else 0


def _check(options: argparse.Namespace, gold: Gold) -> None:
    """What is wrong with the options is said before anything that takes time."""
    from tablesense.model.weights import locate
    from tablesense.terminal.output import check_target, refuse_input

    if options.from_predictions is None:
        locate(options.weights)
    elif options.weights is not None:
        raise UserError("--from-predictions: needs no --weights; leave one of them out")
    inputs = {str(sheet.workbook.parents[1] / "annotations.jsonl") for sheet in gold.sheets}
    if options.from_predictions is not None:
        inputs.add(str(options.from_predictions))
    for name, suffixes in (("predictions", (".jsonl",)), ("out", (".json",)), ("report", (".html", ".htm"))):
        file = getattr(options, name)
        if file is not None:
            check_target(f"--{name}", str(file), suffixes)
            refuse_input(file, sorted(inputs))


def make_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = command_parser(COMMAND, _DESCRIPTION)
    _add_input(parser)
    _add_output(parser.add_argument_group("output"))
    return parser


def _add_input(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--weights", metavar="MODEL", help="as of `tablesense detect` (default: the released model)")
    add("--data", metavar="DIR", type=Path, action="append", required=True, help=_DATA)
    add("--split", choices=("all", "train", "val", "test"), default="all", help="which of their sheets (all)")
    add("--from-predictions", metavar="FILE.jsonl", type=Path, help="score these; no network is loaded")
    add("--threshold", type=share, metavar="SCORE", help="what is scored lower is no table (the model's)")
    add("--device", default="auto", help="cpu, cuda, ... (default: a GPU if there is one)")
    add("--max-grid-cells", type=count, metavar="N", help="as of `tablesense detect`")
    add("--samples", type=count, default=1000, metavar="N", help="draws behind the intervals (1000)")
    add("--seed", type=whole, default=0, metavar="N", help="of the draws (0)")


_DATA = "a corpus, or a folder of corpora; can be repeated"


def _add_output(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--predictions", type=Path, metavar="FILE.jsonl", help="write what was found, a line a sheet")
    add(
        "--out",
        type=Path,
        metavar="FILE.json",
        help="write all figures; a table is made of it by docs/write_results.py",
    )
    add("--report", type=Path, metavar="FILE.html", help="write a page that shows the worst sheets")
    add("--worst", type=count, default=50, metavar="N", help="with --report: how many sheets (50)")


if __name__ == "__main__":
    sys.exit(main())
