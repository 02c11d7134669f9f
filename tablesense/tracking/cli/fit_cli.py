"""LightningCLI with the bookkeeping of a run around it; knows no task."""

import shlex
import signal
import sys
from argparse import ArgumentError
from pathlib import Path
from typing import Any

from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import ProgressBar
from lightning.pytorch.cli import ArgsType, LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import Logger
from omegaconf.errors import OmegaConfBaseException
from typing_extensions import override

from tablesense.errors import UserError
from tablesense.tracking.checkpoints.graceful_stop import GracefulStop
from tablesense.tracking.checkpoints.resume import check_checkpoint, epochs_in, resumable_checkpoint
from tablesense.tracking.cli.callbacks import callback_of, run_callbacks
from tablesense.tracking.cli.config_errors import (
    constructor_error_line,
    fit_error_line,
    parser_error_line,
    root_cause,
)
from tablesense.tracking.cli.finish import finish
from tablesense.tracking.cli.shared_errors import share_errors
from tablesense.tracking.cli.summary import print_summary
from tablesense.tracking.metrics.epoch_metrics import EpochMetrics, test_metrics
from tablesense.tracking.run.console_log import ConsoleLog
from tablesense.tracking.run.directory import RunDirectory
from tablesense.tracking.run.experiment import ExperimentConfig
from tablesense.tracking.run.faults import first_line
from tablesense.tracking.run.flat_config import flatten
from tablesense.tracking.run.protocols import keepers
from tablesense.tracking.run.quiet import quieten


