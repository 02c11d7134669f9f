from dataclasses import replace

import numpy as np

from tablesense.boxes import Box
from tablesense.data.augment import Augment, AugmentConfig
from tablesense.data.dataset import PlainDataset, TrainDataset
from tablesense.data.sample import Sample
from tablesense.data.sampler import Ticket

from .builders import random_sample

SAMPLES = [random_sample(20, 6, [Box(0, 2, 6, 18)], seed=seed) for seed in range(4)]
ALWAYS = AugmentConfig(glue=1, drop_formatting=0, margin=1, stretch=1, crop=1)


def same(one: Sample, other: Sample) -> bool:
    return np.array_equal(one.values, other.values) and np.array_equal(one.boxes, other.boxes)


def glued_to(glued: list[Sample]) -> set[int]:
    """Which of the samples are the second parts of these."""
    return {
        number
        for sample in glued
        for number, other in enumerate(SAMPLES)
        if np.array_equal(sample.values[:, -20:, -6:], other.values)
    }


def test_without_augmentation_samples_stay_as_they_are() -> None:
    dataset, plain = TrainDataset(SAMPLES, None, seed=1), PlainDataset(SAMPLES)
    assert len(dataset) == len(plain) == 4
    assert all(dataset[Ticket(number, 7)] is plain[number] is SAMPLES[number] for number in range(4))


def test_a_ticket_always_gives_the_same_sample() -> None:
    dataset = TrainDataset(SAMPLES, Augment(ALWAYS), seed=1)
    first = dataset[Ticket(2, 5)]
    _ = dataset[Ticket(1, 5)], dataset[Ticket(2, 6)]
    assert same(dataset[Ticket(2, 5)], first)
    assert same(TrainDataset(SAMPLES, Augment(ALWAYS), seed=1)[Ticket(2, 5)], first)


def test_seed_epoch_and_number_each_change_the_augmentation() -> None:
    one = [SAMPLES[0]] * 4
    dataset = TrainDataset(one, Augment(ALWAYS), seed=1)
    tickets = [dataset[Ticket(0, 0)], dataset[Ticket(0, 1)], dataset[Ticket(1, 0)]]
    tickets.append(TrainDataset(one, Augment(ALWAYS), seed=2)[Ticket(0, 0)])
    assert not any(same(a, b) for number, a in enumerate(tickets) for b in tickets[:number])


def test_other_sheets_are_glued_on() -> None:
    config = AugmentConfig(glue=1, max_glued=2, drop_formatting=0, margin=0, stretch=0, crop=0)
    dataset = TrainDataset(SAMPLES, Augment(config), seed=1)
    glued = [dataset[Ticket(0, epoch)] for epoch in range(30)]
    assert all(len(sample.boxes) == 2 for sample in glued)
    assert glued_to(glued) == {0, 1, 2, 3}


def test_silver_and_gold_sheets_are_not_put_together() -> None:
    """What each sheet is glued to was marked by the same hand, and the result says so."""
    samples = [replace(sample, silver=number >= 2) for number, sample in enumerate(SAMPLES)]
    config = AugmentConfig(glue=1, max_glued=2, drop_formatting=0, margin=0, stretch=0, crop=0)
    dataset = TrainDataset(samples, Augment(config), seed=1)
    for first, allowed in ((0, {0, 1}), (3, {2, 3})):
        glued = [dataset[Ticket(first, epoch)] for epoch in range(20)]
        assert all(sample.silver == samples[first].silver for sample in glued)
        assert glued_to(glued) == allowed
