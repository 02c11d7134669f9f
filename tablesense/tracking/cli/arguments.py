"""The arguments of the command, put into the order in which they count."""

import argparse
from pathlib import Path
from typing import NoReturn

from tablesense.errors import UserError
from tablesense.tracking.checkpoints.resume import resumable_checkpoint
from tablesense.tracking.cli.config_errors import check_config_file


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
