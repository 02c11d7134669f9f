import json
import logging
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader

from tablesense.boxes import Box, parse_a1
from tablesense.corpora.corpus import read_corpus
from tablesense.corpora.record import SheetAnnotation
from tablesense.data.augment import AugmentConfig
from tablesense.data.module import SheetDataModule
from tablesense.data.sample import Sample, SheetBatch
from tablesense.data.sampler import TicketBatchSampler
from tablesense.data.splitting import CorpusConfig
from tablesense.data.synthetic import SyntheticDataModule
from tablesense.errors import UserError
from tablesense.features import cache as cache_module
from tablesense.features.channels import NUM_CHANNELS

from .builders import Row, save_corpus, table

SHEETS = 12


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a synthetic corpus and its features."""
    folder = tmp_path_factory.mktemp("synthetic")
    synthetic(folder).prepare_data()
    return folder


@pytest.fixture
def closed_workbooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, opening a workbook fails the test."""

    def refuse(*args: object, **kwargs: object) -> None:
        pytest.fail("a workbook was opened")

    monkeypatch.setattr(cache_module, "open_workbook", refuse)


def synthetic(
    folder: Path, augment: AugmentConfig | None = None, num_workers: int = 0, seed: int = 42
) -> SyntheticDataModule:
    return SyntheticDataModule(
        num_sheets=SHEETS,
        folder=str(folder / "corpus"),
        cache_dir=str(folder / "cache"),
        batch_size=3,
        augment=augment,
        num_workers=num_workers,
        seed=seed,
    )


def fitted(module: SheetDataModule) -> SheetDataModule:
    module.setup("fit")
    return module


def train_batches(module: SheetDataModule, epoch: int = 0) -> list[SheetBatch]:
    loader = module.train_dataloader()
    set_epoch(loader, epoch)
    return unpacked(loader)


def unpacked(loader: DataLoader[Sample]) -> list[SheetBatch]:
    """The batches of all steps, one after the other."""
    return [batch for packs in loader for batch in packs]


def set_epoch(loader: DataLoader[Sample], epoch: int) -> None:
    """As if the trainer were in this epoch."""
    assert isinstance(loader.batch_sampler, TicketBatchSampler)
    loader.batch_sampler.current_epoch = lambda: epoch


def assert_sound(batch: SheetBatch) -> None:
    """Shapes agree, nothing lies in the padding, every box frames cells of its sheet."""
    count, channels, height, width = batch.grid.shape
    assert (count, channels) == (len(batch), NUM_CHANNELS)
    assert batch.mask.shape == (count, height, width)
    assert (batch.grid.dtype, batch.mask.dtype) == (torch.uint8, torch.bool)
    assert batch.mask.any(2).sum(1).max() == height
    assert batch.mask.any(1).sum(1).max() == width
    assert batch.grid.masked_select(~batch.mask[:, None]).count_nonzero() == 0
    assert len(batch.tables) == count
    for mask, boxes in zip(batch.mask, batch.tables, strict=True):
        for left, top, right, bottom in boxes.int().tolist():
            assert left < right
            assert top < bottom
            assert mask[top:bottom, left:right].sum() == (right - left) * (bottom - top)


def same(one: list[SheetBatch], other: list[SheetBatch]) -> bool:
    return len(one) == len(other) and all(
        torch.equal(a.grid, b.grid)
        and torch.equal(a.mask, b.mask)
        and all(torch.equal(x, y) for x, y in zip(a.tables, b.tables, strict=True))
        for a, b in zip(one, other, strict=True)
    )


def small_corpus(folder: Path, splits: dict[str, str | None], **sheets: list[Row]) -> Path:
    """Workbooks of one sheet with one table; ``sheets`` replaces the rows of some of them."""
    annotations = [
        SheetAnnotation(f"{name}.xlsx", "S", (Box(0, 0, 3, 6),), group=name, split=split)
        for name, split in splits.items()
    ]
    workbooks = {f"{name}.xlsx": {"S": sheets.get(name, table(6))} for name in splits}
    return save_corpus(folder, workbooks, annotations)


