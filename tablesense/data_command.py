"""Annotated workbooks: ``tablesense data import KIND SRC DEST`` and ``tablesense data check DIR``."""

import argparse
import sys
from pathlib import Path

from tablesense.terminal.arguments import Parser, count
from tablesense.terminal.commands import run_command

COMMAND = "tablesense data"
SOMETHING_WRONG = 1

_Raw = argparse.RawDescriptionHelpFormatter

_IMPORT = """\
Make a corpus, a folder with workbooks/ and annotations.jsonl, of annotations in another form. SRC is the
folder with the workbooks, at any depth, and is never changed. DEST is new or empty, and is whole or not there
at the end. What cannot be used is left out: counted by reason here, named one by one in DEST/skipped.jsonl.

Exit code: 0, written; 1, with --strict, written but something was left out; 2, wrong use, nothing written."""

_CHECK = """\
Look for what is wrong with a corpus: annotations that do not parse, workbooks and sheets that are missing
or cannot be read, ranges without cells, ranges that overlap or are there twice, groups, workbooks and
copies of one in more than one split. Splits that no sheet is in, blank edges and the like are only noted.
Then statistics, and with --pictures sheets drawn at random with their ranges.

Exit code: 0, nothing is wrong; 1, something is; 2, wrong use."""


def main(args: list[str] | None = None) -> int:
    """Run the command; 0, 1 when something was left out or is wrong, 2 after wrong use, 130 after Ctrl-C."""
    return run_command(lambda: _run(sys.argv[1:] if args is None else args))


def _run(args: list[str]) -> int:
    options = make_parser().parse_args(args)
    return _import(options) if options.command == "import" else _check(options)


def _import(options: argparse.Namespace) -> int:
    from tablesense.curation.command import run_import  # numpy and the readers

    return SOMETHING_WRONG if run_import(options) and options.strict else 0


def _check(options: argparse.Namespace) -> int:
    from tablesense.curation.command import run_check

    return SOMETHING_WRONG if run_check(options) else 0


def make_parser() -> Parser:
    """The options of the command."""
    parser = Parser(prog=COMMAND, description="Import and check annotated workbooks.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    _add_import(
        commands.add_parser(
            "import",
            help="make a corpus of annotations in another form",
            description=_IMPORT,
            epilog=_kinds(),
            formatter_class=_Raw,
            allow_abbrev=False,
        )
    )
    _add_check(
        commands.add_parser(
            "check",
            help="look for what is wrong with a corpus, and see what is in it",
            description=_CHECK,
            formatter_class=_Raw,
            allow_abbrev=False,
        )
    )
    return parser


def _kinds() -> str:
    from tablesense.corpora.imports.kinds import KINDS

    return "KIND is one of\n" + "\n".join(f"  {name:19}{kind.purpose}" for name, kind in KINDS.items())


def _add_import(parser: argparse.ArgumentParser) -> None:
    from tablesense.corpora.imports.kinds import KINDS
    from tablesense.corpora.splits import SPLITS

    parser.add_argument("kind", choices=KINDS, metavar="KIND", help="of annotations, see below")
    parser.add_argument("source", type=Path, metavar="SRC", help="the folder with the workbooks")
    parser.add_argument("dest", type=Path, metavar="DEST", help="the corpus to be made")
    parser.add_argument(
        "--annotations",
        type=Path,
        metavar="FILE",
        help="the file with the annotations, where SRC does not hold it",
    )
    parser.add_argument(
        "--split", choices=SPLITS, help="of the sheets for which the source names none (default: none)"
    )
    parser.add_argument(
        "--link", action="store_true", help="hard links to the workbooks, not copies; on one disk only"
    )
    parser.add_argument("--strict", action="store_true", help="exit with 1 when something was left out")


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="a corpus")
    parser.add_argument(
        "--corrections", type=Path, metavar="FILE", help="other ranges for some sheets of the one corpus"
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="PATH",
        help="draw sheets with their ranges: one page (FILE.html), or a folder of SVG files",
    )
    parser.add_argument("--count", type=count, default=12, metavar="N", help="sheets drawn a corpus (12)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="draws other sheets (0)")


if __name__ == "__main__":
    sys.exit(main())
