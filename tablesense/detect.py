"""Find tables: ``python -m tablesense.detect book.xlsx more/ 'reports/*.xls'`` (or ``tablesense detect``)."""

import argparse
import sys
from pathlib import Path

from tablesense.terminal.arguments import command_parser, count, program, seconds, share
from tablesense.terminal.commands import run_command

SOME_FAILED = 1

_DESCRIPTION = """\
Find the tables in workbooks, to the exact cell, and print a line for each: file, sheet, range, score, size
and header rows. Reads .xlsx, .xlsm, .xls, .xlsb, .ods, .csv and .tsv. Folders are walked. Nothing is written
beside the files; what is written, and where, is said by the options.

Exit code: 0, tables found or not; 1, a file could not be looked at, no sheet has a name that was asked for,
or something could not be written (all else is done); 2, wrong use: nothing was done."""
_WEIGHTS = (
    "a run directory, a checkpoint, a folder with a saved model, an .onnx file of `tablesense export`, or "
    "hf://OWNER/NAME on the Hugging Face hub (default: $TABLESENSE_WEIGHTS, else the released model)"
)
_ANNOTATE = (
    "write a copy of the workbook (one .xlsx, or .xlsm with macros) with every table framed and its score in "
    "a comment; for several workbooks a folder"
)


def main(args: list[str] | None = None) -> int:
    """Run the command; 0, 1 when something failed, 2 after wrong use, 130 after Ctrl-C or SIGTERM."""
    return run_command(lambda: _detect(sys.argv[1:] if args is None else args), signals=["SIGTERM"])


def _detect(args: list[str]) -> int:
    options = make_parser().parse_args(args)

    from tablesense.detection.files import find_files
    from tablesense.model.weights import locate

    # Before anything that takes time to import: what is wrong with these is said at once.
    files = find_files(options.files)
    locate(options.weights)

    from tablesense.detection.command import run

    return SOME_FAILED if run(options, files) else 0


def make_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = command_parser(program("detect"), _DESCRIPTION)
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a workbook, a folder, or a pattern in quotes"
    )
    _add_model(parser.add_argument_group("the model"))
    _add_reading(parser.add_argument_group("reading"))
    _add_output(parser.add_argument_group("output"))
    return parser


def _add_model(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--weights", metavar="MODEL", help=_WEIGHTS)
    group.add_argument(
        "--threshold",
        type=share,
        metavar="SCORE",
        help="leave out tables scored lower (default: the model's)",
    )
    group.add_argument("--device", default="auto", help="cpu, cuda, ... (default: a GPU if there is one)")
    group.add_argument(
        "--max-grid-cells",
        type=count,
        metavar="N",
        help="cells of a folded sheet seen at once; larger sheets are cut between tables (default 100,000)",
    )


def _add_reading(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--sheet", action="append", metavar="NAME", help="only this sheet, hidden or not; can be repeated"
    )
    group.add_argument("--hidden", action="store_true", help="hidden sheets as well")
    group.add_argument("--jobs", type=count, metavar="N", help="processes that read (default: by the files)")
    group.add_argument("--max-cells", type=count, metavar="N", help="filled cells of a file (2,000,000)")
    group.add_argument("--max-mb", type=count, metavar="N", help="size of a file, unpacked (256)")
    group.add_argument("--max-seconds", type=seconds, metavar="N", help="time to read a file (60)")


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--output", choices=("table", "json", "jsonl", "csv"), default="table", help="(table)")
    group.add_argument(
        "--out", type=Path, metavar="FILE", help="write the listing there, not to the terminal"
    )
    group.add_argument("--annotate", type=Path, metavar="OUT.xlsx", help=_ANNOTATE)
    group.add_argument(
        "--native-tables",
        action="store_true",
        help="with --annotate: make Excel tables where that is possible",
    )
    group.add_argument("--extract", type=Path, metavar="DIR", help="write each table there as a file")
    group.add_argument("--extract-format", choices=("csv", "parquet"), help="(csv)")
    group.add_argument(
        "--allow-formulas",
        action="store_true",
        help="in CSVs of --extract, leave texts that a spreadsheet program would run as formulas as they are",
    )
    group.add_argument(
        "--report", type=Path, metavar="FILE.html", help="write one page that shows the sheets and tables"
    )
    group.add_argument(
        "--annotations",
        type=Path,
        metavar="FILE.jsonl",
        help="with --report: annotated tables to show beside those found, as in annotations.jsonl",
    )


if __name__ == "__main__":
    sys.exit(main())
