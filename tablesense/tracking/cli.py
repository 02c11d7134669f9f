"""LightningCLI with the bookkeeping of a run around it; knows no task."""

import argparse
import shlex
import sys
from argparse import ArgumentError
from pathlib import Path
from typing import Any, NoReturn

from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import ProgressBar
from lightning.pytorch.cli import ArgsType, LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import Logger
from omegaconf.errors import OmegaConfBaseException
from typing_extensions import override

from tablesense.errors import UserError
from tablesense.tracking.callbacks import run_callbacks
from tablesense.tracking.config_errors import (
    check_config_file,
    constructor_error_line,
    fit_error_line,
    one_line,
    parser_error_line,
    root_cause,
)
from tablesense.tracking.config_file import SaveRunConfig
from tablesense.tracking.epoch_metrics import EpochMetrics
from tablesense.tracking.experiment import ExperimentConfig
from tablesense.tracking.quiet import quieten
from tablesense.tracking.run_directory import RunDirectory, check_checkpoint, resumable_checkpoint
from tablesense.tracking.shared_errors import share_errors
from tablesense.tracking.summary import print_summary


class FitCLI(LightningCLI):
    """Builds model, data and trainer from the configuration, and trains them in a run directory.

    The model and the data are named by ``class_path``; their options can be overridden in the
    short form ``--model.lr=1e-4``. Everything under ``trainer`` goes to Lightning's Trainer.
    """

    def __init__(self, args: list[str], command: str) -> None:
        quieten()
        self.command = command
        self.run = RunDirectory()
        super().__init__(
            args=prepare_arguments(args),
            run=False,
            auto_configure_optimizers=False,
            seed_everything_default=42,
            save_config_callback=SaveRunConfig,
            save_config_kwargs={"run": self.run},
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
            raise UserError(parser_error_line(str(error))) from error
        except OmegaConfBaseException as error:
            key = f"{error.full_key}: " if error.full_key else ""
            raise UserError(f"{key}{one_line(error)}") from error
        if self.config.ckpt_path is not None and self.config.resume is None:
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
        self.metrics = next(callback for callback in callbacks if isinstance(callback, EpochMetrics))
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
            raise UserError(f"trainer: {one_line(error)}") from error

    def fit(self) -> None:
        """Train in a new run directory, or go on in the one of ``--resume``.

        Raises:
            UserError: wrong input; a run directory in which nothing was trained is removed again.
        """
        resume = self.config.resume
        checkpoint = self.config.ckpt_path if resume is None else resumable_checkpoint(Path(resume))
        if self.datamodule is not None and self.trainer.world_size > 1:
            share_errors(self.trainer, self.datamodule)
        self._open_run()
        try:
            self._open_loggers()
            self.trainer.fit(self.model, datamodule=self.datamodule, ckpt_path=checkpoint, weights_only=True)
        except (UserError, KeyboardInterrupt):  # Ctrl-C: while W&B starts; later on Lightning catches it
            self._discard_run()
            raise
        except (MisconfigurationException, RuntimeError, ValueError) as error:
            message = fit_error_line(error, checkpoint)
            if message is None:
                raise
            self._discard_run()
            raise UserError(message) from error

    def print_summary(self) -> None:
        """Print how the run went, once."""
        if self.trainer.is_global_zero:
            offline = self.experiment.wandb_mode == "offline"
            print_summary(self.metrics, self.model, self.run.path, offline_log=offline)

    def tell_how_to_go_on(self) -> None:
        """After Ctrl-C: print where the run lies and what continues it."""
        if not self.trainer.is_global_zero:
            return
        path = self.run.path
        if (path / "checkpoints" / "last.pt").exists():
            sys.stderr.write(f"Stopped after epoch {self.metrics.epoch}. Run: {path}\n")
            sys.stderr.write(f"Go on with: {self.command} --resume {shlex.quote(str(path))}\n")
        else:
            sys.stderr.write(f"Stopped before the first epoch was saved. Run: {path}\n")

    def _open_run(self) -> None:
        if self.trainer.is_global_zero:
            if self.config.resume is None:
                self.run.claim(Path(self.experiment.runs_dir), self.experiment.name)
            else:
                self.run.reopen(Path(self.config.resume))

    def _open_loggers(self) -> None:
        loggers = list(self._other_loggers)
        mode = self.experiment.wandb_mode
        if mode != "disabled" and self.trainer.is_global_zero:
            from tablesense.tracking.wandb_logger import make_wandb_logger

            logger = make_wandb_logger(self.run, self.experiment.project_name, mode)
            logger.start()  # before there are other processes, which would wait for one that has ended
            loggers.append(logger)
        self.trainer.loggers = loggers

    def _discard_run(self) -> None:
        if self.config.resume is None and self.trainer.is_global_zero and not self.run.trained:
            self.run.discard()


class _FirstLook(argparse.ArgumentParser):
    """Finds the configuration files among the arguments."""

    def error(self, message: str) -> NoReturn:
        raise UserError(message)


def prepare_arguments(args: list[str]) -> list[str]:
    """Put configuration files first, so that an override counts wherever it stands.

    ``--resume RUN`` alone brings the run's own configuration.

    Raises:
        UserError: a configuration file is missing or no YAML, or the arguments contradict each other.
    """
    look = _FirstLook(add_help=False, allow_abbrev=False)
    look.add_argument("-c", "--config", action="append", default=[])
    look.add_argument("--resume")
    look.add_argument("--ckpt_path")
    found, rest = look.parse_known_args(args)
    configs: list[str] = found.config
    if found.ckpt_path is not None:
        if found.resume is not None:
            raise UserError("--ckpt_path starts a new run and --resume continues one: give one of them")
        rest = ["--ckpt_path", found.ckpt_path, *rest]
    if found.resume is not None:
        resumable_checkpoint(Path(found.resume))
        configs = configs or [str(Path(found.resume) / "configs" / "config.yaml")]
        rest = ["--resume", found.resume, *rest]
    for config in configs:
        check_config_file(Path(config))
    return [*(part for config in configs for part in ("--config", config)), *rest]


def _as_list(value: Any) -> list[Any]:  # noqa: ANN401 - one of Lightning's "one, several, yes or no"
    if value is None or isinstance(value, bool):
        return []
    return list(value) if isinstance(value, list) else [value]
