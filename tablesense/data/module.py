"""The LightningDataModule: corpora in, padded batches out."""

import logging
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader

from tablesense.corpora.corpus import Corpus, Problem
from tablesense.corpora.record import SheetAnnotation
from tablesense.data.augment import Augment, AugmentConfig, thin
from tablesense.data.dataset import PlainDataset, TrainDataset
from tablesense.data.loading import count_by_kind, crop_to, load_samples, refuse
from tablesense.data.sample import Sample, pack
from tablesense.data.sampler import TicketBatchSampler
from tablesense.data.splitting import CorpusConfig, Split, Splitting, tested_sheets
from tablesense.errors import UserError
from tablesense.features.cache import FeatureCache
from tablesense.learning.order import EpochSampler
from tablesense.tracking.checkpoints.resumable_loader import ResumableLoader, ignore_interrupts

log = logging.getLogger(__name__)

_SPLITS = ("train", "val", "test")
_NAMED = 20  # problems of a corpus that are named one by one; all are counted


def at_least(key: str, value: int, lowest: int) -> None:
    """Refuse a number that is too low.

    Raises:
        UserError: it is.
    """
    if value < lowest:
        raise UserError(f"{key}: must be {lowest} or more, got {value}")


class SheetDataModule(LightningDataModule):
    """Grids of annotated sheets.

    Args:
        corpora: the annotated corpora.
        batch_size: sheets a batch; sheets of like shape go through the network together.
        pass_cost: what one pass through the network costs beside its cells, in cells; see :func:`pack`.
        max_pass_cells: most padded cells of one pass, a single sheet aside; bounds the memory of a batch.
        split: ``field`` follows the annotations' ``split``; ``group`` draws val by template; ``fold`` is
            one turn of a cross-validation by template over all sheets: those of ``fold`` are validated on,
            in every corpus, whatever is said of it else; a corpus with ``val: false`` is trained on whole
            but for templates of the fold. ``all`` trains a settled recipe on all sheets, those marked as
            val too: its val figures say how well these were learnt, not how well the detector does on
            sheets that it has not seen. What is marked as test stays out of every drawn split and of
            ``all``, with all that shares its template.
        val_fraction: share of the groups drawn for val, with ``split: group``.
        num_folds: how many folds, with ``split: fold``.
        fold: which of them, from 0.
        seed: of the drawn split, the order of the sheets and their augmentation.
        augment: how often each change is made to a training sheet; null trains on the sheets as they are.
        max_cells: training sheets with larger grids lose rows away from table edges.
        max_eval_cells: validation sheets with larger grids are cut to their top left part; tables lost
            that way are counted and logged, and still count as missed.
        cache_dir: where the features are cached; null is the user's cache folder.
        on_problem: what to do about an unreadable workbook, a missing sheet, a bad range: ``skip`` counts
            and logs them, ``fail`` stops.
        num_workers: processes that prepare batches; 0 prepares them in the training process.
    """

    def __init__(
        self,
        corpora: list[CorpusConfig],
        batch_size: int = 8,
        pass_cost: int = 500,
        max_pass_cells: int = 65536,
        split: Split = "field",
        val_fraction: float = 0.2,
        num_folds: int = 4,
        fold: int = 0,
        seed: int = 42,
        augment: AugmentConfig | None = None,
        max_cells: int = 8192,
        max_eval_cells: int = 65536,
        cache_dir: str | None = None,
        on_problem: Literal["skip", "fail"] = "skip",
        num_workers: int = 0,
    ) -> None:
        super().__init__()
        at_least("data.batch_size", batch_size, 1)
        at_least("data.num_workers", num_workers, 0)
        if not 0 <= val_fraction <= 1:
            raise UserError(f"data.val_fraction: must lie between 0 and 1, got {val_fraction}")
        names = [Path(corpus.path).resolve().name for corpus in corpora]
        if len(names) != len(set(names)):
            raise UserError(f"data.corpora: two folders have one name ({', '.join(names)}); rename one")
        at_least("data.num_folds", num_folds, 2)
        if not 0 <= fold < num_folds:
            raise UserError(f"data.fold: must lie between 0 and {num_folds - 1}, got {fold}")
        at_least("data.seed", seed, 0)
        at_least("data.max_cells", max_cells, 1)
        at_least("data.max_eval_cells", max_eval_cells, 1)
        self.corpora, self.batch_size, self.pass_cost = corpora, batch_size, pass_cost
        self.max_pass_cells = max_pass_cells
        self.split, self.seed = split, seed
        self.splitting = Splitting(corpora, split, val_fraction, num_folds, fold, seed)
        self.augment = augment
        self.max_cells, self.max_eval_cells = max_cells, max_eval_cells
        self.cache_dir, self.on_problem, self.num_workers = cache_dir, on_problem, num_workers
        self.train_samples: list[Sample] = []
        self.val_samples: list[Sample] = []
        self.test_samples: list[Sample] = []
        self._told: set[tuple[str, Problem]] = set()

    @property
    def facts(self) -> dict[str, object]:
        """What the run's record should say of the data."""
        return {
            "data/train_size": len(self.train_samples),
            "data/val_size": len(self.val_samples),
            "data/test_size": len(self.test_samples),
            "data/datasets": [Path(corpus.path).resolve().name for corpus in self.corpora],
        }

    @property
    def has_test_data(self) -> bool:
        """Whether a corpus has sheets that are marked as test, and can be read."""
        return bool(self.test_samples)

    def workbook(self, corpus: str, file_name: str) -> Path:
        """Where a workbook of a corpus lies."""
        (folder,) = (Path(c.path) for c in self.corpora if Path(c.path).resolve().name == corpus)
        return folder / "workbooks" / file_name

    def val_corpora(self) -> list[Corpus]:
        """The corpora with the sheets that are validated on alone; nothing but the annotations is read."""
        read = [(config.read(), config) for config in self.corpora]
        corpora = [
            replace(corpus, annotations=self.splitting.parts(corpus, config)[1]) for corpus, config in read
        ]
        return [corpus for corpus in corpora if corpus.annotations]

    def prepare_data(self) -> None:
        """Fill the feature cache; Lightning calls this in one process of a machine."""
        for config in self.corpora:
            corpus = config.read()
            parts = [*self.splitting.parts(corpus, config), tested_sheets(corpus, config)]
            wanted = [sheet for part in parts for sheet in part]
            load_samples(corpus, wanted, FeatureCache(self.cache_dir), show_progress=True)

    def setup(self, stage: str | None = None) -> None:
        """Load the samples from the cache; problems of the test sheets too are told before training."""
        if self.train_samples or self.val_samples:
            return
        for config in self.corpora:
            corpus = config.read()
            self._report(corpus.name, corpus.problems)
            if self.split == "field":
                self._report_other_splits(corpus)
            train, val = self.splitting.parts(corpus, config)
            thinned = [thin(sample, self.max_cells) for sample in self._load(corpus, train)]
            fitting = self._fit(corpus.name, thinned, self.max_cells)
            self.train_samples += [
                replace(sample, silver=config.silver) for sample in fitting
            ] * config.repeat
            self.val_samples += self._fit(corpus.name, self._load(corpus, val), self.max_eval_cells)
            test = self._load(corpus, tested_sheets(corpus, config))
            self.test_samples += self._fit(corpus.name, test, self.max_eval_cells)
        if stage == "fit" and not self.train_samples:
            raise UserError(f"the corpora hold no sheet to train on: {self.splitting.remedy('train')}")
        if stage == "fit" and not self.val_samples:
            raise UserError(f"the corpora hold no sheet to validate on: {self.splitting.remedy('val')}")

    def train_dataloader(self) -> DataLoader[Sample]:
        """Batches of augmented sheets."""
        samples = self.train_samples
        augment = Augment(self.augment) if self.augment else None
        sampler = EpochSampler(len(samples), self.seed)
        return ResumableLoader(
            TrainDataset(samples, augment, self.seed),
            batch_sampler=TicketBatchSampler(sampler, self.batch_size, False, self._current_epoch),
            collate_fn=partial(pack, pass_cost=self.pass_cost, max_cells=self.max_pass_cells),
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            worker_init_fn=ignore_interrupts,
            pin_memory=torch.cuda.is_available(),
        )

    def val_dataloader(self) -> DataLoader[Sample]:
        """The sheets as they are, by size."""
        return self._plain_loader(self.val_samples)

    def test_dataloader(self) -> DataLoader[Sample]:
        """The sheets as they are, by size."""
        return self._plain_loader(self.test_samples)

    def _plain_loader(self, samples: list[Sample]) -> DataLoader[Sample]:
        return DataLoader(
            PlainDataset(sorted(samples, key=lambda sample: sample.cells)),
            self.batch_size,
            collate_fn=partial(pack, pass_cost=self.pass_cost, max_cells=self.max_pass_cells),
            num_workers=self.num_workers,
            worker_init_fn=ignore_interrupts,
            pin_memory=torch.cuda.is_available(),
        )

    def _current_epoch(self) -> int:
        return self.trainer.current_epoch if self.trainer else 0

    def _report_other_splits(self, corpus: Corpus) -> None:
        others = Counter(str(sheet.split) for sheet in corpus.annotations if sheet.split not in _SPLITS)
        for split, count in others.items():
            log.warning("%s: %d sheets have the split %s and are not used", corpus.name, count, split)

    def _load(self, corpus: Corpus, annotations: list[SheetAnnotation]) -> list[Sample]:
        loaded = load_samples(corpus, annotations, FeatureCache(self.cache_dir))
        self._report(corpus.name, loaded.problems)
        return loaded.samples

    def _fit(self, corpus: str, samples: list[Sample], max_cells: int) -> list[Sample]:
        cropped = [crop_to(sample, max_cells) for sample in samples]
        if lost := sum(count for _, count in cropped):
            log.warning("%s: %d tables lie outside the first %d cells of a sheet", corpus, lost, max_cells)
        return [sample for sample, _ in cropped]

    def _report(self, corpus: str, problems: list[Problem]) -> None:
        if self.on_problem == "fail":
            refuse(problems)
        # Each once: with `split: all` a sheet may be both trained on and validated on.
        problems = [problem for problem in problems if (corpus, problem) not in self._told]
        self._told.update((corpus, problem) for problem in problems)
        if problems:
            log.warning("%s: %s", corpus, count_by_kind(problems))
        for problem in problems[:_NAMED]:
            log.warning("  %s", problem)
        if len(problems) > _NAMED:
            log.warning("  and %d more", len(problems) - _NAMED)