def sheet_module(folder: Path, corpora: list[CorpusConfig], **options: object) -> SheetDataModule:
    return SheetDataModule(corpora, cache_dir=str(folder / "cache"), **options)  # type: ignore[arg-type]


def test_batches_of_the_synthetic_corpus(ready: Path) -> None:
    module = fitted(synthetic(ready))
    wanted = {
        split: Counter((sheet.file_name, sheet.sheet_name) for sheet in annotations if sheet.split == split)
        for annotations in [read_corpus(ready / "corpus").annotations]
        for split in ("train", "val")
    }
    for split, batches in (("train", train_batches(module)), ("val", unpacked(module.val_dataloader()))):
        for batch in batches:
            assert_sound(batch)
        sources = [source for batch in batches for source in batch.sources if source]
        assert Counter((source.file_name, source.sheet_name) for source in sources) == wanted[split]
        for batch in batches:
            for source, boxes in zip(batch.sources, batch.tables, strict=True):
                assert source is not None
                back = [source.fold.to_sheet(Box(*box)) for box in boxes.int().tolist()]
                assert back == list(source.tables)


def test_augmented_batches_are_sound_and_change_with_the_epoch(ready: Path) -> None:
    module = fitted(synthetic(ready, AugmentConfig()))
    first, again, later = train_batches(module), train_batches(module), train_batches(module, epoch=1)
    for batch in first + later:
        assert_sound(batch)
    assert same(first, again)
    assert not same(first, later)
    assert not same(first, train_batches(fitted(synthetic(ready, AugmentConfig(), seed=1))))


@pytest.mark.slow
# From 3.12 on Python warns of every fork beside other threads; torch's loaders fork all the same.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:This DataLoader will create 2 worker:UserWarning")
def test_workers_change_no_batch(ready: Path) -> None:
    alone, helped = (fitted(synthetic(ready, AugmentConfig(), workers)) for workers in (0, 2))
    loader = helped.train_dataloader()
    for epoch in (0, 3):  # the workers live on from epoch to epoch
        set_epoch(loader, epoch)
        assert same(unpacked(loader), train_batches(alone, epoch))


def test_validation_goes_by_size_whatever_the_seed(ready: Path) -> None:
    module, other = fitted(synthetic(ready)), fitted(synthetic(ready, AugmentConfig(), seed=7))
    steps = [[int(mask.sum()) for batch in packs for mask in batch.mask] for packs in module.val_dataloader()]
    assert all(max(one) <= min(later) for one, later in pairwise(steps))
    assert same(unpacked(module.val_dataloader()), unpacked(other.val_dataloader()))


@pytest.mark.usefixtures("closed_workbooks")
def test_a_second_setup_opens_no_workbook_and_doubles_nothing(ready: Path) -> None:
    module = synthetic(ready)
    module.prepare_data()
    module.setup("fit")
    sizes = len(module.train_samples), len(module.val_samples)
    module.setup("validate")
    assert (len(module.train_samples), len(module.val_samples)) == sizes
    module.setup("test")
    module.setup("test")
    assert sum(sizes) + len(module.test_samples) == SHEETS


def test_facts(ready: Path) -> None:
    module = fitted(synthetic(ready))
    assert module.facts == {
        "data/train_size": len(module.train_samples),
        "data/val_size": len(module.val_samples),
        "data/test_size": SHEETS - len(module.train_samples) - len(module.val_samples),
        "data/datasets": ["corpus"],
    }


def test_the_synthetic_corpus_is_named_after_what_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABLESENSE_CACHE", str(tmp_path))
    folders = {SyntheticDataModule(*numbers).corpus_folder for numbers in ((5, 0), (6, 0), (5, 1))}
    assert len(folders) == 3
    assert all(folder.parent == tmp_path for folder in folders)


