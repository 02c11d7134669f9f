"""Networks and tokenizers of transformers: loaded from a folder, saved as one.

transformers is imported inside the functions: it is an optional extra, and takes seconds.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tablesense.emotions.hub import WEIGHTS
from tablesense.errors import UserError
from tablesense.terminal.untrusted import plain

MISSING = "emotions in text need the package transformers: pip install 'tablesense[text]'"
THRESHOLDS = "label_thresholds"
"""The key of ``config.json`` that holds from which probability each label counts."""

PROBLEM = "multi_label_classification"
_DROPOUTS = (
    *("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"),
    *("dropout", "attention_dropout", "seq_classif_dropout"),
)


def require_transformers() -> Any:  # noqa: ANN401 - the module
    """The package transformers, made quiet.

    Its tokenizers stay in their thread: texts are tokenised in seconds anyway, and threads of theirs would
    be warned about whenever a worker of a data loader starts.

    Raises:
        UserError: it is not installed.
    """
    try:
        import transformers
    except ImportError as error:
        raise UserError(MISSING) from error
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    package: Any = transformers
    package.utils.logging.set_verbosity_error()
    package.utils.logging.disable_progress_bar()
    return package


def load_tokenizer(folder: Path) -> Any:  # noqa: ANN401 - a class of transformers
    """The tokenizer of a folder; no code out of the folder is run.

    Raises:
        UserError: it cannot be loaded.
    """
    return _loaded("AutoTokenizer", folder, "tokenizer")


def load_config(folder: Path, **changes: Any) -> Any:  # noqa: ANN401 - a class of transformers
    """The configuration of a folder's network, with some values changed.

    Raises:
        UserError: it cannot be loaded.
    """
    return _loaded("AutoConfig", folder, "configuration", **changes)


class LoadedNetwork(NamedTuple):
    """A network, and whether its classifier knows nothing yet."""

    network: Any
    has_new_head: bool


def load_network(folder: Path, config: Any = None) -> LoadedNetwork:  # noqa: ANN401 - a class of transformers
    """The network of a folder, in 32 bits, with a classifier for what ``config`` names.

    Of a ``pytorch_model.bin`` only tensors are read, and only where there is no ``model.safetensors``.

    Args:
        folder: of an encoder, or of a classifier with whatever labels.
        config: None takes the folder's own.

    Raises:
        UserError: it cannot be loaded.
    """
    network, info = _loaded(
        "AutoModelForSequenceClassification",
        folder,
        "network",
        config=config,
        dtype=torch.float32,
        ignore_mismatched_sizes=True,  # a classifier for other labels
        output_loading_info=True,
        weights_only=True,
        use_safetensors=(folder / WEIGHTS[0]).is_file(),
    )
    new = {*info["missing_keys"], *(name for name, *_ in info["mismatched_keys"])}
    heads = {name for name, _ in network.named_parameters() if not _in_encoder(network, name)}
    if lost := new - heads - {name for name in new if "pooler" in name}:
        raise UserError(
            f"{plain(folder)}: the weights do not fit its config.json: {sorted(lost)[0]} is missing"
        )
    return LoadedNetwork(network, bool(new & heads))


def multi_label(labels: Sequence[str], dropout: float | None, config: Any) -> dict[str, Any]:  # noqa: ANN401
    """What to change in a configuration so that its network tells these labels.

    Args:
        labels: L names.
        dropout: the rate wherever the network has one; None leaves it as it is.
        config: of the network as it is.
    """
    rates = {} if dropout is None else {name: dropout for name in _DROPOUTS if hasattr(config, name)}
    return {
        "num_labels": len(labels),
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
        "problem_type": PROBLEM,
        **rates,
    }


def head_layer(network: nn.Module, num_labels: int) -> nn.Linear:
    """The layer that gives the logits of the labels.

    Raises:
        UserError: the network has none that can be told.
    """
    layers = [m for m in network.modules() if isinstance(m, nn.Linear) and m.out_features == num_labels]
    if not layers or layers[-1].bias is None:  # without: what continues texts, and tells labels as an aside
        raise UserError(
            f"model.model_name_or_path: a {type(network).__name__} has no layer with biases for the labels; "
            "take an encoder (BERT, DistilBERT, RoBERTa, ...)"
        )
    return layers[-1]


def restart_head(layer: nn.Linear, log_odds: Tensor) -> None:
    """Start a classifier anew, with biases that give every label how often it is there.

    From biases of zero the first hundreds of steps would only learn that labels are rare.

    Args:
        layer: gives the logits.
        log_odds: (L,).
    """
    nn.init.normal_(layer.weight, std=0.02)
    with torch.no_grad():
        layer.bias.copy_(log_odds)


def head_parameters(network: Any) -> list[nn.Parameter]:  # noqa: ANN401 - a class of transformers
    """What is not the pretrained encoder."""
    return [p for name, p in network.named_parameters() if not _in_encoder(network, name)]


def encoder_parameters(network: Any) -> list[nn.Parameter]:  # noqa: ANN401 - a class of transformers
    """The pretrained encoder."""
    return [p for name, p in network.named_parameters() if _in_encoder(network, name)]


def save_classifier(
    folder: Path,
    network: Any,  # noqa: ANN401 - a class of transformers
    tokenizer: Any,  # noqa: ANN401 - a class of transformers
    thresholds: Mapping[str, float],
    max_length: int,
) -> None:
    """Write network and tokenizer so that transformers' ``Auto`` classes load them.

    The weights are written twice: as ``model.safetensors``, and under the older name that W&B's Files tab is
    to show. So is the vocabulary, which newer versions of transformers keep in ``tokenizer.json`` alone.

    Args:
        folder: exists and is empty.
        network: the classifier.
        tokenizer: its own.
        thresholds: of every label; ``predict-emotions`` goes by them.
        max_length: in tokens, of the training; longer texts are to be cut there again.
    """
    setattr(network.config, THRESHOLDS, dict(thresholds))
    network.save_pretrained(folder)
    # For machines without a GPU too: a pickle brings tensors back to where they were.
    weights = {name: tensor.cpu() for name, tensor in network.state_dict().items()}
    torch.save(weights, folder / "pytorch_model.bin")
    before, tokenizer.model_max_length = tokenizer.model_max_length, max_length
    try:
        tokenizer.save_pretrained(folder)
    finally:
        tokenizer.model_max_length = before
    special = {name: _as_json(token) for name, token in tokenizer.special_tokens_map.items()}
    (folder / "special_tokens_map.json").write_text(json.dumps(special, indent=2) + "\n", "utf-8")
    words = vocabulary(tokenizer)
    if words is not None:
        (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in words), "utf-8", newline="\n")


def vocabulary(tokenizer: Any) -> list[str] | None:  # noqa: ANN401 - a class of transformers
    """The word pieces by number; None where the tokenizer has none, or they have gaps in their numbers."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None or type(backend.model).__name__ != "WordPiece":
        return None
    by_number = {number: word for word, number in backend.get_vocab(with_added_tokens=False).items()}
    if sorted(by_number) != list(range(len(by_number))):
        return None
    return [by_number[number] for number in range(len(by_number))]


