"""Keeps the terminal for what the user needs."""

import logging
import os
import warnings

_CHATTER = (
    # Our data loaders choose their workers; on a small machine none is right.
    r".*does not have many workers.*",
    # A place in the middle of an epoch is saved only where our loader finds it again.
    r"You're resuming from a checkpoint that ended before the epoch ended.*",
    # The test gathers the results of all processes and counts every example once.
    r"Using `DistributedSampler` with the dataloaders.*",
    # A new run that starts from a checkpoint has checkpoints of its own.
    r"Be aware that when using `ckpt_path`.*",
    # Resuming in the same folder is what we want.
    r"Checkpoint directory .* exists and is not empty.*",
    # Rows are sent once an epoch, whatever the number of batches.
    r"The number of training batches .* is smaller than the logging interval.*",
    # Before the first validation there is nothing to compare; a name that is never logged is an error.
    r"`ModelCheckpoint\(monitor=.*could not find the monitored key.*",
    # Lightning still uses a name that torch renamed; nothing a user can do.
    r".*(LeafSpec|treespec).*deprecated.*",
    # So does its command line, of jsonargparse.
    r"(?s)\s*(By default only one JsonargparseDeprecation|.*will\s+be\s+removed\s+in\s+v5\.0\.0)",
)


def speaks() -> bool:
    """Whether this process tells the user what is wrong: one of a machine does, the others see the same."""
    rank = os.environ.get("LOCAL_RANK") or os.environ.get("SLURM_LOCALID")
    return rank in {None, "0"}


def quieten() -> None:
    """Silence Lightning's remarks (devices found, tips, seeds) and warnings without consequence."""
    if not speaks():
        logging.disable(logging.WARNING)
        warnings.simplefilter("ignore")
    for name in ("lightning.pytorch", "lightning.fabric", "lightning_utilities"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for message in _CHATTER:
        warnings.filterwarnings("ignore", message)