def test_a_folder_of_something_else_is_refused(ready: Path) -> None:
    module = SyntheticDataModule(SHEETS + 1, folder=str(ready / "corpus"), cache_dir=str(ready / "cache"))
    with pytest.raises(UserError, match="num_sheets 12, not 13"):
        module.prepare_data()


def test_corpora_are_split_by_field_repeated_and_left_out(tmp_path: Path) -> None:
    splits = {"a": "train", "b": "train", "c": "val", "d": "test", "e": None}
    one, two = (str(small_corpus(tmp_path / name, splits)) for name in ("one", "two"))
    module = fitted(sheet_module(tmp_path, [CorpusConfig(one, val=False, repeat=3), CorpusConfig(two)]))
    train = Counter(s.source.corpus + s.source.file_name[0] for s in module.train_samples if s.source)
    assert train == {"onea": 3, "oneb": 3, "twoa": 1, "twob": 1}
    val = [s.source.corpus + s.source.file_name[0] for s in module.val_samples if s.source]
    assert val == ["twoc"]
    assert module.facts["data/datasets"] == ["one", "two"]


def test_silver_sheets_are_marked_as_such(tmp_path: Path) -> None:
    one, two = (str(small_corpus(tmp_path / name, {"a": "train", "b": "val"})) for name in ("one", "two"))
    module = fitted(sheet_module(tmp_path, [CorpusConfig(one), CorpusConfig(two, silver=True)]))
    assert [sample.silver for sample in module.train_samples] == [False, True]


def test_corrected_tables_are_trained_validated_and_tested_on(tmp_path: Path) -> None:
    folder = small_corpus(tmp_path / "one", {"a": "train", "b": "train", "c": "val", "d": "test"})
    better = {"a": ["A1:B6"], "b": None, "c": ["A1:C5"], "d": ["A2:C6"]}
    lines = [
        json.dumps({"file_name": f"{name}.xlsx", "sheet_name": "S", "table_regions": ranges})
        for name, ranges in better.items()
    ]
    file = tmp_path / "better.jsonl"
    file.write_text("\n".join(lines))
    module = fitted(sheet_module(tmp_path, [CorpusConfig(str(folder), corrections=str(file))]))
    parts = (module.train_samples, module.val_samples, module.test_samples)
    tables = [[source.tables for sample in part if (source := sample.source)] for part in parts]
    assert tables == [[(parse_a1("A1:B6"),)], [(parse_a1("A1:C5"),)], [(parse_a1("A2:C6"),)]]


def test_a_split_by_group_ignores_the_field(tmp_path: Path) -> None:
    folder = small_corpus(tmp_path / "one", dict.fromkeys("abcde", "train"))
    config = CorpusConfig(str(folder))
    module = fitted(sheet_module(tmp_path, [config], split="group", val_fraction=0.4))
    assert (len(module.train_samples), len(module.val_samples)) == (3, 2)
    names = {s.source.file_name for s in module.train_samples + module.val_samples if s.source}
    assert len(names) == 5


def test_folds_part_the_sheets_by_template(tmp_path: Path) -> None:
    splits: dict[str, str | None] = {"a": "train", "b": "val", "c": None, "d": "train", "e": "test"}
    gold, silver, kept = (small_corpus(tmp_path / name, splits) for name in ("gold", "silver", "kept"))
    corpora = [
        CorpusConfig(str(gold)),
        CorpusConfig(str(silver), val=False),
        CorpusConfig(str(kept), train=False),
    ]
    validated: list[str] = []
    for fold in range(2):
        module = fitted(sheet_module(tmp_path, corpora, split="fold", num_folds=2, fold=fold))
        val = [(s.source.corpus, s.source.file_name[0]) for s in module.val_samples if s.source]
        train = [(s.source.corpus, s.source.file_name[0]) for s in module.train_samples if s.source]
        held_out = [name for corpus, name in val if corpus == "gold"]
        learnt = set("abcd") - set(held_out)
        assert sorted(train) == sorted((corpus, name) for corpus in ("gold", "silver") for name in learnt)
        assert sorted(name for corpus, name in val if corpus == "kept") == sorted(held_out)
        validated += held_out
    assert sorted(validated) == list("abcd")


