"""``configs/config.yaml``: the complete configuration, ready to be run again."""

from typing import Any

from jsonargparse import Namespace
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.cli import LightningArgumentParser, SaveConfigCallback
from typing_extensions import override

from tablesense.tracking.atomic import write_text
from tablesense.tracking.run_directory import RunDirectory


class SaveRunConfig(SaveConfigCallback):
    """Writes the configuration into the run folder and gives it to the loggers.

    A resumed run may have been given other values (more epochs, say): the file then says what
    holds now, and the one before stays beside it.
    """

    def __init__(self, parser: LightningArgumentParser, config: Namespace, *, run: RunDirectory) -> None:
        super().__init__(parser, config, save_to_log_dir=False)
        self._run = run

    @override
    def save_config(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Lightning calls this in process zero only."""
        config = self.config.clone()
        config["resume"] = None  # the saved run starts from the beginning
        text = self.parser.dump(config, skip_none=False)
        file = self._run.config_file
        if file.exists() and file.read_text(encoding="utf-8") != text:
            number = 1 + len(list(file.parent.glob("config_before_resume_*.yaml")))
            file.rename(file.with_name(f"config_before_resume_{number}.yaml"))
        write_text(file, text)
        for logger in trainer.loggers:
            logger.log_hyperparams(flatten(config.as_dict()))


def flatten(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested sections as ``section/key``; ``init_args`` is a detail of the file and left out.

    ``{"model": {"class_path": "x.Y", "init_args": {"lr": 1}}}`` gives
    ``{"model/class_path": "x.Y", "model/lr": 1}``.
    """
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, dict) and value:
            flat |= flatten(value, prefix if key == "init_args" else f"{prefix}{key}/")
        elif key != "config":  # the files it was read from
            flat[f"{prefix}{key}"] = value
    return flat
