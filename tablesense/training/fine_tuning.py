"""Training that begins with the weights of a trained detector."""

from collections.abc import Collection, Mapping
from dataclasses import asdict

from tablesense.errors import UserError
from tablesense.model.detector import TableDetector
from tablesense.model.weights import load_detector
from tablesense.sheets.source import printable

_FREE = ("dropout", "formatting")  # what changes no weight


def start_from(network: TableDetector, weights: str) -> None:
    """Give a network the weights of a trained one.

    Args:
        network: what is to be trained; its ``dropout`` and ``formatting`` may be others.
        weights: what :func:`load_detector` takes.

    Raises:
        UserError: there are no such weights, or they are those of a network of another shape.
    """
    if not weights:
        raise UserError("model.weights: names nothing; null begins with random weights")
    try:
        trained = load_detector(weights, "cpu")
    except UserError as error:
        raise UserError(f"model.weights: {error}") from error
    differing = differing_options(asdict(trained.config), asdict(network.config), _FREE)
    if differing:
        raise UserError(
            f"model.weights: {printable(weights)} has another shape than model.network in the config: "
            f"{differing}; give model.network the shape of the weights"
        )
    network.load_state_dict(trained.state_dict())


def differing_options(
    made: Mapping[str, object], wanted: Mapping[str, object], but: Collection[str] = ()
) -> str:
    """In which options two networks differ, for a message; empty when in none.

    Args:
        made: options of the network that there is.
        wanted: options of the one that was asked for.
        but: names of options that may differ.
    """
    return ", ".join(
        f"{name} {made.get(name)}, not {wanted.get(name)}"
        for name in {**wanted, **made}
        if name not in but and made.get(name) != wanted.get(name)
    )
