"""Processes that outlive the program that started them: told apart, even when a number is used again."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tablesense.errors import UserError

_SAME_BIRTH = 2.0  # seconds; a clock that is set moves all births a little


def identity(pid: int) -> str:
    """A text by which :func:`find` knows the process again."""
    with suppress(psutil.Error):
        return f"{pid} {psutil.Process(pid).create_time()}"
    return ""


def find(text: str) -> psutil.Process | None:
    """The process with that identity, None when it is gone."""
    try:
        pid, born = text.split()
        process = psutil.Process(int(pid))
        alive = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        return process if alive and abs(process.create_time() - float(born)) < _SAME_BIRTH else None
    except (ValueError, psutil.Error):
        return None


def stop(process: psutil.Process, grace: float) -> None:
    """Ask a process to end, and end it with its children when it does not in time."""
    with suppress(psutil.Error):
        process.terminate()
        psutil.wait_procs([process], timeout=grace)
    kill(process)


def kill(process: psutil.Process) -> None:
    """End a process and its children now; what has ended already stays so."""
    with suppress(psutil.Error):
        for member in [*process.children(recursive=True), process]:
            with suppress(psutil.Error):
                member.kill()


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold a lock file; that of a process that is gone does not count.

    Raises:
        UserError: another process holds it.
    """
    while True:
        try:
            with lock.open("x", encoding="utf-8") as file:
                file.write(identity(os.getpid()))
            break
        except FileExistsError:
            try:
                owner = find(lock.read_text(encoding="utf-8"))
            except FileNotFoundError:  # it has just been given back
                continue
            if owner is not None:
                message = f"this is running already, as process {owner.pid}; wait for it, or stop it"
                raise UserError(message) from None
            lock.unlink(missing_ok=True)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
