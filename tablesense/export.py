"""Write a model as an .onnx file: ``tablesense export --weights W --out model.onnx``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tablesense.terminal.arguments import command_parser, program
from tablesense.terminal.commands import run_command

_DESCRIPTION = """\
Write a model as an .onnx file, which onnxruntime runs in less time than torch, and which
`tablesense detect` and `tablesense evaluate` take as --weights. Its outputs are compared with those of torch
before it is written. Takes about a minute.

Exit code: 0; 2, nothing was written."""


def main(args: list[str] | None = None) -> int:
    """Run the command; 0, 2 when nothing can be written, 130 when stopped."""
    args = sys.argv[1:] if args is None else args
    return run_command(lambda: _export(args), "Stopped; nothing was written.", ["SIGTERM"])


def _export(args: list[str]) -> int:
    options = make_parser().parse_args(args)
    _check(options)
    _write(options)
    return 0


def _check(options: argparse.Namespace) -> None:
    """What is wrong with the options is said before anything that takes time."""
    from tablesense.model.sources import ONNX_SUFFIX, require_packages
    from tablesense.model.weights import locate
    from tablesense.terminal.output import check_target, refuse_input

    check_target("--out", str(options.out), (ONNX_SUFFIX,))
    refuse_input(options.out, [str(locate(options.weights))])
    require_packages("onnx", "onnxscript", "onnxruntime")


def _write(options: argparse.Namespace) -> None:
    from tablesense.model.onnx_export import export_onnx
    from tablesense.model.weights import load_detector
    from tablesense.terminal.output import save, terminal

    exported = export_onnx(load_detector(options.weights, "cpu"))
    console = terminal()
    save("--out", options.out, exported.save, console)
    console.print(f"Its outputs differ from torch's by {exported.difference:.1e} at most", soft_wrap=True)


def make_parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = command_parser(program("export"), _DESCRIPTION)
    add = parser.add_argument
    add("--weights", metavar="MODEL", help="as of `tablesense detect`, no .onnx file (the released model)")
    add("--out", metavar="FILE.onnx", type=Path, required=True, help="the file; an earlier one is replaced")
    return parser


if __name__ == "__main__":
    sys.exit(main())
