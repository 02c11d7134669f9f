"""The names under which a checkpoint can be read without Lightning."""

from typing import Any

from lightning.pytorch import Callback, Trainer

from tablesense.tracking.metrics.epoch_metrics import EpochMetrics


def add_reference_keys(trainer: Trainer, checkpoint: dict[str, Any]) -> None:
    """Add ``model_state_dict``, ``optimizer_state_dict``, ... beside Lightning's own keys.

    The tensors are shared with Lightning's entries, so the file hardly grows. With weight
    averaging Lightning has by then put the averaged weights, the ones that were validated, under
    ``state_dict``, and they are what ``model_state_dict`` names.

    ``epoch`` becomes the number of finished epochs, the N of ``checkpoint_epoch_{N}.pt``;
    Lightning writes the index of the current one there and never reads it when resuming.
    """
    checkpoint["epoch"] = trainer.fit_loop.epoch_progress.current.processed  # type: ignore[attr-defined]
    checkpoint["model_state_dict"] = checkpoint["state_dict"]
    if "optimizer_states" in checkpoint:
        checkpoint["optimizer_state_dict"] = _one_or_all(checkpoint["optimizer_states"])
        checkpoint["scheduler_state_dict"] = _one_or_all(checkpoint["lr_schedulers"])
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    metrics = next((callback for callback in callbacks if isinstance(callback, EpochMetrics)), None)
    if metrics is not None:
        checkpoint["train_metrics"] = dict(metrics.train_metrics)
        checkpoint["val_metrics"] = dict(metrics.val_metrics)
        checkpoint["best_epoch"] = metrics.best_epoch
        checkpoint[f"best_{metrics.monitor.replace('/', '_')}"] = metrics.best_score


def _one_or_all(states: list[Any]) -> Any:  # noqa: ANN401 - the state of an optimizer, or a list of them
    if not states:
        return None
    return states[0] if len(states) == 1 else states
