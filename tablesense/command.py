"""The installed command: ``tablesense detect ...``, ``tablesense fit ...``; also ``python -m tablesense``."""

import sys
from importlib import import_module

from tablesense import __version__

COMMANDS = {
    "cross-validate": ("tablesense.cross_validate", "measure a recipe, fold by fold"),
    "data": ("tablesense.data_command", "import and check annotated workbooks"),
    "detect": ("tablesense.detect", "find the tables of workbooks"),
    "evaluate": ("tablesense.evaluate", "measure a detector on annotated workbooks"),
    "export": ("tablesense.export", "write a model as an .onnx file"),
    "fit": ("tablesense.fit", "train"),
    "predict-emotions": ("tablesense.predict_emotions", "tell the emotions of texts"),
    "runs": ("tablesense.runs", "list, compare and download runs"),
    "sweep": ("tablesense.sweep", "search for better settings"),
}
WRONG_INPUT = 2


def main(args: list[str] | None = None) -> int:
    """Run the subcommand that the first argument names; its own exit code, 2 when there is none."""
    args = sys.argv[1:] if args is None else args
    name = args[0] if args else ""
    if name in ("-h", "--help"):
        sys.stdout.write(usage())
        return 0
    if name == "--version":
        sys.stdout.write(f"tablesense {__version__}\n")
        return 0
    if name not in COMMANDS:
        what = f"there is no command {name!r}" if name else "name a command"
        sys.stderr.write(f"error: {what}: {', '.join(COMMANDS)}; see `tablesense --help`\n")
        return WRONG_INPUT
    code: int = import_module(COMMANDS[name][0]).main(args[1:])
    return code


def usage() -> str:
    """What ``--help`` prints."""
    lines = [f"  {name:18}{purpose}\n" for name, (_, purpose) in COMMANDS.items()]
    return "".join(
        ["usage: tablesense COMMAND ...\n\n", *lines, "\n`tablesense COMMAND --help` lists its options.\n"]
    )
