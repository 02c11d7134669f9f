"""Annotated workbooks: ``tablesense data import KIND SRC DEST`` and ``tablesense data check DIR``."""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from typing_extensions import override

from tablesense.errors import UserError

COMMAND = "tablesense data"
SOMETHING_WRONG, WRONG_INPUT, INTERRUPTED = 1, 2, 130

_Raw = argparse.RawDescriptionHelpFormatter

_IMPORT = """\
Make a corpus, a folder with workbooks/ and annotations.jsonl, of annotations in another form. SRC is the
folder with the workbooks, at any depth, and is never changed. DEST is new or empty, and is whole or not there
at the end. What cannot be used is left out: counted by reason here, named one by one in DEST/skipped.jsonl.

Exit code: 0, written; 1, with --strict, written but something was left out; 2, wrong use, nothing written."""

_CHECK = """\
Look for what is wrong with a corpus: annotations that do not parse, workbooks and sheets that are missing or
cannot be read, ranges without cells, ranges that overlap or are there twice, groups, workbooks and copies of
one in more than one split. Then statistics, and with --pictures sheets drawn at random with their ranges.

Exit code: 0, nothing is wrong; 1, something is; 2, wrong use."""


def main(args: list[str] | None = None) -> int:
    """Run the command; 0, 1 when something was left out or is wrong, 2 after wrong use, 130 after Ctrl-C."""
    try:
        options = make_parser().parse_args(sys.argv[1:] if args is None else args)
        return _import(options) if options.command == "import" else _check(options)
    except UserError as error:
        from tablesense.terminal.untrusted import plain

        sys.stderr.write(f"error: {plain(error)}\n")
        return WRONG_INPUT
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return INTERRUPTED
    except BrokenPipeError:  # `| head` has seen enough
        # What is still in the buffer would be tried again, and fail, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as end:  # --help
        return end.code if isinstance(end.code, int) else 0


def _import(options: argparse.Namespace) -> int:
    from tablesense.curation.command import run_import  # numpy and the readers

    return SOMETHING_WRONG if run_import(options) and options.strict else 0


def _check(options: argparse.Namespace) -> int:
    from tablesense.curation.command import run_check

    return SOMETHING_WRONG if run_check(options) else 0


class _Parser(argparse.ArgumentParser):
    @override
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; see `{self.prog} --help`")


def make_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = _Parser(prog=COMMAND, description="Import and check annotated workbooks.", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
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
        "--pictures",
        type=Path,
        metavar="PATH",
        help="draw sheets with their ranges: one page (FILE.html), or a folder of SVG files",
    )
    parser.add_argument("--count", type=_count, default=12, metavar="N", help="sheets drawn a corpus (12)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="draws other sheets (0)")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {number}")
    return number


if __name__ == "__main__":
    sys.exit(main())
