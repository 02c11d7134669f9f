"""Train: ``python -m tablesense.fit --config configs/minimal.yaml [--KEY VALUE ...]``.

The command knows no task: the configuration names the LightningModule and the LightningDataModule.
"""

import os
import signal
import sys
from typing import TYPE_CHECKING

from tablesense.errors import UserError
from tablesense.tracking.cli.arguments import prepare_arguments
from tablesense.tracking.run.quiet import speaks

if TYPE_CHECKING:
    from tablesense.tracking.cli.fit_cli import FitCLI

COMMAND = "python -m tablesense.fit"
WRONG_INPUT, INTERRUPTED, TERMINATED = 2, 130, 143


def main(args: list[str] | None = None) -> int:
    """Run the command; returns 0, 2 after wrong input, 130 after Ctrl-C, 143 after SIGTERM."""
    interrupt_handler = signal.getsignal(signal.SIGINT)
    try:
        return _fit(sys.argv[1:] if args is None else args)
    except UserError as error:
        if not speaks():
            # Lightning kills the process that does as soon as another one ends with a code.
            return 0
        sys.stderr.write(f"error: {error}\n")
        return WRONG_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as end:  # --help and --print_config
        return end.code if isinstance(end.code, int) else 0
    finally:
        # Lightning ignores Ctrl-C while it shuts down and never undoes that.
        signal.signal(signal.SIGINT, interrupt_handler)


def _fit(args: list[str]) -> int:
    args = prepare_arguments(args)
    from tablesense.tracking.cli.fit_cli import FitCLI  # takes seconds to import

    cli = FitCLI(args, COMMAND)
    try:
        return _train(cli)
    finally:
        cli.console.stop()


def _train(cli: "FitCLI") -> int:
    from lightning.pytorch.utilities.exceptions import SIGTERMException

    ended: BaseException | None = None
    try:
        cli.fit()
    except (SystemExit, KeyboardInterrupt) as end:  # SystemExit is Lightning's answer to both signals
        ended = end
    if ended is not None or cli.stopped_by is not None:
        cli.tell_how_to_go_on()
        terminated = isinstance(ended, SIGTERMException) or cli.stopped_by == signal.SIGTERM
        return TERMINATED if terminated else INTERRUPTED
    cli.print_summary()
    return 0


def _die_of_sigterm() -> None:
    """End as a process does that SIGTERM ends: an agent of a sweep takes any exit code for a failure."""
    sys.stdout.flush()
    sys.stderr.flush()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    exit_code = main()
    if exit_code == TERMINATED and os.name == "posix":
        _die_of_sigterm()
    sys.exit(exit_code)
