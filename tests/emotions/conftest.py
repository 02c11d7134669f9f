"""A tiny encoder with a tokenizer trained on the spot, texts with 28 labels, and runs of the real command."""

import csv
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from tablesense.fit import main

transformers: Any = import_module("transformers")  # their types are not ours to check
tokenizers: Any = import_module("tokenizers")

LABELS = [
    "admiration",
    "amusement",
    "anger",
    "annoyance",
    "approval",
    "caring",
    "confusion",
    "curiosity",
    "desire",
    "disappointment",
    "disapproval",
    "disgust",
    "embarrassment",
    "excitement",
    "fear",
    "gratitude",
    "grief",
    "joy",
    "love",
    "nervousness",
    "optimism",
    "pride",
    "realization",
    "relief",
    "remorse",
    "sadness",
    "surprise",
    "neutral",
]
UNKNOWN = "[UNK]"
SPECIAL = ["[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]"]
FILLERS = [
    "the",
    "a",
    "this",
    "that",
    "it",
    "is",
    "was",
    "so",
    "very",
    "really",
    "not",
    "and",
    "but",
    "we",
    "you",
    "they",
    "today",
    "never",
    "again",
]
SIZES = {"train": 160, "dev": 63, "test": 60}


def text_of(labels: list[int], rng: np.random.Generator) -> str:
    """Words around the names of the labels: what there is to learn."""
    words = [*(LABELS[label] for label in labels), *rng.choice(FILLERS, int(rng.integers(1, 9)))]
    return " ".join(rng.permutation(words))


def write_texts(folder: Path) -> None:
    """Files in the form of GoEmotions; one text begins like a formula, one is wide."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "emotions.txt").write_text("".join(f"{label}\n" for label in LABELS))
    rng = np.random.default_rng(0)
    for split, size in SIZES.items():
        lines = []
        for number in range(size):
            labels = sorted({number % 28, *([int(rng.integers(28))] if number % 4 == 0 else [])})
            text = text_of(labels, rng)
            text = {0: f"=1+{text}", 1: f'{text} "déjà, vu" 😀'}.get(number, text)
            lines.append(f"{text}\t{','.join(map(str, labels))}\tid{number}\n")
        (folder / f"{split}.tsv").write_text("".join(lines), "utf-8")


def train_tokenizer() -> Any:
    """WordPiece, lower case, as BERT's."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=400, special_tokens=SPECIAL, show_progress=False
    )
    tokenizer.train_from_iterator([" ".join([*LABELS, *FILLERS])] * 3, trainer)
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        **dict(zip(["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"], SPECIAL, strict=True)),
    )


def save_encoder(folder: Path, kind: str) -> Path:
    """A random encoder as a folder."""
    tokenizer = train_tokenizer()
    if kind == "distilbert":
        config = transformers.DistilBertConfig(
            vocab_size=len(tokenizer),
            dim=16,
            n_layers=1,
            n_heads=2,
            hidden_dim=32,
            max_position_embeddings=32,
        )
        model = transformers.DistilBertModel(config)
    else:
        config = transformers.BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=32,
        )
        model = transformers.BertModel(config)
    folder.mkdir(parents=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return save_encoder(tmp_path_factory.mktemp("encoders") / "bert", "bert")


@pytest.fixture(scope="session")
def distilbert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return save_encoder(tmp_path_factory.mktemp("encoders") / "distilbert", "distilbert")


@pytest.fixture(scope="session")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts") / "goemotions"
    write_texts(folder)
    return folder


def emotion_config(encoder: Path, texts: Path, **experiment: Any) -> dict[str, Any]:
    return {
        "experiment": {"name": "emotions", "wandb_mode": "disabled", "save_every_n_epochs": 1, **experiment},
        "trainer": {"max_epochs": 2, "accelerator": "cpu", "accumulate_grad_batches": 2},
        "model": {
            "class_path": "tablesense.emotions.module.EmotionModule",
            "init_args": {
                "model_name_or_path": str(encoder),
                "lr": 0.01,
                "warmup_steps": 2,
                "class_weights": "sqrt",
            },
        },
        "data": {
            "class_path": "tablesense.emotions.data.EmotionDataModule",
            "init_args": {
                "train": str(texts / "train.tsv"),
                "val": str(texts / "dev.tsv"),
                "test": str(texts / "test.tsv"),
                "max_length": 16,
                "batch_size": 8,
                "sorted_batches": 4,
            },
        },
    }


def fit(config: dict[str, Any], folder: Path, *overrides: str) -> int:
    """Run the command on a configuration, its runs going to ``folder/runs``; keeps the random numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "config.yaml"
    file.write_text(yaml.safe_dump(config))
    with torch.random.fork_rng(devices=[]):
        return main(["--config", str(file), f"--experiment.runs_dir={folder / 'runs'}", *overrides])


def only_run(folder: Path) -> Path:
    (run,) = (folder / "runs").iterdir()
    return run


@pytest.fixture(scope="session")
def run(distilbert: Path, texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run of a tiny DistilBERT with all bookkeeping on."""
    folder = tmp_path_factory.mktemp("recorded")
    upload = ["checkpoint", "predictions", "stats"]
    config = emotion_config(
        distilbert, texts, wandb_mode="offline", upload=upload, print_loss_every_n_batches=1
    )
    assert fit(config, folder) == 0
    return only_run(folder)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
