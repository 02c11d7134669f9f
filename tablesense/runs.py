"""See and compare runs: ``python -m tablesense.runs [list | compare A B ... | download ENTITY/PROJECT/ID]``.

It reads what runs left on disk, or with ``--wandb`` the same from W&B.
"""

import argparse
import sys
from pathlib import Path

from tablesense.errors import UserError
from tablesense.terminal.arguments import Parser, program
from tablesense.terminal.untrusted import plain

WRONG_INPUT, INTERRUPTED = 2, 130

_Raw = argparse.RawDescriptionHelpFormatter

_LIST = """\
A table of the runs in --runs-dir, the oldest first: epochs done, the best F1 (EoB-0) and EoB-2 F1 (and
what else a run chose its best epoch by), the time its epochs took, parameters, and which parameters of its
configuration are not those of the baseline. Left out of these are names, folders, logging and progress
bars, which cannot change a result; a seed can, and is shown. Folders that are no runs are passed over."""

_COMPARE = """\
What differs between the runs, and every metric that two of them share as a curve on a common scale, with
its first, best and last value. A run is named by its folder, its name, or a part of the name that only
it has; with --wandb also by its id."""

_DOWNLOAD = """\
Fetch the files that a run has put into its Files tab at W&B: checkpoint/ (the weights and how to load
them), predictions/ and stats/ (CSVs). What is there already is kept; a file is whole or not there."""

_TRAIN = "train one: `python -m tablesense.fit --config configs/minimal.yaml`"


def main(args: list[str] | None = None) -> int:
    """Run the command; returns 0, 2 after wrong input, 130 after Ctrl-C."""
    args = sys.argv[1:] if args is None else args
    if not args or (args[0].startswith("-") and args[0] not in {"-h", "--help"}):
        args = ["list", *args]
    try:
        options = _parser().parse_args(args)
        {"list": _list, "compare": _compare, "download": _download}[options.command](options)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return WRONG_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as end:  # --help
        return end.code if isinstance(end.code, int) else 0
    return 0


def _parser() -> Parser:
    from tablesense.comparison.download import FOLDERS

    parser = Parser(prog=program("runs"), description="See and compare runs. Without a command: list them.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    listing = commands.add_parser("list", help="a table of the runs", description=_LIST, formatter_class=_Raw)
    _add_source(listing)
    listing.add_argument(
        "--baseline", metavar="RUN", help="compare with this run (default: the oldest listed)"
    )
    listing.add_argument(
        "--sort",
        metavar="KEY",
        default="when",
        help="name, when, epochs, time, parameters, or a metric (val/f1)",
    )
    listing.add_argument("--csv", metavar="FILE", help="write the table as a CSV; - is the standard output")

    compare = commands.add_parser(
        "compare", help="runs side by side", description=_COMPARE, formatter_class=_Raw
    )
    compare.add_argument("runs", nargs="+", metavar="RUN", help="a folder, a run's name, or a part of it")
    _add_source(compare)
    compare.add_argument("--metrics", nargs="+", metavar="GLOB", default=["*"], help="show these, as 'val/*'")
    compare.add_argument("--html", metavar="FILE", help="write one self-contained page with plots")
    compare.add_argument(
        "--csv", metavar="FILE", help="write all values, a line each; - is the standard output"
    )

    download = commands.add_parser(
        "download", help="fetch the files of a W&B run", description=_DOWNLOAD, formatter_class=_Raw
    )
    download.add_argument("run", metavar="ENTITY/PROJECT/ID")
    download.add_argument("--dest", metavar="DIR", type=Path, help="where to (default: downloads/{run name})")
    download.add_argument(
        "--only", nargs="+", choices=FOLDERS, default=FOLDERS, metavar="FOLDER", help=" ".join(FOLDERS)
    )
    download.add_argument("--metadata", action="store_true", help="also config.yaml, output.log and the like")
    download.add_argument("--overwrite", action="store_true", help="replace files that are there already")
    return parser


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs-dir", metavar="DIR", type=Path, default=Path("runs"), help="default: runs")
    parser.add_argument("--wandb", metavar="ENTITY/PROJECT", help="read from W&B, not from --runs-dir")
    parser.add_argument(
        "--limit",
        type=int,
        metavar="N",
        default=50,
        help="look at the newest N runs of --wandb (default: 50)",
    )


def _list(options: argparse.Namespace) -> None:
    from tablesense.comparison.choose import choose, choose_folder
    from tablesense.comparison.listing import Listing, sort_records
    from tablesense.comparison.local import find_runs, read_run
    from tablesense.terminal import output

    output.check_target("--csv", options.csv, (".csv",))
    console = output.terminal()
    if options.wandb:
        from tablesense.comparison.wandb_runs import Project

        project = Project(options.wandb, options.limit)
        records = project.list_records([options.sort])
    else:
        records = [read_run(folder, steps=False) for folder in find_runs(options.runs_dir)]
        if not records:
            raise UserError(f"no runs in {plain(options.runs_dir)}; {_TRAIN}")
    records = sort_records(records, options.sort)
    baseline = sort_records(records, "when")[0]
    if options.baseline and options.wandb:
        baseline = choose(
            options.baseline, [(record.name, record) for record in records], "among those listed"
        )
    elif options.baseline:
        baseline = read_run(choose_folder(options.baseline, options.runs_dir), steps=False)
    table = Listing(records, baseline)
    if options.csv != output.STDOUT:
        table.show(console)
        if options.wandb and project.left_out:
            console.print(f"{project.left_out} older runs are not listed (--limit)")
    if options.csv:
        output.write_csv_to(options.csv, table.write_csv, console)


def _compare(options: argparse.Namespace) -> None:
    from tablesense.comparison import side_by_side
    from tablesense.comparison.choose import choose_folder
    from tablesense.comparison.local import read_run
    from tablesense.terminal import output

    output.check_target("--csv", options.csv, (".csv",))
    output.check_target("--html", options.html, (".html", ".htm"))
    if len(options.runs) < 2:
        raise UserError("compare: name two runs or more")
    console = output.terminal()
    if options.wandb:
        from tablesense.comparison.wandb_runs import Project

        records = Project(options.wandb, options.limit).records(options.runs)
    else:
        folders = [choose_folder(name, options.runs_dir) for name in options.runs]
        if len({folder.resolve() for folder in folders}) < len(folders):
            raise UserError("compare: one run is named twice")
        records = [read_run(folder) for folder in folders]
    side_by_side.check_patterns(records, options.metrics)
    # The files first: what is printed may go to `head`, which ends us when it has enough.
    if options.csv:
        output.write_csv_to(options.csv, lambda file: side_by_side.write_csv(records, file), console)
    if options.html:
        from tablesense.comparison.page import write_page

        output.save("--html", Path(options.html), lambda file: write_page(records, file), console)
    if options.csv != output.STDOUT:
        side_by_side.show(records, console, options.metrics)


def _download(options: argparse.Namespace) -> None:
    from tablesense.comparison.download import download_files
    from tablesense.comparison.wandb_runs import find_run
    from tablesense.terminal import output

    console = output.terminal()
    run = find_run(options.run)
    download_files(
        run, options.dest, options.only, console, metadata=options.metadata, overwrite=options.overwrite
    )


if __name__ == "__main__":
    sys.exit(main())
