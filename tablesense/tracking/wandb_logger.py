"""Lightning's W&B logger, kept inside the run folder and continued when a run is resumed.

Imported only when W&B is on: a run with ``wandb_mode: disabled`` never loads wandb.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from uuid import uuid4

import wandb
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.utilities import rank_zero_only
from typing_extensions import override

from tablesense.errors import UserError
from tablesense.tracking.atomic import write_text
from tablesense.tracking.config_errors import one_line
from tablesense.tracking.run_directory import RunDirectory
from tablesense.tracking.wandb_files import complete_offline_files
from tablesense.tracking.wandb_log import last_step, log_files

WandbMode = Literal["online", "offline"]


class RunWandbLogger(WandbLogger):
    """The logger of one run: its name is the folder's, its log lies in the folder's ``wandb/``."""

    def __init__(
        self, run_path: Path, *, run_id: str, project: str, mode: WandbMode, first_step: int
    ) -> None:
        # `offline=True` would set an environment variable that outlives the run.
        super().__init__(
            name=run_path.name,
            project=project,
            save_dir=run_path,
            id=run_id,
            mode=mode,
            # Online it prints the address of the run's page; offline it has nothing new to say.
            settings=wandb.Settings(silent=mode == "offline"),
        )
        self._wandb_init.pop("anonymous", None)  # Lightning passes it unasked, and wandb warns about it
        self._mode = mode
        self._first_step = first_step
        self._x_axes: dict[str, str] = {}

    def start(self) -> None:
        """Open the W&B run now, not when the first value is sent.

        Raises:
            UserError: W&B refuses, or cannot be reached.
        """
        try:
            _ = self.experiment
        except wandb.errors.Error as error:
            raise UserError(
                f"experiment.wandb_mode: {one_line(error).rstrip('.')}; `wandb login`, or "
                "--experiment.wandb_mode=offline"
            ) from error

    @override
    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Send a row; its x-axis is ``epoch`` where it has one, else the optimizer step."""
        self._define_x_axes(metrics, "epoch" if "epoch" in metrics else "trainer/global_step")
        super().log_metrics(metrics, step)

    @rank_zero_only
    def log_summary(self, values: Mapping[str, float | None]) -> None:
        """Set values of the whole run, as ``best_epoch``."""
        self.experiment.summary.update(dict(values))

    @override
    @rank_zero_only
    def finalize(self, status: str) -> None:
        """End the W&B run, which Lightning leaves open, and complete its folder."""
        super().finalize(status)
        if self._experiment is None:
            return
        log = Path(self._experiment.dir).parent / f"run-{self._experiment.id}.wandb"
        self._experiment.finish(exit_code=0 if status == "success" else 1)
        self._experiment = None
        if self._mode == "offline":
            complete_offline_files(log)

    def _define_x_axes(self, names: Mapping[str, float], axis: str) -> None:
        # By exact name: a glob would compete with the `*` that Lightning defines.
        if not self._x_axes and self._first_step:
            self.experiment.log({}, step=self._first_step)
        for name in names:
            if name != axis and self._x_axes.get(name) != axis:
                self.experiment.define_metric(name, step_metric=axis)
                self._x_axes[name] = axis


def make_wandb_logger(run: RunDirectory, project: str, mode: WandbMode) -> RunWandbLogger:
    """The logger for a run folder: a new W&B run, or the folder's own one continued."""
    id_file = run.wandb_id_file
    if not id_file.exists():
        id_file.parent.mkdir(exist_ok=True)
        write_text(id_file, uuid4().hex[:8] + "\n")
    run_id = id_file.read_text(encoding="utf-8").strip()
    # A server knows how far a resumed run is; an offline log starts again at zero.
    first_step = last_step(log_files(id_file.parent, run_id)) + 1 if mode == "offline" else 0
    return RunWandbLogger(run.path, run_id=run_id, project=project, mode=mode, first_step=first_step)
