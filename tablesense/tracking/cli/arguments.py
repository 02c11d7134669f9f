"""The arguments of the command, put into the order in which they count.

Nothing heavy is imported before they are looked at: a wrong path is told at once.
"""

import argparse
from pathlib import Path
from typing import NoReturn

from tablesense.errors import UserError
from tablesense.yaml_file import read_yaml


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
        from tablesense.tracking.checkpoints.resume import resumable_checkpoint  # imports torch

        resumable_checkpoint(Path(found.resume))
        configs = configs or [str(Path(found.resume) / "configs" / "config.yaml")]
        rest = ["--resume", found.resume, *rest]
    for config in configs:
        _check_config_file(Path(config))
    return [*(part for config in configs for part in ("--config", config)), *rest]


def _check_config_file(path: Path) -> None:
    """Refuse a configuration file that is missing or no YAML, with its name and line.

    Raises:
        UserError: one line for the user.
    """
    content = read_yaml(path, "--config: ")
    if not isinstance(content, dict):
        raise UserError(f"{path}: a configuration needs sections like 'model:', this file has none")
