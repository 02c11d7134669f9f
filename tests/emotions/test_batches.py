import numpy as np
import torch

from tablesense.emotions.batches import EncodedTexts, LengthBatchSampler, collate, pad
from tablesense.learning.order import EpochSampler

LENGTHS = np.random.default_rng(0).integers(3, 40, 203).tolist()


def sampler(epoch: int, sorted_batches: int = 5, drop_last: bool = False) -> LengthBatchSampler:
    return LengthBatchSampler(
        EpochSampler(len(LENGTHS), 3), 8, drop_last, LENGTHS, sorted_batches, 3, lambda: epoch
    )


def padded(batches: list[list[int]]) -> int:
    return sum(len(batch) * max(LENGTHS[row] for row in batch) for batch in batches)


def test_every_text_once_an_epoch() -> None:
    batches = list(sampler(0))
    assert sorted(row for batch in batches for row in batch) == list(range(len(LENGTHS)))
    assert len(batches) == len(sampler(0)) == 26
    assert sorted(map(len, batches)) == [3, *[8] * 25]
    assert len(list(sampler(0, drop_last=True))) == len(sampler(0, drop_last=True)) == 25


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    assert list(sampler(1)) == list(sampler(1))
    assert list(sampler(1)) != list(sampler(2))
    together = [{frozenset(batch) for batch in sampler(epoch)} for epoch in (1, 2)]
    assert not together[0] & together[1], "texts meet others"


def test_little_is_padded() -> None:
    assert padded(list(sampler(0, 13))) < 1.1 * sum(LENGTHS) < padded(list(sampler(0, 1)))


def test_padding() -> None:
    tokens, mask = pad([[5, 6, 7], [8]], 9)
    assert tokens.tolist() == [[5, 6, 7], [8, 9, 9]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_collate() -> None:
    texts = EncodedTexts([[1, 2], [3, 4, 5], [6]], np.eye(3, dtype=np.bool_))
    batch = collate([texts[2], texts[1]], padding=0)
    assert batch.tokens.tolist() == [[6, 0, 0], [3, 4, 5]]
    assert batch.rows.tolist() == [2, 1]
    assert torch.equal(batch.targets, torch.tensor([[0.0, 0, 1], [0, 1, 0]]))
