"""Token numbers as batches of texts of like length."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import BatchSampler, Dataset, Sampler
from typing_extensions import override

_ORDER_OF_BATCHES = 1  # beside the stream of random numbers that orders the texts


class Example(NamedTuple):
    """A text ready for the network.

    Attributes:
        row: which text of its split.
        tokens: their numbers, special ones included.
        target: (L,) whether it has a label.
    """

    row: int
    tokens: Sequence[int]
    target: NDArray[np.bool_]


class TextBatch(NamedTuple):
    """Texts padded to the longest of them.

    Attributes:
        tokens: (B, T) numbers of tokens.
        mask: (B, T) 1 where there is a token, 0 where there is padding.
        targets: (B, L) 0 or 1, as floats.
        rows: (B,) which texts of their split.
    """

    tokens: Tensor
    mask: Tensor
    targets: Tensor
    rows: Tensor


class EncodedTexts(Dataset[Example]):
    """The texts of a split, tokenised once.

    Args:
        tokens: of every text.
        targets: (N, L).
    """

    def __init__(self, tokens: Sequence[Sequence[int]], targets: NDArray[np.bool_]) -> None:
        self.tokens, self.targets = tokens, targets
        self.lengths = [len(numbers) for numbers in tokens]

    @override
    def __getitem__(self, row: int) -> Example:
        return Example(row, self.tokens[row], self.targets[row])

    def __len__(self) -> int:
        """Number of texts."""
        return len(self.tokens)


def encode(tokenizer: Any, texts: Sequence[str], max_length: int) -> list[list[int]]:  # noqa: ANN401 - of transformers
    """Numbers of the tokens of every text, at most ``max_length`` with the special ones."""
    if not texts:
        return []
    # Half a surrogate pair, as of a command line that is no UTF-8, no tokenizer takes.
    texts = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
    encoded = tokenizer(texts, truncation=True, max_length=max_length, return_attention_mask=False)
    numbers: list[list[int]] = encoded["input_ids"]
    return numbers


def pad(tokens: Sequence[Sequence[int]], padding: int) -> tuple[Tensor, Tensor]:
    """Numbers of tokens as a rectangle.

    Returns:
        The numbers and the mask, both (B, T).
    """
    longest = max(len(numbers) for numbers in tokens)
    filled = torch.full((len(tokens), longest), padding, dtype=torch.long)
    mask = torch.zeros(len(tokens), longest, dtype=torch.long)
    for place, numbers in enumerate(tokens):
        filled[place, : len(numbers)] = torch.tensor(numbers, dtype=torch.long)
        mask[place, : len(numbers)] = 1
    return filled, mask


def collate(examples: Sequence[Example], padding: int) -> TextBatch:
    """A batch of examples; ``padding`` is the number of the token that stands for nothing."""
    tokens, mask = pad([example.tokens for example in examples], padding)
    targets = torch.from_numpy(np.stack([example.target for example in examples])).float()
    return TextBatch(tokens, mask, targets, torch.tensor([example.row for example in examples]))


class LengthBatchSampler(BatchSampler):
    """Batches of texts of like length, in an order that depends on seed and epoch alone.

    The texts come in the sampler's order; so many batches' worth of them at a time are sorted by length
    and cut into batches, and then all batches are shuffled. Little is padded, and texts meet others in
    every epoch. Several processes, among which Lightning deals out the texts, shuffle their batches alike:
    what they work on at one time is of like length too.

    Args:
        sampler: gives rows; may have ``set_epoch``.
        batch_size: texts a batch.
        drop_last: leave out the batch that is smaller, if there is one.
        lengths: of all texts.
        sorted_batches: how many batches' worth of texts are sorted at a time; 1 sorts nothing of use.
        seed: of the order of the batches.
        current_epoch: asked whenever iteration starts: a run that goes on starts before Lightning has set
            the epoch.
    """

    def __init__(
        self,
        sampler: Sampler[int],
        batch_size: int,
        drop_last: bool,
        lengths: Sequence[int],
        sorted_batches: int,
        seed: int,
        current_epoch: Callable[[], int],
    ) -> None:
        super().__init__(sampler, batch_size, drop_last)
        self.lengths, self.sorted_batches, self.seed = lengths, sorted_batches, seed
        self.current_epoch = current_epoch

    @override
    def __iter__(self) -> Iterator[list[int]]:
        """Batches of rows."""
        epoch = self.current_epoch()
        if hasattr(self.sampler, "set_epoch"):
            self.sampler.set_epoch(epoch)
        rows, size = list(self.sampler), self.batch_size
        batches: list[list[int]] = []
        for start in range(0, len(rows), size * self.sorted_batches):
            part = rows[start : start + size * self.sorted_batches]
            part.sort(key=self.lengths.__getitem__)
            batches += [part[first : first + size] for first in range(0, len(part), size)]
        if self.drop_last:
            batches = [batch for batch in batches if len(batch) == size]
        order = np.random.default_rng([self.seed, epoch, _ORDER_OF_BATCHES]).permutation(len(batches))
        yield from (batches[number] for number in order)
