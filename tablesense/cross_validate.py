"""How good is a recipe: ``python -m tablesense.cross_validate`` (``tablesense cross-validate``)."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from tablesense.errors import UserError
from tablesense.model.sources import MOST_NETWORKS
from tablesense.terminal.arguments import command_parser, count, share, whole
from tablesense.terminal.commands import run_command

COMMAND = "python -m tablesense.cross_validate"
UNFINISHED = 1

_DESCRIPTION = """\
Train a recipe fold by fold, with one seed or several, and measure each training on the sheets that it left
out: sheets of one template are never on both sides. With --networks, several are trained on the same sheets
from other first weights, which are measured together. A cross-validation that was stopped goes on with the
same command. Options that are not listed here, like --model.lr=1e-3, are passed on to every training. The W&B
log of a training is written, not sent.

Exit code: 0; 1, some trainings are not finished (--measure-only) or a sheet could not be read; 2, wrong
input; 130, stopped."""


def main(args: list[str] | None = None) -> int:
    """Run the command; its exit codes are told above."""
    args = sys.argv[1:] if args is None else args
    return run_command(
        lambda: _run(args),
        f"Stopped. Go on with: {COMMAND} {shlex.join(args)}",
        ["SIGTERM", "SIGHUP"],  # SIGHUP is a closed terminal
    )


def _run(args: list[str]) -> int:
    options, overrides = make_parser().parse_known_args(args)
    if options.folds < 2:
        raise UserError(f"--folds: must be 2 or more, got {options.folds}")
    if options.networks > MOST_NETWORKS:
        raise UserError(f"--networks: must be {MOST_NETWORKS} or fewer, got {options.networks}")
    if not options.config.is_file():
        raise UserError(f"--config: there is no file {options.config}")
    return _cross_validate(options, overrides, args)


def _cross_validate(options: argparse.Namespace, overrides: list[str], args: list[str]) -> int:
    from tablesense.terminal.output import check_folder, check_target, terminal

    runs_dir = options.runs_dir or Path("runs") / f"{options.config.stem}_folds"
    check_folder("--runs-dir", runs_dir)
    predictions = options.predictions
    check_target("--predictions", None if predictions is None else str(predictions), (".jsonl",))
    check_target("--out", None if options.out is None else str(options.out), (".json",))

    from tablesense.cross_validation.turns import Plan, check_options

    check_options(overrides)

    from tablesense.cross_validation.run import Options, cross_validate  # takes seconds to import

    is_whole = cross_validate(
        Plan(
            options.config,
            runs_dir,
            options.folds,
            tuple(dict.fromkeys(options.seeds)),
            tuple(overrides),
            networks=options.networks,
        ),
        Options(
            options.jobs,
            options.out,
            predictions,
            options.threshold,
            options.measure_only,
            tuple(options.with_runs),
            (*COMMAND.split(), *args),
        ),
        terminal(),
    )
    return 0 if is_whole else UNFINISHED


def make_parser() -> argparse.ArgumentParser:
    """The options of the command itself."""
    parser = command_parser(COMMAND, _DESCRIPTION)
    add = parser.add_argument
    add("--config", type=Path, required=True, metavar="FILE", help="the recipe, as of `tablesense fit`")
    add("--folds", type=count, default=4, metavar="N", help="parts that the sheets are dealt into (4)")
    add("--seeds", type=whole, nargs="+", default=[1], metavar="N", help="one row of figures each (1)")
    add("--networks", type=count, default=1, metavar="N", help="trained a fold, to detect together (1)")
    add("--jobs", type=count, default=1, metavar="N", help="trainings at once (1)")
    add("--threshold", type=share, metavar="SCORE", help="what is scored lower is no table (the recipe's)")
    add("--runs-dir", type=Path, metavar="DIR", help="where the runs go (runs/NAME OF THE CONFIG_folds)")
    add(
        "--with-runs",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="runs of other recipes on the same folds (their --runs-dir), to be measured together with these",
    )
    add("--measure-only", action="store_true", help="train nothing, measure what is finished")
    add("--out", type=Path, metavar="FILE.json", help="write all figures, as `evaluate --out` does")
    add("--predictions", type=Path, metavar="FILE.jsonl", help="write what the first seed found")
    return parser


if __name__ == "__main__":
    sys.exit(main())
