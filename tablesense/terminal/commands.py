"""What commands share around their work: errors in one line, exit codes, and an end in order."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain

WRONG_INPUT, INTERRUPTED = 2, 130


def run_command(work: Callable[[], int], stopped: str = "Stopped.", signals: Sequence[str] = ()) -> int:
    """Do the work of a command.

    Args:
        work: returns the exit code.
        stopped: what is said after Ctrl-C.
        signals: that stop it as Ctrl-C does, as ``SIGTERM``; those that the system lacks are passed over.
            Without them the processes that the work has started would outlive it.

    Returns:
        The exit code: that of the work, 2 after a UserError, 130 after Ctrl-C and those signals.
    """
    try:
        with _stopped_in_order(signals):
            return work()
    except UserError as error:
        sys.stderr.write(f"error: {plain(error)}\n")
        return WRONG_INPUT
    except KeyboardInterrupt:
        sys.stderr.write(f"{stopped}\n")
        return INTERRUPTED
    except BrokenPipeError:  # `| head` has seen enough
        # What is still in the buffer would be tried again, and fail, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as end:  # --help
        return end.code if isinstance(end.code, int) else 0


@contextmanager
def _stopped_in_order(names: Sequence[str]) -> Iterator[None]:
    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    signals = [getattr(signal, name) for name in names if hasattr(signal, name)]
    try:
        previous = {number: signal.signal(number, interrupt) for number in signals}
    except ValueError:  # not in the main thread: signals are somebody else's there
        previous = {}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
