"""The embedded default data: generated workbooks, written once and then read like any corpus."""

from pathlib import Path
from typing import Any

from tablesense.data.module import SheetDataModule, at_least
from tablesense.data.splitting import CorpusConfig
from tablesense.errors import UserError
from tablesense.features.cache import default_cache_folder
from tablesense.synthetic.corpus import GENERATOR_VERSION, write_corpus


class SyntheticDataModule(SheetDataModule):
    """Trains and validates on generated workbooks with known tables.

    Args:
        num_sheets: sheets to generate.
        corpus_seed: equal seeds give equal workbooks.
        folder: where the workbooks are written; null is the user's cache folder.
        **options: as for :class:`SheetDataModule`.
    """

    def __init__(
        self,
        num_sheets: int = 500,
        corpus_seed: int = 0,
        folder: str | None = None,
        **options: Any,  # noqa: ANN401 - the parameters of the parent, which the command line resolves
    ) -> None:
        at_least("data.num_sheets", num_sheets, 1)
        name = f"synthetic-v{GENERATOR_VERSION}-{num_sheets}-seed{corpus_seed}"
        self.corpus_folder = Path(folder) if folder else default_cache_folder() / name
        self.num_sheets, self.corpus_seed = num_sheets, corpus_seed
        super().__init__(corpora=[CorpusConfig(str(self.corpus_folder))], **options)

    def prepare_data(self) -> None:
        """Write the workbooks where they are not there yet, then fill the feature cache."""
        try:
            write_corpus(self.corpus_folder, self.num_sheets, self.corpus_seed)
        except FileExistsError as error:
            raise UserError(str(error)) from error
        except OSError as error:
            raise UserError(f"{self.corpus_folder}: cannot be written ({error.strerror})") from error
        super().prepare_data()
