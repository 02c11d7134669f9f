"""Lightning's W&B logger, kept inside the run folder and continued when a run is resumed.

Imported only when W&B is on: a run with ``wandb_mode: disabled`` never loads wandb.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import wandb
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.utilities import rank_zero_only
from torch import nn
from typing_extensions import override

from tablesense.errors import UserError
from tablesense.tracking.run.directory import RunDirectory
from tablesense.tracking.run.faults import first_line
from tablesense.tracking.wandb_run.log import last_step, log_files, logged_epochs
from tablesense.tracking.wandb_run.login import OFFER, check_online
from tablesense.tracking.wandb_run.offline_files import complete_offline_files

WandbMode = Literal["online", "offline"]

_GIVE_UP_AFTER = 3  # failures in a row: what answers no more should not cost time at every step
_START_SECONDS, _FINISH_SECONDS = 60.0, 600.0


class RunWandbLogger(WandbLogger):
    """The logger of one run: its name is the folder's first one, its log lies in the folder's ``wandb/``.

    Once started, nothing that W&B raises ends the training: see ``run.faults``.
    """

    def __init__(
        self, run: RunDirectory, *, project: str, mode: WandbMode, first_step: int, epochs: set[int]
    ) -> None:
        # `offline=True` would set an environment variable that outlives the run.
        super().__init__(
            name=run.card.name,
            project=project,
            save_dir=run.path,
            id=run.card.wandb_id,
            mode=mode,
            settings=wandb.Settings(
                # Online it prints the address of the run's page; offline it has nothing new to say.
                silent=mode == "offline",
                console="off",  # it may name workbooks; `output.log` of the run folder has it
                init_timeout=_START_SECONDS,
                # What could not be uploaded by then stays in the log, for `wandb sync`.
                finish_timeout=_FINISH_SECONDS,
            ),
        )
        self._wandb_init.pop("anonymous", None)  # Lightning passes it unasked, and wandb warns about it
        if "WANDB_SWEEP_ID" in os.environ:  # then the agent says which project and which run it is
            self._wandb_init = {k: v for k, v in self._wandb_init.items() if k not in {"project", "id"}}
        self._run_path = run.path
        self._mode = mode
        self._first_step = first_step
        self._x_axes: dict[str, str] = {}
        self._faults = run.faults
        self._earlier_epochs = epochs
        self._failures = 0
        self._sending = False

    def start(self) -> None:
        """Open the W&B run now, not when the first value is sent.

        Raises:
            UserError: W&B refuses, or cannot be reached.
        """
        if self._mode == "online":
            check_online()
        try:
            run: Any = self.experiment
        except (wandb.errors.Error, OSError) as error:
            # A server's answer may follow, a whole page at times.
            reason = first_line(error).split(": {")[0].rstrip(".")
            raise UserError(f"experiment.wandb_mode: {reason}; {OFFER}") from error
        # The hooks of `watch` log in the midst of a backward pass, where no `except` of ours can stand.
        run._log = self._guarded(run._log)
        if self._first_step:
            self._send(lambda: run.log({}, step=self._first_step))

    @override
    @rank_zero_only
    def log_hyperparams(self, params: Any) -> None:
        """Add to the configuration of the run."""
        self._send(lambda: super(RunWandbLogger, self).log_hyperparams(params))

    @override
    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Send a row; its x-axis is ``epoch`` where it has one, else the optimizer step."""

        def send() -> None:
            self._define_x_axes(metrics, "epoch" if "epoch" in metrics else "trainer/global_step")
            super(RunWandbLogger, self).log_metrics(metrics, step)

        self._send(send)

    @override
    def watch(
        self, model: nn.Module, log: str | None = "gradients", log_freq: int = 100, log_graph: bool = True
    ) -> None:
        """Have W&B keep histograms of the gradients."""
        self._send(lambda: super(RunWandbLogger, self).watch(model, log, log_freq, log_graph))

    @rank_zero_only
    def log_summary(self, values: Mapping[str, Any]) -> None:
        """Set values of the whole run, as ``best_epoch``."""
        self._send(lambda: self.experiment.summary.update(dict(values)))

    @rank_zero_only
    def log_files_as_artifact(self, name: str, kind: str, files: Iterable[Path]) -> None:
        """Keep files as a versioned artifact of type ``kind``."""

        def send() -> None:
            artifact = wandb.Artifact(name, type=kind)
            # Names of our own for the files: wandb would copy them into the home directory, lest they change.
            staged = self._run_path / "wandb" / "artifacts" / f"{name}-{uuid4().hex[:8]}"
            for file in files:
                _link(file, staged / file.name)
                artifact.add_file(str(staged / file.name), policy="immutable", skip_cache=True)
            self.experiment.log_artifact(artifact)

        self._send(send)

    @rank_zero_only
    def save_file(self, file: Path) -> None:
        """Put a file of the run folder into the run's Files tab, under the same relative path."""

        def send() -> None:
            # Left to itself wandb makes absolute links, which break when the folder of the run is moved.
            _link(file, Path(self.experiment.dir) / file.relative_to(self._run_path))
            self.experiment.save(str(file), base_path=str(self._run_path), policy="now", glob=False)

        self._send(send)

    @rank_zero_only
    def log_pages(self, name: str, pages: Iterable[str], epoch: int) -> None:
        """Show HTML or SVG texts as panels of an epoch."""

        def send() -> None:
            self._define_x_axes([name], "epoch")
            self.experiment.log({name: [wandb.Html(page) for page in pages], "epoch": epoch})

        self._send(send)

    @rank_zero_only
    def catch_up(self, rows: Sequence[Mapping[str, float | None]]) -> None:
        """Log the epochs that a kill kept from the local log, which is written in blocks."""
        if self._mode == "online":
            return  # a server was told at once
        for row in rows:
            if row["epoch"] not in self._earlier_epochs:
                self.log_metrics({name: value for name, value in row.items() if value is not None})

    @override
    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Lightning calls this after every stage; the run goes on until :meth:`close`."""

    @rank_zero_only
    def close(self, exit_code: int) -> None:
        """End the W&B run, which Lightning leaves open, and complete its folder."""
        if self._experiment is None:
            return
        run, self._experiment = self._experiment, None
        log = Path(run.dir).parent / f"run-{run.id}.wandb"
        with self._faults.guard("W&B"):
            run.finish(exit_code=exit_code)
        if self._failures:
            # Else what is left of a service that has died fails once more when Python ends.
            with suppress(Exception, SystemExit):
                wandb.teardown(exit_code)
        with self._faults.guard("W&B"):
            if self._mode == "offline":
                complete_offline_files(log)
            printed = self._run_path / "output.log"
            if printed.exists():
                _link(printed, log.parent / "files" / "output.log")

    def _send(self, action: Callable[[], object]) -> None:
        """Do it if W&B still answers; what it raises is noted."""
        self._guarded(action)()

    def _guarded(self, action: Callable[..., object]) -> Callable[..., None]:
        def guarded(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the arguments of any call
            if self._failures >= _GIVE_UP_AFTER:
                return
            if self._sending:  # one guard is enough, and counts once
                action(*args, **kwargs)
                return
            before = self._faults.times("W&B")
            self._sending = True
            with self._faults.guard("W&B"):
                action(*args, **kwargs)
            self._sending = False
            self._failures = self._failures + 1 if self._faults.times("W&B") > before else 0
            if self._failures == _GIVE_UP_AFTER:
                self._faults.note("W&B", "it is left alone from now on")

        return guarded

    def _define_x_axes(self, names: Iterable[str], axis: str) -> None:
        # By exact name: a glob would compete with the `*` that Lightning defines.
        for name in names:
            if name != axis and self._x_axes.get(name) != axis:
                self.experiment.define_metric(name, step_metric=axis)
                self._x_axes[name] = axis


def make_wandb_logger(run: RunDirectory, project: str, mode: WandbMode) -> RunWandbLogger:
    """The logger for a run folder: a new W&B run, or the folder's own one continued."""
    logs = log_files(run.path / "wandb", run.card.wandb_id)
    first_step, epochs = 0, set[int]()
    if mode == "offline":
        # A server knows how far a resumed run is; an offline log starts again at zero.
        first_step, epochs = last_step(logs) + 1, logged_epochs(logs)
        for log in logs:  # what a kill left undone
            with run.faults.guard("W&B files of the run before"):
                complete_offline_files(log, wait_seconds=0)
    return RunWandbLogger(run, project=project, mode=mode, first_step=first_step, epochs=epochs)


def _link(file: Path, place: Path) -> None:
    """A second name for a file, or a copy where the file system has no hard links."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    try:
        place.hardlink_to(file)
    except OSError:
        shutil.copyfile(file, place)