class FitCLI(LightningCLI):
    """Builds model, data and trainer from the configuration, and trains them in a run directory.

    The model and the data are named by ``class_path``; their options can be overridden in the
    short form ``--model.lr=1e-4``. Everything under ``trainer`` goes to Lightning's Trainer.
    """

    def __init__(self, args: list[str], command: str) -> None:
        quieten()
        self.command = command
        self.run = RunDirectory()
        self.console = ConsoleLog()
        super().__init__(
            args=args,
            run=False,
            auto_configure_optimizers=False,
            seed_everything_default=42,
            save_config_callback=None,  # the run folder is born with its configuration
            trainer_defaults={"enable_model_summary": False, "log_every_n_steps": 1},
            parser_kwargs={
                "prog": command,
                "usage": "%(prog)s --config FILE [--resume RUN] [--KEY VALUE ...]",
                "description": "Train a model as a configuration file says; every key can be overridden.",
                "parser_mode": "omegaconf+",  # interpolation over files and overrides together
                "exit_on_error": False,
                "allow_abbrev": False,  # --trainer.max_epoch would silently mean max_epochs
            },
        )

    @override
    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Our own section and the two ways to go on from a checkpoint."""
        parser.add_class_arguments(ExperimentConfig, "experiment")
        parser.add_argument("--ckpt_path", type=str | None, help="Start from this checkpoint, in a new run.")
        parser.add_argument(
            "--resume", type=str | None, help="Continue this run folder from its newest checkpoint, in place."
        )

    @override
    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """Parse, and turn what is wrong into one line."""
        assert isinstance(args, list)  # noqa: S101 - we gave it
        try:
            self.config = parser.parse_args(args)
        except ArgumentError as error:
            raise UserError(parser_error_line(str(error), parser.get_defaults().keys())) from error
        except OmegaConfBaseException as error:
            key = f"{error.full_key}: " if error.full_key else ""
            raise UserError(f"{key}{first_line(error)}") from error
        if self.config.ckpt_path is not None:
            check_checkpoint(Path(self.config.ckpt_path), "--ckpt_path")

    @override
    def instantiate_classes(self) -> None:
        """Build model, data and trainer, and turn what their constructors refuse into one line."""
        try:
            super().instantiate_classes()
        except ValueError as error:
            cause = root_cause(error)
            if isinstance(cause, UserError):
                raise cause from None
            if isinstance(cause, ValueError):
                raise UserError(constructor_error_line(error)) from error
            raise cause from None  # a bug: its own traceback, not jsonargparse's report

    @override
    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """The configured trainer with our callbacks around the configured ones."""
        options = self.config_init.trainer
        self.experiment: ExperimentConfig = self.config_init.experiment
        seed = self.config.seed_everything
        others: list[Callback] = _as_list(options.callbacks)
        progress = options.enable_progress_bar is not False
        # A live bar in a terminal; in a file or a pipe the lines of the epochs are enough.
        live = sys.stdout.isatty() or any(isinstance(callback, ProgressBar) for callback in others)
        callbacks = run_callbacks(
            self.experiment,
            self.run,
            None if seed is False else seed,
            others,
            progress=progress,
        )
        self._other_loggers: list[Logger] = _as_list(options.logger)
        try:
            return super().instantiate_trainer(
                callbacks=callbacks,
                # Ours needs the run directory, which is claimed once the trainer knows its rank.
                logger=False,
                default_root_dir=options.default_root_dir or self.experiment.runs_dir,
                enable_progress_bar=progress and live,
                # The whole configuration is logged already.
                enable_autolog_hparams=False,
                **kwargs,
            )
        except (MisconfigurationException, ValueError) as error:
            raise UserError(f"trainer: {first_line(error)}") from error

    @property
    def stopped_by(self) -> signal.Signals | None:
        """The signal that ended the training, None if it ended by itself."""
        return callback_of(self.trainer, GracefulStop).received

    def fit(self) -> None:
        """Train in a new run directory, or go on in the one of ``--resume``.

        Raises:
            UserError: wrong input; a run directory in which nothing was trained is removed again.
        """
        resume = self.config.resume
        # A run that was stopped before its first save starts from where it started before.
        own = None if resume is None else resumable_checkpoint(Path(resume))
        checkpoint = own or self.config.ckpt_path
        if own is not None:
            self._check_epochs(own)
        if self.datamodule is not None and self.trainer.world_size > 1:
            share_errors(self.trainer, self.datamodule)
        self._open_run()
        exit_code, refused = 1, False
        try:
            self._open_loggers()
            self.trainer.fit(self.model, datamodule=self.datamodule, ckpt_path=checkpoint, weights_only=True)
            if self.stopped_by is None:
                finish(self.trainer, self.model, self.datamodule, self.run, self.experiment)
                exit_code = 0
        except (UserError, KeyboardInterrupt):  # Ctrl-C: while W&B starts; later on Lightning catches it
            refused = True
            raise
        except (MisconfigurationException, RuntimeError, ValueError) as error:
            message = fit_error_line(error, checkpoint)
            if message is None:
                raise
            refused = True
            raise UserError(message) from error
        finally:
            self._close_run(exit_code, refused=refused)

    def print_summary(self) -> None:
        """Print how the run went, once."""
        if self.trainer.is_global_zero:
            offline = self.experiment.wandb_mode == "offline"
            metrics = callback_of(self.trainer, EpochMetrics)
            tested = test_metrics(self.trainer)
            print_summary(metrics, tested, self.model, self.run.path, offline_log=offline)
            self._tell_faults()

    def tell_how_to_go_on(self) -> None:
        """After Ctrl-C or SIGTERM: print where the run lies and what continues it."""
        if not self.trainer.is_global_zero:
            return
        if not self.run.exists:  # Ctrl-C before anything was trained: it has been removed again
            return
        path = self.run.path
        epoch = callback_of(self.trainer, EpochMetrics).epoch
        saved = callback_of(self.trainer, GracefulStop).saved and not self.run.faults.times("last.pt")
        if not (path / "checkpoints" / "last.pt").exists():
            sys.stderr.write(f"Stopped before anything was saved. Run: {path}\n")
        elif saved:
            sys.stderr.write(f"Stopped and saved; epochs finished: {epoch}. Run: {path}\n")
        else:
            sys.stderr.write(f"Stopped in epoch {epoch + 1}, without saving there. Run: {path}\n")
        sys.stderr.write(f"Go on with: {self.command} --resume {shlex.quote(str(path))}\n")
        self._tell_faults()

    def _tell_faults(self) -> None:
        for fault in self.run.faults:
            sys.stderr.write(f"Not kept: {fault}\n")

    def _check_epochs(self, checkpoint: Path) -> None:
        done, wanted = epochs_in(checkpoint), self.trainer.max_epochs
        if wanted is None or wanted < 0 or done < wanted:
            return
        if done > wanted:
            raise UserError(f"trainer.max_epochs: the run has {done} epochs already, got max_epochs={wanted}")
        if self.trainer.is_global_zero:
            sys.stdout.write(f"All {done} epochs are trained; --trainer.max_epochs=MORE trains on.\n")

    def _open_run(self) -> None:
        if not self.trainer.is_global_zero:
            return
        config = self.config.clone()
        config["resume"] = None  # the saved run starts from the beginning
        text = self.parser.dump(config, skip_none=False)
        if self.config.resume is None:
            self.run.claim(Path(self.experiment.runs_dir), self.experiment.name, text)
        else:
            self.run.reopen(Path(self.config.resume), text, self.experiment.name)
        self.console.start(self.run.output_file)
        sys.stdout.write(f"Run: {self.run.path}\n")
        sys.stdout.flush()  # a log file can be followed from here on

    def _open_loggers(self) -> None:
        loggers = list(self._other_loggers)
        mode = self.experiment.wandb_mode
        if mode != "disabled" and self.trainer.is_global_zero:
            from tablesense.tracking.wandb_run.logger import make_wandb_logger

            wandb_logger = make_wandb_logger(self.run, self.experiment.project_name, mode)
            if mode == "online":
                self._tell_what_is_sent()
            wandb_logger.start()  # before there are other processes, which would wait for one that has ended
            loggers.append(wandb_logger)
        self.trainer.loggers = loggers
        for logger in loggers:
            logger.log_hyperparams(flatten(self.config.as_dict()))

    def _tell_what_is_sent(self) -> None:
        shown = [kind for kind in self.experiment.upload if kind in {"predictions", "pictures"}]
        if shown:
            sys.stdout.write(f"W&B: {' and '.join(shown)} are sent too; they show parts of the data.\n")

    def _close_run(self, exit_code: int, *, refused: bool) -> None:
        for keeper in keepers(self.trainer.loggers):
            keeper.close(exit_code)
        if not self.trainer.is_global_zero:
            return
        self.run.release()
        if refused and self.config.resume is None and not self.run.trained:
            self.run.discard()


def _as_list(value: Any) -> list[Any]:  # noqa: ANN401 - one of Lightning's "one, several, yes or no"
    if value is None or isinstance(value, bool):
        return []
    return list(value) if isinstance(value, list) else [value]
