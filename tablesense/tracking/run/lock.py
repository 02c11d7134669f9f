"""One process trains in a run folder: the system gives the lock back when it ends."""

from pathlib import Path

from filelock import FileLock, Timeout


def lock_of(run: Path, timeout: float) -> FileLock:
    """The lock of a run folder, not yet held.

    Args:
        run: the folder.
        timeout: seconds that ``acquire`` waits before it raises :class:`filelock.Timeout`.
    """
    return FileLock(run / ".lock", timeout=timeout)


def is_trained_in(run: Path) -> bool:
    """Whether a process trains in a run folder now; nothing is written where none ever did."""
    lock = lock_of(run, timeout=0)
    try:
        if Path(lock.lock_file).exists():
            lock.acquire()
            lock.release()
    except Timeout:
        return True
    except (OSError, NotImplementedError):  # not every file system knows locks
        return False
    return False
