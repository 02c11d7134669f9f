"""Silver sheets are marked again where the network is sure, and stay so over a stop."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning import Trainer

from tablesense.boxes import Box
from tablesense.corpora.record import SheetAnnotation
from tablesense.data.module import SheetDataModule
from tablesense.data.sample import Sample
from tablesense.data.silver import SilverSheets
from tablesense.data.splitting import CorpusConfig
from tablesense.features.channels import INDEX, NUM_CHANNELS
from tablesense.model.detector import NetworkConfig
from tablesense.training import module as training_module
from tablesense.training.module import TableDetectionModule
from tablesense.training.remark import remark
from tests.data.builders import save_corpus, table
from tests.detection.blobs import BlobDetector

TINY = NetworkConfig(
    backbone_blocks=1,
    hidden_dim=16,
    num_heads=2,
    num_points=2,
    encoder_layers=1,
    decoder_layers=1,
    num_queries=4,
)
WRONG = np.array([[0, 0, 9, 9]])


def sheet(*blobs: Box, silver: bool = True) -> Sample:
    """Filled blocks, and a mark around all of it."""
    values = np.zeros((NUM_CHANNELS, 9, 30), dtype=np.uint8)
    for box in blobs:
        values[INDEX["filled"], box.top : box.bottom, box.left : box.right] = 255
    return Sample(values, WRONG, silver=silver)


def test_sure_sheets_are_marked_again_and_count_as_gold() -> None:
    """The blob detector is sure of three blobs (0.9, 0.85, 0.8) and not of a fourth."""
    blobs = [Box(left, 1, left + 3, 5) for left in (0, 6, 12, 18)]
    samples = [sheet(*blobs[:2]), sheet(*blobs), sheet(blobs[0], silver=False), sheet(), sheet(blobs[2])]
    before = list(samples)
    network = BlobDetector().train()
    told = remark(network, SilverSheets(samples))
    assert told == "3 of 4 silver sheets marked again, 3 of them otherwise"
    assert network.training
    assert [sample.silver for sample in samples] == [False, True, False, False, False]
    assert samples[0].boxes.tolist() == [list(box) for box in blobs[:2]]
    assert samples[1] is before[1]
    assert samples[2] is before[2]
    assert samples[3].boxes.shape == (0, 4)
    assert samples[4].boxes.tolist() == [list(blobs[2])]


def test_marking_again_starts_from_the_first_marks() -> None:
    samples = [sheet(), sheet()]
    before = list(samples)
    silver = SilverSheets(samples)
    silver.mark({0: np.array([[1, 1, 2, 2]])})
    silver.mark({1: np.array([[3, 3, 4, 4]])})
    assert samples[0] is before[0]
    assert samples[1].boxes.tolist() == [[3, 3, 4, 4]]
    copied = list(before)
    SilverSheets(copied).load_state_dict(silver.state_dict())
    assert [sample.boxes.tolist() for sample in copied] == [sample.boxes.tolist() for sample in samples]
    assert [sample.silver for sample in copied] == [True, False]


def test_the_same_numbers_are_drawn_as_without() -> None:
    network = BlobDetector()
    state = torch.get_rng_state()
    remark(network, SilverSheets([sheet(Box(0, 0, 3, 3))]))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.fixture
def corpora(tmp_path: Path) -> list[CorpusConfig]:
    """A corpus that people marked and one that a machine did."""
    names = "abcd"
    annotations = [
        SheetAnnotation(f"{name}.xlsx", "S", (Box(0, 0, 3, 6),), name, "val" if name == "d" else "train")
        for name in names
    ]
    folders = [
        save_corpus(tmp_path / part, {f"{name}.xlsx": {"S": table(6)} for name in names}, annotations)
        for part in ("gold", "made")
    ]
    return [CorpusConfig(str(folders[0])), CorpusConfig(str(folders[1]), val=False, silver=True)]


def fit(corpora: list[CorpusConfig], folder: Path, **options: Any) -> SheetDataModule:
    data = SheetDataModule(
        corpora,
        batch_size=2,
        remark_epochs=[1],
        cache_dir=str(folder / "cache"),
        num_workers=options.pop("workers", 0),
    )
    trainer = Trainer(
        max_epochs=options.pop("max_epochs"),
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        limit_val_batches=0,
        default_root_dir=folder,
    )
    trainer.fit(TableDetectionModule(TINY, warmup_steps=1), datamodule=data, **options)
    trainer.save_checkpoint(folder / "stopped.pt")
    return data


@pytest.mark.filterwarnings("ignore:.*does not have many workers.*")
@pytest.mark.filterwarnings("ignore:.*(LeafSpec|treespec).*deprecated.*")
def test_marks_change_at_their_epoch_and_outlive_a_stop(
    corpora: list[CorpusConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def marking(_: object, silver: SilverSheets) -> str:
        calls.append(len(silver.originals))
        silver.mark({min(silver.originals): np.array([[0, 0, 1, 2]])})
        return "1 marked again"

    monkeypatch.setattr(training_module, "remark", marking)
    data = fit(corpora, tmp_path, max_epochs=1)
    assert calls == []
    assert [sample.silver for sample in data.train_samples] == [False] * 3 + [True] * 3
    data = fit(corpora, tmp_path, max_epochs=2)
    assert calls == [3]
    marked = replace(data.train_samples[3])
    assert not marked.silver
    resumed = fit(corpora, tmp_path, max_epochs=3, ckpt_path=str(tmp_path / "stopped.pt"))
    assert calls == [3], "marked once, and read back"
    assert resumed.train_samples[3].boxes.tolist() == [[0, 0, 1, 2]]
    assert [sample.silver for sample in resumed.train_samples] == [False] * 4 + [True] * 2
