"""The LightningDataModule: files of labelled texts in, padded batches out."""

import hashlib
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from lightning import LightningDataModule
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Subset

from tablesense.emotions.batches import EncodedTexts, Example, LengthBatchSampler, collate, encode
from tablesense.emotions.texts import CSV, TSV, LabelledTexts, read_csv, read_label_names, read_tsv
from tablesense.errors import UserError
from tablesense.learning.order import EpochSampler
from tablesense.tracking.checkpoints.resumable_loader import ResumableLoader, ignore_interrupts

NAMES_FILE = "emotions.txt"


@runtime_checkable
class HasTokenizer(Protocol):
    """A module that says how its texts become numbers."""

    tokenizer: Any


class EmotionDataModule(LightningDataModule):
    """Texts with any number of labels each, tokenised once by the tokenizer of the model.

    A file that ends in .tsv has the form in which GoEmotions is published: text, numbers of labels, id, with
    tabs between and without a header. A file that ends in .csv has a header, a column of texts and a
    column of 0 and 1 a label.

    Args:
        train: the file of the training texts.
        val: the file of the validation texts; null draws ``val_fraction`` of the training texts.
        test: the file of the texts that the best epoch is tested on; null tests nothing.
        label_names: names of the labels of .tsv files, a line each; null is emotions.txt beside ``train``.
        text_column: the column of the texts in .csv files.
        label_columns: the columns of the labels in .csv files; null takes every other column that holds 0
            and 1 alone in ``train``.
        max_length: tokens of a text, with the two special ones; longer texts are cut there.
        batch_size: texts a batch (of one process).
        eval_batch_size: texts a batch of validation and test.
        sorted_batches: so many batches' worth of training texts at a time are sorted by length before they
            are cut into batches; 1 leaves them as they come, and pads more.
        val_fraction: share of the training texts, where there is no ``val``; the same text is never on
            both sides.
        seed: of the order of the texts and of what is drawn for validation. Among several processes
            Lightning deals out the texts, by ``seed_everything``; this orders the batches then.
        num_workers: processes that prepare batches; 0 prepares them in the training process.
    """

    def __init__(
        self,
        train: str,
        val: str | None = None,
        test: str | None = None,
        label_names: str | None = None,
        text_column: str = "text",
        label_columns: list[str] | None = None,
        max_length: int = 64,
        batch_size: int = 32,
        eval_batch_size: int = 64,
        sorted_batches: int = 50,
        val_fraction: float = 0.1,
        seed: int = 42,
        num_workers: int = 0,
    ) -> None:
        super().__init__()
        counts = {"batch_size": batch_size, "eval_batch_size": eval_batch_size}
        for key, value in {**counts, "sorted_batches": sorted_batches}.items():
            _at_least(key, value, 1)
        _at_least("max_length", max_length, 3)  # two special tokens and one of the text
        _at_least("num_workers", num_workers, 0)
        _at_least("seed", seed, 0)
        if not 0 < val_fraction < 1:
            raise UserError(f"data.val_fraction: must lie between 0 and 1, got {val_fraction}")
        self.files = {"train": train, "val": val, "test": test}
        for key, file in self.files.items():
            if file is not None and Path(file).suffix.lower() not in (TSV, CSV):
                raise UserError(f"data.{key}: {file} is to end in {TSV} or {CSV}")
        self.label_names, self.text_column, self.label_columns = label_names, text_column, label_columns
        self.max_length, self.batch_size, self.eval_batch_size = max_length, batch_size, eval_batch_size
        self.sorted_batches, self.val_fraction, self.seed = sorted_batches, val_fraction, seed
        self.num_workers = num_workers
        self.labels: list[str] = []
        self.splits: dict[str, LabelledTexts] = {}
        self._encoded: dict[str, EncodedTexts] = {}
        self._padding = 0

    @property
    def facts(self) -> dict[str, object]:
        """What the run's record should say of the data."""
        sizes = {f"data/{split}_size": len(self.splits.get(split, ())) for split in ("train", "val", "test")}
        folder = Path(self.files["train"] or "").resolve().parent.name
        return {**sizes, "data/datasets": [folder], "data/num_labels": len(self.labels)}

    @property
    def has_test_data(self) -> bool:
        """Whether there is a file of test texts."""
        return self.files["test"] is not None

    @property
    def label_counts(self) -> NDArray[np.int64]:
        """(L,) how many training texts have each label."""
        counts: NDArray[np.int64] = self.splits["train"].targets.sum(axis=0)
        return counts

    def setup(self, stage: str | None = None) -> None:  # noqa: ARG002 - Lightning's signature
        """Read and tokenise all splits; problems of the test texts too are told before training.

        Raises:
            UserError: a file is missing or not of its form, or the model has no tokenizer.
        """
        if self._encoded:
            return
        module: object = self.trainer.lightning_module if self.trainer else None
        if not isinstance(module, HasTokenizer):
            raise UserError("model.class_path: the data needs a model with a tokenizer (EmotionModule)")
        self.splits = self._read()
        self._padding = module.tokenizer.pad_token_id or 0
        self._encoded = {
            split: EncodedTexts(encode(module.tokenizer, texts.texts, self.max_length), texts.targets)
            for split, texts in self.splits.items()
        }

    def train_dataloader(self) -> DataLoader[Example]:
        """Batches of texts of like length."""
        texts = self._encoded["train"]
        return ResumableLoader(
            texts,
            batch_sampler=LengthBatchSampler(
                EpochSampler(len(texts), self.seed),
                self.batch_size,
                False,
                texts.lengths,
                self.sorted_batches,
                self.seed,
                self._current_epoch,
            ),
            collate_fn=partial(collate, padding=self._padding),
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            worker_init_fn=ignore_interrupts,
            pin_memory=torch.cuda.is_available(),
        )

    def val_dataloader(self) -> DataLoader[Example]:
        """The texts by length."""
        return self._plain_loader("val")

    def test_dataloader(self) -> DataLoader[Example]:
        """The texts by length."""
        return self._plain_loader("test")

    def _plain_loader(self, split: str) -> DataLoader[Example]:
        texts = self._encoded[split]
        by_length = sorted(range(len(texts)), key=texts.lengths.__getitem__)
        return DataLoader(
            Subset(texts, by_length),
            self.eval_batch_size,
            collate_fn=partial(collate, padding=self._padding),
            num_workers=self.num_workers,
            worker_init_fn=ignore_interrupts,
            pin_memory=torch.cuda.is_available(),
        )

    def _current_epoch(self) -> int:
        return self.trainer.current_epoch if self.trainer else 0

    def _read(self) -> dict[str, LabelledTexts]:
        train = self._read_file(Path(self.files["train"] or ""), None)
        self.labels = train.labels
        given = {
            split: self._read_file(Path(file), train.labels)
            for split, file in self.files.items()
            if split != "train" and file is not None
        }
        if "val" not in given:
            train, given["val"] = draw(train, self.val_fraction, self.seed)
        return {"train": train, **given}

    def _read_file(self, file: Path, labels: list[str] | None) -> LabelledTexts:
        """A file with the labels of the training texts, or, being that of these, with its own."""
        if file.suffix.lower() == CSV:
            return read_csv(file, self.text_column, labels or self.label_columns)
        if labels is None:
            labels = read_label_names(Path(self.label_names or file.parent / NAMES_FILE))
        return read_tsv(file, labels)


def draw(texts: LabelledTexts, fraction: float, seed: int) -> tuple[LabelledTexts, LabelledTexts]:
    """Part texts into those to train and those to validate on, by what they say: equal ones stay together.

    Raises:
        UserError: one side would be empty.
    """
    drawn = np.array([_place(text, seed) < fraction for text in texts.texts])
    if drawn.all() or not drawn.any():
        raise UserError(f"data.val_fraction: of {len(texts)} texts it leaves one side empty; give data.val")
    return texts.take(np.flatnonzero(~drawn).tolist()), texts.take(np.flatnonzero(drawn).tolist())


def _place(text: str, seed: int) -> float:
    """A number from 0 to 1 that depends on the text and the seed alone."""
    digest = hashlib.sha256(f"{seed}\0{text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _at_least(key: str, value: int, lowest: int) -> None:
    if value < lowest:
        raise UserError(f"data.{key}: must be {lowest} or more, got {value}")
