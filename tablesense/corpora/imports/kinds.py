"""The kinds of annotations that can be imported."""

from typing import NamedTuple

from tablesense.corpora.imports.deco import read_deco
from tablesense.corpora.imports.native import read_native
from tablesense.corpora.imports.own_jsonl import read_own
from tablesense.corpora.imports.source import Reader
from tablesense.corpora.imports.tablesense2 import read_tablesense2
from tablesense.corpora.imports.tablesense_hf import read_hf
from tablesense.corpora.imports.tablesense_ranges import read_ranges


class Kind(NamedTuple):
    """A kind of annotations.

    Args:
        purpose: a line for the help.
        read: reads them.
        has_file: whether they lie in a file of their own, beside the workbooks.
        keeps_groups: whether a person gave the groups, which then stay as they are.
    """

    purpose: str
    read: Reader
    has_file: bool = True
    keeps_groups: bool = False


KINDS = {
    "tablesense-ranges": Kind("TableSense's published ranges, with VEnron2, VEUSES, VFUSE", read_ranges),
    "tablesense-hf": Kind("TableSense as on Hugging Face, annotations.jsonl with clean_file", read_hf),
    "tablesense2": Kind("TableSense2, annotations.jsonl with file_path and split_code", read_tablesense2),
    "deco": Kind("DECO, annotations in hidden sheets", read_deco, has_file=False),
    "native": Kind("native Excel tables of any workbooks", read_native, has_file=False),
    "jsonl": Kind("our own annotations.jsonl, workbooks anywhere", read_own, keeps_groups=True),
}
