"""Search for better settings: ``python -m tablesense.sweep configs/sweep.yaml [--KEY=VALUE ...]``.

Reads the file that ``wandb sweep`` reads, and needs neither a server nor an account.
"""

import argparse
import shlex
import sys
from pathlib import Path

from tablesense.terminal.arguments import Parser, count, program
from tablesense.terminal.commands import run_command

NO_RESULT = 1
_TRIALS = 20

_DESCRIPTION = """\
Search for better settings as a W&B sweep file says, on this machine. Trials that fall behind are stopped
early; a search that was stopped goes on with the same command. Options that are not listed here, like
--trainer.max_epochs=2, are passed on to every training. The W&B log of a trial is written, not sent.
"""


def main(args: list[str] | None = None) -> int:
    """Run the command; 0, 1 when no trial has a result, 2 after wrong input, 130 after Ctrl-C or SIGTERM."""
    args = sys.argv[1:] if args is None else args
    return run_command(
        lambda: _sweep(args),
        f"Stopped. Go on with: {program('sweep')} {shlex.join(args)}",
        ["SIGTERM", "SIGHUP"],  # SIGHUP is a closed terminal
    )


def _sweep(args: list[str]) -> int:
    options, overrides = make_parser().parse_known_args(args)

    from tablesense.search.search import Options, search
    from tablesense.search.sweep_file import read_sweep

    sweep = read_sweep(options.file)
    found = search(
        sweep,
        Options(
            runs_dir=(options.runs_dir or Path("runs") / sweep.name).resolve(),
            trials=options.trials or sweep.run_cap or _TRIALS,
            jobs=options.jobs,
            timeout=options.timeout,
            overrides=overrides,
        ),
    )
    return 0 if found else NO_RESULT


def make_parser() -> argparse.ArgumentParser:
    """The options of the search itself."""
    parser = Parser(prog=program("sweep"), description=_DESCRIPTION, allow_abbrev=False)
    parser.add_argument("file", type=Path, help="a W&B sweep file, as configs/sweep.yaml")
    parser.add_argument(
        "--trials",
        type=count,
        help=f"in all, with those of earlier starts (default: run_cap of the file, else {_TRIALS})",
    )
    parser.add_argument("--runs-dir", type=Path, help="where the runs go (default runs/NAME OF THE SWEEP)")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="start no trial later than that")
    parser.add_argument("--jobs", type=count, default=1, help="trials at once (default 1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
