"""Trains the turns that have not been trained yet, a few at once, each in a process of its own."""

from collections.abc import Callable, Sequence

from tablesense.cross_validation.turns import Turn
from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain
from tablesense.trainings.training import POLL_SECONDS, Training, stop_all

_GRACE_SECONDS = 300.0  # a training that is asked to stop finishes its validation first
_SCORE = "val/eob0_f1"

Say = Callable[[str], None]


def train(turns: Sequence[Turn], jobs: int, say: Say) -> None:
    """Train turns to their end.

    Args:
        turns: those that are not finished.
        jobs: how many at once.
        say: prints a line.

    Raises:
        UserError: a training failed; the others have saved and ended.
        KeyboardInterrupt: stopped; the running trainings have saved and ended.
    """
    waiting, live = list(turns), list[_Live]()
    try:
        while waiting or live:
            while waiting and len(live) < jobs:
                live.append(_Live(waiting.pop(0), say))
            live = [one for one in live if one.follow()]
            if live:
                live[0].run.wait(POLL_SECONDS)
    except BaseException:
        stop_all([one.run for one in live if one.run.poll() is None])
        raise


class _Live:
    """A training that runs."""

    def __init__(self, turn: Turn, say: Say) -> None:
        plan = turn.plan
        self._turn, self._say = turn, say
        self._log = plan.runs_dir / "logs" / f"{turn.name}.log"
        say(f"{turn.name} {'starts' if turn.begun is None else 'goes on'}, log: {plain(self._log)}")
        self.run = Training(
            turn.line(), plan.runs_dir, turn.name, self._log, folder=turn.begun, grace=_GRACE_SECONDS
        )
        self._told = max((row["epoch"] for row in self.run.rows()), default=0)  # of what it goes on with

    def follow(self) -> bool:
        """Tell of the epochs that have ended; returns whether it still runs.

        Raises:
            UserError: it failed.
        """
        code = self.run.poll()  # before the rows are read: what ends now has written them all
        for row in self.run.rows():
            if row["epoch"] > self._told:
                self._told = row["epoch"]
                value = row.get(_SCORE)
                score = "" if value is None else f"  {_SCORE} {value:.3f}"
                self._say(f"{self._turn.name}  epoch {self._told}{score}")
        if code:
            raise UserError(f"{self._turn.name} failed: {self.run.error_line()} ({plain(self._log)})")
        return code is None
