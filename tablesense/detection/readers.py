"""Files read in processes beside the network, a bounded number ahead, in their order."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from tablesense.detection.reading import PreparedFile, ReadOptions, prepare_file

_AHEAD = 2  # files read ahead of each process: a finished file waits in memory
_ENDED = "the process that read it was ended, most likely for want of memory"


def prepare_files(files: Sequence[str], options: ReadOptions, jobs: int) -> Iterator[PreparedFile]:
    """Read and featurize files, in their order, with ``jobs`` processes (1: in this one)."""
    jobs = min(jobs, len(files))
    if jobs <= 1:
        yield from (prepare_file(file, options) for file in files)
        return
    left = deque(files)
    while left:
        try:
            yield from _read(left, options, jobs)
        except BrokenProcessPool:
            # Any file in work may have done it: take the first alone, then go on with the others.
            yield _read_alone(left.popleft(), options)


def _read(left: deque[str], options: ReadOptions, jobs: int) -> Iterator[PreparedFile]:
    """Take files from the left of ``left`` as they are done."""
    with _pool(jobs) as pool:
        waiting = iter(list(left))
        futures: deque[Future[PreparedFile]] = deque()
        while left:
            while len(futures) < jobs + _AHEAD and (file := next(waiting, None)) is not None:
                futures.append(pool.submit(prepare_file, file, options))
            result = futures.popleft().result()
            left.popleft()
            yield result


def _read_alone(file: str, options: ReadOptions) -> PreparedFile:
    with _pool(1) as pool:
        try:
            return pool.submit(prepare_file, file, options).result()
        except BrokenProcessPool:
            return PreparedFile(file, error=_ENDED)


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    # Not forked: torch has threads by now, and a copy of them is dead.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, initializer=_end_silently)
    try:
        yield pool
    except BaseException:
        for child in multiprocessing.active_children():
            child.terminate()  # nobody waits for what they are reading
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _end_silently() -> None:
    """Let Ctrl-C end a reader without a traceback; the command itself says that it was stopped."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