def test_all_sheets_are_trained_on_but_test(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    splits: dict[str, str | None] = {"a": "train", "b": "val", "c": None, "d": "test"}
    marked = small_corpus(tmp_path / "marked", splits)
    unmarked = small_corpus(tmp_path / "unmarked", dict.fromkeys("ef"))
    corpora = [CorpusConfig(str(marked)), CorpusConfig(str(unmarked))]
    module = fitted(sheet_module(tmp_path, corpora, split="all"))
    names = [sample.source.file_name[0] for sample in module.train_samples if sample.source]
    assert sorted(names) == list("abcef")
    assert sorted(s.source.file_name[0] for s in module.val_samples if s.source) == ["b", "e", "f"]
    assert "not used" not in caplog.text


def test_a_test_sheet_that_is_left_out_holds_its_template_out(tmp_path: Path) -> None:
    annotations = [
        SheetAnnotation(f"{name}.xlsx", "S", (Box(0, 0, 3, 6),), group, "test" if name == "a" else "train")
        for name, group in (("a", "g"), ("b", "g"), ("c", "h"))
    ]
    folder = save_corpus(tmp_path / "one", {f"{name}.xlsx": {"S": table(6)} for name in "abc"}, annotations)
    file = tmp_path / "better.jsonl"
    file.write_text('{"file_name": "a.xlsx", "sheet_name": "S", "table_regions": null}')
    corpora = [CorpusConfig(str(folder), corrections=str(file))]
    module = fitted(sheet_module(tmp_path, corpora, split="all"))
    assert [sample.source.file_name for sample in module.train_samples if sample.source] == ["c.xlsx"]


def test_a_problem_of_a_sheet_in_two_parts_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = small_corpus(tmp_path / "one", {"a": "train", "b": "val", "c": "val"})
    (folder / "workbooks" / "b.xlsx").unlink()
    with caplog.at_level(logging.WARNING, logger="tablesense.data.module"):
        fitted(sheet_module(tmp_path, [CorpusConfig(str(folder))], split="all"))
    assert caplog.text.count("one: 1 x unreadable workbook") == 1


@pytest.mark.parametrize("train", [True, False])
def test_nothing_to_train_on_is_refused_for_fit_only(tmp_path: Path, train: bool) -> None:
    folder = small_corpus(tmp_path / "one", {"a": "val" if train else "train", "b": "val"})
    config = CorpusConfig(str(folder), train=train)
    with pytest.raises(UserError, match=r"no sheet to train on.*data\.corpora"):
        sheet_module(tmp_path, [config]).setup("fit")
    module = sheet_module(tmp_path, [config])
    module.setup("validate")
    assert module.val_samples


def test_a_single_group_cannot_be_split(tmp_path: Path) -> None:
    folder = small_corpus(tmp_path / "one", {"a": "val", "b": "train"})
    lines = (folder / "annotations.jsonl").read_text().splitlines()
    same = [json.dumps(json.loads(line) | {"group": "g", "split": None}) for line in lines]
    (folder / "annotations.jsonl").write_text("\n".join(same))
    with pytest.raises(UserError, match=r"no sheet to .* on: data\.split=group needs .* two groups"):
        sheet_module(tmp_path, [CorpusConfig(str(folder))], split="group").setup("fit")


def test_a_missing_corpus_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none/annotations\.jsonl"):
        sheet_module(tmp_path, [CorpusConfig(str(tmp_path / "none"))]).prepare_data()


def test_problems_are_logged_with_their_number_or_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = small_corpus(tmp_path / "one", {"a": "train", "b": "train", "c": "val"})
    (folder / "workbooks" / "b.xlsx").unlink()
    configs = [CorpusConfig(str(folder))]
    with caplog.at_level(logging.WARNING, logger="tablesense.data.module"):
        module = fitted(sheet_module(tmp_path, configs))
    assert len(module.train_samples) == 1
    assert "one: 1 x unreadable workbook" in caplog.text
    assert "  b.xlsx: " in caplog.text, "each problem is named"
    with pytest.raises(UserError, match=r"^b\.xlsx: .*1 such problems"):
        sheet_module(tmp_path, configs, on_problem="fail").setup("fit")


def test_a_bad_line_is_a_problem_too(tmp_path: Path) -> None:
    folder = small_corpus(tmp_path / "one", {"a": "train"})
    with (folder / "annotations.jsonl").open("a") as file:
        file.write("tea\n")
    with pytest.raises(UserError, match=r"annotations\.jsonl, line 2: "):
        sheet_module(tmp_path, [CorpusConfig(str(folder))], on_problem="fail").setup("fit")


def test_large_sheets_are_thinned_for_training_and_cut_for_validation(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # Rows that differ in kind from one to the next are not folded.
    below: list[Row] = [["tea" if number % 2 else 1.0] for number in range(60)]
    splits: dict[str, str | None] = {"a": "train", "b": "val"}
    folder = small_corpus(tmp_path / "one", splits, a=table(6) + below, b=below + table(6))
    configs = [CorpusConfig(str(folder))]
    module = sheet_module(tmp_path, configs, max_cells=90, max_eval_cells=15)
    with caplog.at_level(logging.WARNING, logger="tablesense.data.module"):
        module.setup("fit")
    (train,), (val,) = module.train_samples, module.val_samples
    assert train.cells == 90
    assert train.boxes.tolist() == [[0, 0, 3, 5]], "folded by a row, and no longer"
    assert val.cells == 15
    assert len(val.boxes) == 0
    assert val.source is not None
    assert len(val.source.tables) == 1, "the table that was lost still counts as missed"
    assert "one: 1 tables lie outside the first 15 cells" in caplog.text


def test_a_wide_sheet_without_tables_keeps_a_row(tmp_path: Path) -> None:
    columns: Row = ["tea" if number % 2 else 1.0 for number in range(40)]
    folder = small_corpus(tmp_path / "one", {"a": "train", "b": "val"}, a=[columns, columns, columns])
    splits = {"a": "train", "b": "val"}
    annotations = [SheetAnnotation(f"{name}.xlsx", "S", (), name, split) for name, split in splits.items()]
    lines = "".join(f"{annotation.to_json()}\n" for annotation in annotations)
    (folder / "annotations.jsonl").write_text(lines, encoding="utf-8")
    module = fitted(sheet_module(tmp_path, [CorpusConfig(str(folder))], max_cells=30))
    (batch,) = train_batches(module)
    assert_sound(batch)
    assert batch.grid.shape == (1, NUM_CHANNELS, 1, 30)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, "data.batch_size"),
        ({"num_workers": -1}, "data.num_workers"),
        ({"val_fraction": -0.2}, "data.val_fraction"),
        ({"max_cells": 0}, "data.max_cells"),
        ({"num_sheets": 0}, "data.num_sheets"),
    ],
)
def test_a_wrong_number_is_named(options: dict[str, int], words: str) -> None:
    with pytest.raises(UserError, match=words):
        SyntheticDataModule(**options)  # type: ignore[arg-type] # checked by the command line's types too


def test_two_corpora_of_one_name_are_refused(tmp_path: Path) -> None:
    corpora = [CorpusConfig(str(tmp_path / year / "tables")) for year in ("2023", "2024")]
    with pytest.raises(UserError, match="one name"):
        SheetDataModule(corpora)


def test_corpora_without_validation_sheets_are_refused(tmp_path: Path) -> None:
    annotation = SheetAnnotation("a.xlsx", "S", (Box(0, 0, 3, 4),), "a", "train")
    save_corpus(tmp_path / "mine", {"a.xlsx": {"S": table(4, 3)}}, [annotation])
    module = SheetDataModule([CorpusConfig(str(tmp_path / "mine"))], cache_dir=str(tmp_path / "cache"))
    with pytest.raises(UserError, match="validate"):
        module.setup("fit")
