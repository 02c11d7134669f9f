"""The LightningModule through the real Trainer, on a handful of generated sheets."""

import math
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning import Trainer

from tablesense.boxes import Box
from tablesense.data.sample import Sample, collate
from tablesense.data.synthetic import SyntheticDataModule
from tablesense.errors import UserError
from tablesense.evaluation.scores import SheetResult
from tablesense.features.channels import FEATURE_VERSION, NUM_CHANNELS
from tablesense.model.detector import NetworkConfig
from tablesense.training.module import LossConfig, TableDetectionModule

TINY = NetworkConfig(
    backbone_blocks=1,
    hidden_dim=16,
    num_heads=2,
    num_points=2,
    encoder_layers=1,
    decoder_layers=1,
    num_queries=6,
)
LOSSES = {"loss", "det_loss", "cls_loss", "l1_loss", "iou_loss", "boundary_loss", "cell_loss"}
SCORES = {"precision", "recall", "f1"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> SyntheticDataModule:
    folder = tmp_path_factory.mktemp("module")
    data = SyntheticDataModule(
        num_sheets=3, folder=str(folder / "corpus"), cache_dir=str(folder / "cache"), batch_size=2
    )
    data.prepare_data()
    data.setup("fit")
    return data


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Random numbers and warning filters are left as they were."""
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*(LeafSpec|treespec).*deprecated.*")
        torch.manual_seed(0)
        yield


def trainer(tmp_path: Path, **options: Any) -> Trainer:
    settings: dict[str, Any] = {
        "max_epochs": 1,
        "accelerator": "cpu",
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "num_sanity_val_steps": 0,
        "default_root_dir": tmp_path,
    }
    return Trainer(**(settings | options))


def fitted(data: SyntheticDataModule, tmp_path: Path, **options: Any) -> tuple[TableDetectionModule, Trainer]:
    module = TableDetectionModule(TINY, warmup_steps=1)
    running = trainer(tmp_path, **options)
    running.fit(module, datamodule=data)
    return module, running


def test_metrics_have_the_names_of_the_reference(data: SyntheticDataModule, tmp_path: Path) -> None:
    _, running = fitted(data, tmp_path)
    logged = {name: float(value) for name, value in running.callback_metrics.items()}
    corpus = "corpus"
    assert logged.keys() == {
        *(f"{stage}/{name}" for stage in ("train", "val") for name in LOSSES),
        "train/nonfinite_costs",
        *(f"val/{name}" for name in SCORES),
        *(f"val/eob{tolerance}_{name}" for tolerance in (0, 2) for name in SCORES),
        *(f"val/eob{tolerance}_f1/{corpus}" for tolerance in (0, 2)),
        "val/eob_mean",
        "val/tuned_threshold",
    }
    assert logged["val/f1"] == logged["val/eob0_f1"]
    assert all(math.isfinite(value) for name, value in logged.items() if name != "val/eob_mean")
    assert logged.keys() >= TableDetectionModule.summary_metrics.keys()


def test_a_step_changes_every_weight_that_it_should(data: SyntheticDataModule, tmp_path: Path) -> None:
    """All but what starts behind a zero: a second step reaches that too."""
    module = TableDetectionModule(TINY, warmup_steps=1)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    trainer(tmp_path, max_epochs=2, limit_val_batches=0).fit(module, datamodule=data)
    unchanged = {name for name, value in module.state_dict().items() if torch.equal(value, before[name])}
    assert unchanged == {"silver_hint"}, "no sheet was marked by a machine"


def test_training_alone_is_told_of_marks_by_a_machine(data: SyntheticDataModule) -> None:
    module = TableDetectionModule(TINY)
    samples = data.train_samples[:2]
    gold, silver = (collate([replace(one, silver=marks) for one in samples]) for marks in (False, True))
    with torch.no_grad():
        module.silver_hint.fill_(1.0)
    module.eval()
    assert torch.equal(module(gold).cells, module(silver).cells)
    module.train()
    assert torch.equal(module(gold).cells, module.network(gold.grid, gold.mask).cells)
    told = module(silver)
    assert not torch.equal(module(gold).cells, told.cells)
    loss = module.criterion(told, silver.tables).loss
    (gradient,) = torch.autograd.grad(loss, [module.silver_hint])
    assert gradient.abs().min() > 0


def test_biases_and_norms_do_not_decay(data: SyntheticDataModule, tmp_path: Path) -> None:
    _, running = fitted(data, tmp_path, limit_val_batches=0)
    decayed, kept = running.optimizers[0].param_groups
    assert decayed["weight_decay"] == 1e-4
    assert kept["weight_decay"] == 0.0
    assert {parameter.ndim for parameter in kept["params"]} == {1}
    assert min(parameter.ndim for parameter in decayed["params"]) == 2


def test_loss_weights_reach_the_criterion() -> None:
    loss = LossConfig(0.5, 3.0, 0.25, 7.0, 1.5, 0.3, 1.0, False, 4.0, 0.1)
    criterion = TableDetectionModule(TINY, loss).criterion
    assert (criterion.lambda_cls, criterion.lambda_l1, criterion.lambda_iou) == (0.5, 3.0, 0.25)
    assert (criterion.lambda_boundary, criterion.lambda_cells) == (7.0, 1.5)
    assert (criterion.focal_alpha, criterion.focal_gamma, criterion.aux_loss) == (0.3, 1.0, False)
    matcher = criterion.matcher
    assert (matcher.class_cost, matcher.l1_cost, matcher.giou_cost) == (0.5, 3.0, 0.25)
    assert matcher.boundary_cost == 4.0
    assert criterion.label_smoothing == 0.1


def test_validation_counts_every_sheet_once(data: SyntheticDataModule, tmp_path: Path) -> None:
    module = TableDetectionModule(TINY)
    running = trainer(tmp_path)
    for _ in range(2):
        running.validate(module, datamodule=data, verbose=False)
        seen = [(result.file_name, result.sheet_name) for result in module.results.sheets]
        assert sorted(seen) == sorted(
            (sample.source.file_name, sample.source.sheet_name)
            for sample in data.val_samples
            if sample.source is not None
        )


def test_scores_follow_the_score_threshold(tmp_path: Path, data: SyntheticDataModule) -> None:
    table = Box(0, 0, 2, 2)
    result = SheetResult("c", "f", "s", ((table, 0.6), (Box(5, 5, 6, 6), 0.4)), (table,))

    class Fixed(TableDetectionModule):
        def on_validation_epoch_end(self) -> None:
            self.results.sheets = [result]
            super().on_validation_epoch_end()

    metrics = {}
    for threshold in (0.3, 0.5, 0.7):
        running = trainer(tmp_path)
        running.validate(Fixed(TINY, score_threshold=threshold), datamodule=data, verbose=False)
        metrics[threshold] = {name: float(value) for name, value in running.callback_metrics.items()}
    assert [metrics[t]["val/precision"] for t in (0.3, 0.5, 0.7)] == pytest.approx([0.5, 1.0, 0.0])
    assert [metrics[t]["val/recall"] for t in (0.3, 0.5, 0.7)] == pytest.approx([1.0, 1.0, 0.0])
    assert metrics[0.5]["val/eob_mean"] == 0.0
    assert math.isnan(metrics[0.7]["val/eob_mean"])
    assert metrics[0.3]["val/tuned_threshold"] == pytest.approx(0.45)


def test_augmented_sheets_are_not_scored() -> None:
    sample = Sample(np.zeros((NUM_CHANNELS, 3, 4), dtype=np.uint8), np.zeros((0, 4), dtype=np.int64))
    module = TableDetectionModule(TINY)
    module.log_dict = lambda *_, **__: None  # type: ignore[method-assign]
    module.validation_step([collate([sample])])
    assert module.results.sheets == []


def test_the_loss_of_a_batch_is_the_same_however_it_is_packed(data: SyntheticDataModule) -> None:
    module = TableDetectionModule(TINY).double()
    logged: list[dict[str, torch.Tensor]] = []
    module.log_dict = lambda values, **_: logged.append(values)  # type: ignore[method-assign]
    module.log = lambda *_, **__: None  # type: ignore[method-assign]
    samples = [*data.train_samples, *data.val_samples]
    for packs in ([samples], [samples[:1], samples[1:]], [[sample] for sample in samples]):
        module.training_step([collate(members) for members in packs])
    torch.testing.assert_close(logged[1], logged[0])
    torch.testing.assert_close(logged[2], logged[0])


@pytest.fixture(scope="module")
def checkpoint(data: SyntheticDataModule, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*(LeafSpec|treespec).*deprecated.*")
        _, running = fitted(data, folder, limit_val_batches=0)
        running.save_checkpoint(folder / "tiny.pt")
    return folder / "tiny.pt"


def resume(data: SyntheticDataModule, file: Path, network: NetworkConfig = TINY) -> None:
    running = trainer(file.parent, max_epochs=2, limit_val_batches=0)
    running.fit(TableDetectionModule(network, warmup_steps=1), datamodule=data, ckpt_path=str(file))
    assert running.current_epoch == 2


def test_a_checkpoint_says_what_made_it_and_resumes(data: SyntheticDataModule, checkpoint: Path) -> None:
    content = torch.load(checkpoint, weights_only=True)
    assert content["feature_version"] == FEATURE_VERSION
    assert NetworkConfig(**content["network"]) == TINY
    resume(data, checkpoint)


@pytest.mark.parametrize("version", [FEATURE_VERSION + 1, None])
def test_other_features_are_refused(
    data: SyntheticDataModule, checkpoint: Path, tmp_path: Path, version: int | None
) -> None:
    content = torch.load(checkpoint, weights_only=True)
    content["feature_version"] = version
    other = tmp_path / "other.pt"
    torch.save(content, other)
    with pytest.raises(UserError, match=f"feature version {version}.*train again") as caught:
        resume(data, other)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_before_an_option_resumes(data: SyntheticDataModule, checkpoint: Path) -> None:
    content = torch.load(checkpoint, weights_only=True)
    del content["network"]["formatting"]
    older = checkpoint.with_name("older.pt")
    torch.save(content, older)
    resume(data, older)


def test_another_network_is_refused(data: SyntheticDataModule, checkpoint: Path) -> None:
    with pytest.raises(UserError, match=r"another shape than model\.network in the config"):
        resume(data, checkpoint, NetworkConfig())
