"""``run.json``: what a run is called, when it began, its W&B id and a few facts; written at its birth."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from tablesense.tracking.run.atomic import write_text


@dataclass
class RunCard:
    """What stays the same however often a run is resumed, moved or renamed.

    Attributes:
        name: The first name of the folder, under which W&B shows the run.
        experiment: ``experiment.name`` of the configuration.
        started: When the run was started for the first time, ISO 8601 with the offset from UTC.
        wandb_id: The id of the W&B run.
        finished: Whether it came to its end; resuming it then trains on.
        facts: What is known once the data is loaded: sizes of data and model, versions.
    """

    name: str
    experiment: str
    started: str
    wandb_id: str
    finished: bool = False
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """The start as in ``distilbert-12-11-2025-221314``, month first, in the time zone of the run."""
        return f"{datetime.fromisoformat(self.started):%m-%d-%Y-%H%M%S}"

    def save(self, file: Path) -> None:
        """Write the card whole or not at all."""
        write_text(file, json.dumps(asdict(self), indent=2) + "\n")


def new_card(name: str, experiment: str, now: datetime, wandb_id: str | None = None) -> RunCard:
    """The card of a run that starts now.

    Args:
        name: of the folder.
        experiment: ``experiment.name``.
        now: with or without a time zone; without, it is local time.
        wandb_id: an id given from outside (an agent of a sweep gives one); None makes one.
    """
    return RunCard(name, experiment, now.astimezone().isoformat(), wandb_id or uuid4().hex[:8])


def load_card(file: Path) -> RunCard | None:
    """The card of a run folder; None where it is missing or no card."""
    try:
        return RunCard(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
