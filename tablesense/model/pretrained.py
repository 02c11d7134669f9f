"""Networks that are saved as a folder and loaded from one, or from the Hugging Face hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self, cast

from huggingface_hub import PyTorchModelHubMixin, hf_hub_download
from safetensors import SafetensorError
from safetensors.torch import load_model
from torch import nn
from typing_extensions import override

from tablesense.errors import UserError
from tablesense.model.sources import CONFIG, HUB, OTHER_NETWORK, SAFETENSORS, model_folder, parse_hub_name
from tablesense.sheets.source import printable

MODEL_CARD = """\
---
{{ card_data }}
---

# A table detector of tablesense

Finds the tables of spreadsheets as ranges of cells. `config.json` says the shape of the network, how many
detect together if several do, the version of the features that they were trained on, and the score from which
a box counts as a table. What they were trained on, and how well they do, is not recorded here.

```python
from tablesense import detect_tables

tables = detect_tables("book.xlsx", weights="path/of/this/folder")
```
"""


class Pretrained(
    PyTorchModelHubMixin,
    library_name="tablesense",
    model_card_template=MODEL_CARD,
    tags=["table-detection", "spreadsheet"],
):
    """The hub's mixin, but it prints nothing, takes no path for a repository, leaves no weight random.

    Attributes:
        several: whether what is saved is networks that detect together, not one.
    """

    several: ClassVar[bool] = False

    @classmethod
    @override
    def from_pretrained(
        cls, pretrained_model_name_or_path: str | Path, *, revision: str | None = None, **options: Any
    ) -> Self:
        """Load a saved network, ready to detect.

        Args:
            pretrained_model_name_or_path: a folder that ``save_pretrained`` wrote, a run directory, or
                ``hf://OWNER/NAME[@REVISION]`` for a model on the Hugging Face hub.
            revision: branch, tag or commit on the hub, where the name has none.
            options: what the hub's mixin takes, as ``token`` and ``cache_dir``.

        Raises:
            UserError: there is no such folder, or what it holds cannot be loaded.
        """
        source = pretrained_model_name_or_path
        on_hub = parse_hub_name(source)
        name = str(model_folder(Path(source))) if on_hub is None else on_hub.repository
        revision = revision if on_hub is None else on_hub.revision or revision
        asked = {key: options[key] for key in _OF_THE_FILES & options.keys()}
        if (several := holds_several(source, revision=revision, **asked)) != cls.several:
            kind, right = ("networks", "TableEnsemble") if several else ("one network", "TableDetector")
            raise UserError(f"{printable(str(source))}: holds {kind}: load with {right}.from_pretrained")
        with _told(source):
            return super().from_pretrained(name, revision=revision, **options)

    @classmethod
    @override
    def _from_pretrained(
        cls, *, model_id: str, map_location: str = "cpu", strict: bool = True, **options: Any
    ) -> Self:
        """As the mixin's, which prints for a folder and would leave missing weights random."""
        try:
            if not Path(model_id).is_dir():
                loaded = super()._from_pretrained(
                    model_id=model_id, map_location=map_location, strict=strict, **options
                )
                return cast(Self, loaded)
            network = cls(**{name: value for name, value in options.items() if name not in _OF_THE_HUB})
            module = cast(nn.Module, network)
            load_model(module, Path(model_id) / SAFETENSORS, strict=strict, device=map_location)
        except SafetensorError as error:
            raise UserError(f"{SAFETENSORS} is damaged or cut off; copy it again") from error
        except RuntimeError as error:  # of load_state_dict: names or shapes do not fit
            raise UserError(OTHER_NETWORK) from error
        module.eval()
        return network


_OF_THE_FILES = frozenset({"cache_dir", "force_download", "local_files_only", "token"})
_OF_THE_HUB = _OF_THE_FILES | {"revision", "proxies", "resume_download"}


def holds_several(source: str | Path, revision: str | None = None, **options: Any) -> bool:  # noqa: ANN401
    """Whether a saved folder, or a model on the hub, is networks that detect together.

    Args:
        source: as of :meth:`Pretrained.from_pretrained`.
        revision: on the hub, where the name has none.
        options: of the hub's download.

    Raises:
        UserError: there is no such folder or model, or its ``config.json`` cannot be read.
    """
    on_hub = parse_hub_name(source)
    if on_hub is None:
        config = model_folder(Path(source)) / CONFIG
    with _told(source):
        if on_hub is not None:
            revision = on_hub.revision or revision
            config = Path(hf_hub_download(on_hub.repository, CONFIG, revision=revision, **options))
        values = json.loads(config.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise UserError(f"{CONFIG} is damaged: it is no JSON object")
        return "networks" in values


@contextmanager
def _told(source: str | Path) -> Iterator[None]:
    """Whatever goes wrong, as one line that names the source."""
    given = printable(str(source))
    try:
        yield
    except UserError as error:
        raise UserError(f"{given}: {error}") from error
    except Exception as error:  # whatever json, the hub and its mixin raise: no network, no permission
        on_hub = isinstance(source, str) and source.startswith(HUB)
        where = "be loaded from the Hugging Face hub" if on_hub else "be loaded, its folder is damaged"
        raise UserError(f"{given}: the model cannot {where} ({in_short(error)})") from error


def in_short(error: Exception) -> str:
    """The kind of an error and the first line of what it says."""
    lines = str(error).strip().splitlines() or [""]
    return printable(f"{type(error).__name__}: {lines[0][:160]}").removesuffix(": ")