def scalar_settings(config: Any) -> dict[str, object]:  # noqa: ANN401 - a class of transformers
    """What a configuration says in single values: sizes, rates of dropout, the kind of network."""
    values: dict[str, object] = json.loads(config.to_json_string(use_diff=False))
    kinds = (str, int, float, bool)
    return {
        name: value for name, value in values.items() if isinstance(value, kinds) and not name.startswith("_")
    }


def labels_of(config: Any) -> list[str]:  # noqa: ANN401 - a class of transformers
    """The names of the labels by number, in whatever order the file has them."""
    return [str(config.id2label[number]) for number in range(config.num_labels)]


def positions(network: Any) -> float:  # noqa: ANN401 - a class of transformers
    """How many tokens the network can take; infinite where it does not say.

    Where padding has a position of its own, as in RoBERTa, those up to it are never a token's.
    """
    most: float = getattr(network.config, "max_position_embeddings", math.inf)
    for name, module in network.named_modules():
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            most = min(most, module.num_embeddings - module.padding_idx - 1)
    return most


def _in_encoder(network: Any, name: str) -> bool:  # noqa: ANN401 - a class of transformers
    return name.startswith(f"{network.base_model_prefix}.")


def _as_json(token: object) -> object:
    return [str(part) for part in token] if isinstance(token, list | tuple) else str(token)


def _loaded(auto: str, folder: Path, what: str, **options: Any) -> Any:  # noqa: ANN401 - of transformers
    """What a class of transformers loads from a folder: no network is asked, no code out of it is run."""
    kind = getattr(require_transformers(), auto)
    try:
        return kind.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **options)
    except Exception as error:  # whatever transformers, json, safetensors and pickle say of a broken folder
        lines = str(error).strip().splitlines() or [""]
        reason = plain(f"{type(error).__name__}: {lines[0][:160]}")
        raise UserError(f"{plain(folder)}: its {what} cannot be loaded ({reason})") from error
