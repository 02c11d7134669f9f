"""One process trains in a run folder: the system gives the lock back when it ends, however it ends."""

from pathlib import Path

from filelock import FileLock, Timeout

_LOCK = ".lock"
_LOCK_SECONDS = 5.0  # workers of a training that was killed hold its lock until they notice


def hold(run: Path) -> FileLock | None:
    """The lock of a run folder, held; None where the file system knows no locks.

    Raises:
        Timeout: another process trains there.
    """
    lock = FileLock(run / _LOCK, timeout=_LOCK_SECONDS)
    try:
        lock.acquire()
    except Timeout:  # an OSError as well
        raise
    except (OSError, NotImplementedError):
        return None
    return lock


def is_trained_in(run: Path) -> bool:
    """Whether a process trains in a run folder now; nothing is written where none ever did."""
    if not (run / _LOCK).exists():
        return False
    try:
        lock = hold(run)
    except Timeout:
        return True
    if lock is not None:
        lock.release()
    return False
