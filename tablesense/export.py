"""Write a model as an .onnx file or a folder: ``tablesense export --weights W --out model.onnx``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tablesense.errors import UserError
from tablesense.terminal.arguments import command_parser, program, share
from tablesense.terminal.commands import run_command

if TYPE_CHECKING:
    from tablesense.model.ensemble import TableEnsemble

_DESCRIPTION = """\
Write a model as an .onnx file, which onnxruntime runs in less time than torch, or as a folder, which holds no
more than the model and its card; `tablesense detect` and `tablesense evaluate` take both as --weights.
Several models become one that detects better than each and takes the time of all: trainings of one
configuration with other values of seed_everything. The outputs of an .onnx file are compared with those of
torch before it is written, which takes about a minute.

Exit code: 0; 2, nothing was written."""


def main(args: list[str] | None = None) -> int:
    """Run the command; 0, 2 when nothing can be written, 130 when stopped."""
    args = sys.argv[1:] if args is None else args
    return run_command(lambda: _export(args), "Stopped; nothing was written.", ["SIGTERM"])


def _export(args: list[str]) -> int:
    options = make_parser().parse_args(args)
    is_file = _check(options)
    (_write_file if is_file else _write_folder)(options)
    return 0


def _check(options: argparse.Namespace) -> bool:
    """What is wrong with the options is said before anything that takes time; whether a file is meant."""
    from tablesense.model.sources import ONNX_SUFFIX, require_packages
    from tablesense.model.weights import locate
    from tablesense.terminal.output import check_folder, check_target, refuse_input
    from tablesense.terminal.untrusted import plain

    inputs = [str(locate(weights)) for weights in options.weights]
    if options.out.suffix.lower() == ONNX_SUFFIX:
        check_target("--out", str(options.out), (ONNX_SUFFIX,))
        refuse_input(options.out, inputs)
        require_packages("onnx", "onnxscript", "onnxruntime")
        return True
    if options.out.suffix or not options.out.name:
        raise UserError(
            f"--out: {plain(options.out)}: name a file that ends in .onnx, or a folder without a dot"
        )
    if os.path.lexists(options.out):
        raise UserError(f"--out: {plain(options.out)} is there already; name a new folder")
    check_folder("--out", options.out)
    return False


def _networks(options: argparse.Namespace) -> TableEnsemble:
    from tablesense.model.ensemble import TableEnsemble
    from tablesense.model.weights import load_torch

    loaded = [load_torch(weights, "cpu") for weights in options.weights]
    return TableEnsemble.of([network for one in loaded for network in one.members], options.threshold)


def _write_file(options: argparse.Namespace) -> None:
    from tablesense.model.onnx_export import export_onnx
    from tablesense.terminal.output import save, terminal

    exported = export_onnx(_networks(options))
    console = terminal()
    save("--out", options.out, exported.save, console)
    console.print(f"Its outputs differ from torch's by {exported.difference:.1e} at most", soft_wrap=True)


def _write_folder(options: argparse.Namespace) -> None:
    from safetensors import SafetensorError

    from tablesense.terminal.output import save, terminal
    from tablesense.tracking.run.atomic import atomic_folder

    networks = _networks(options)
    model = networks if len(networks.members) > 1 else networks.members[0]

    def write(folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            with atomic_folder(folder) as partial:
                model.save_pretrained(partial)
        except SafetensorError as error:  # what it makes of a full disk
            raise OSError(None, str(error)) from error

    save("--out", options.out, write, terminal())


def make_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = command_parser(program("export"), _DESCRIPTION)
    add = parser.add_argument
    add(
        "--weights",
        nargs="+",
        default=[None],
        metavar="MODEL",
        help="one or more, as of `tablesense detect`, no .onnx files (the released model)",
    )
    add(
        "--out",
        metavar="FILE.onnx|FOLDER",
        type=Path,
        required=True,
        help="the file, of which an earlier one is replaced, or a new folder without a dot in its name",
    )
    add(
        "--threshold",
        type=share,
        metavar="SCORE",
        help="what it scores lower is no table (the first model's)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
