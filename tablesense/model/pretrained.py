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

Finds the tables of spreadsheets as ranges of cells. `config.json` says the shape of the network, the version
of the features that it was trained on, and the score from which a box counts as a table. What it was trained
on, and how well it does, is not recorded here.

```python
from tablesense import detect_tables

tables = detect_tables("book.xlsx", weights="path/of/this/folder")
```
"""


class Pretrained(PyTorchModelHubMixin):
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
        with _told(source):
            on_hub = parse_hub_name(source)
            if on_hub is not None:
                revision = on_hub.revision or revision
                return super().from_pretrained(on_hub.repository, revision=revision, **options)
            folder = model_folder(Path(source))
            several = _says_several(folder / CONFIG)
            if several != cls.several:
                kind, name = ("networks", "TableEnsemble") if several else ("one network", "TableDetector")
                raise UserError(f"holds {kind}: load with {name}.from_pretrained")
            return super().from_pretrained(str(folder), **options)

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


def holds_several(source: str | Path) -> bool:
    """Whether a saved folder, or a model on the hub, is networks that detect together.

    Raises:
        UserError: there is no such folder or model, or its ``config.json`` cannot be read.
    """
    with _told(source):
        on_hub = parse_hub_name(source)
        if on_hub is None:
            return _says_several(model_folder(Path(source)) / CONFIG)
        return _says_several(Path(hf_hub_download(on_hub.repository, CONFIG, revision=on_hub.revision)))


def _says_several(config: Path) -> bool:
    return "networks" in json.loads(config.read_text(encoding="utf-8"))


@contextmanager
def _told(source: str | Path) -> Iterator[None]:
    """Whatever goes wrong, as one line that names the source."""
    given = printable(str(source))
    try:
        yield
    except UserError as error:
        raise error if str(error).startswith(given) else UserError(f"{given}: {error}") from error
    except Exception as error:  # whatever json, the hub and its mixin raise: no network, no permission
        on_hub = isinstance(source, str) and source.startswith(HUB)
        where = "be loaded from the Hugging Face hub" if on_hub else "be loaded, its folder is damaged"
        raise UserError(f"{given}: the model cannot {where} ({in_short(error)})") from error


_OF_THE_HUB = frozenset(
    {"revision", "cache_dir", "force_download", "local_files_only", "token", "proxies", "resume_download"}
)


def in_short(error: Exception) -> str:
    """The kind of an error and the first line of what it says."""
    lines = str(error).strip().splitlines() or [""]
    return printable(f"{type(error).__name__}: {lines[0][:160]}").removesuffix(": ")
