"""Write a corpus of synthetic workbooks with their annotations, all at once or not at all."""

import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from uuid import uuid4

from tablesense.corpora.record import SheetAnnotation
from tablesense.synthetic.layout import PlannedSheet, generate_sheet
from tablesense.synthetic.write import workbook_bytes

GENERATOR_VERSION = 2
"""Raise it whenever the same seed gives other sheets: corpora of another version are not reused."""

DESCRIPTION = "corpus.json"


def write_corpus(
    folder: Path, num_sheets: int, seed: int, val_fraction: float = 0.2, test_fraction: float = 0.1
) -> None:
    """Write ``workbooks/*.xlsx`` and ``annotations.jsonl``; a finished corpus of the same kind is reused.

    The corpus is written beside ``folder`` and renamed at the end, so that ``folder`` is complete
    whenever it exists. Of two processes that write the same corpus, the later one to finish uses
    the folder of the earlier.

    Raises:
        ValueError: an argument is out of range.
        FileExistsError: ``folder`` holds something else, which is left untouched.
    """
    if num_sheets < 1:
        raise ValueError(f"num_sheets is {num_sheets}; a corpus has at least one sheet")
    for name, fraction in (("val_fraction", val_fraction), ("test_fraction", test_fraction)):
        if not 0 <= fraction <= 1:
            raise ValueError(f"{name} is {fraction}; it must lie between 0 and 1")
    folder = folder.absolute()
    description = _describe(num_sheets, seed, val_fraction, test_fraction)
    if _is_ready(folder, description):
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.parent / f".{folder.name}.{uuid4().hex}.unfinished"
    try:
        _write(unfinished, num_sheets, seed, val_fraction, test_fraction)
        (unfinished / DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
        _publish(unfinished, folder, description)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def plan_workbooks(num_sheets: int, seed: int) -> Iterator[list[PlannedSheet]]:
    """Plan sheets, bound into workbooks of one to three, one workbook at a time."""
    rng = Random(f"tablesense {seed} workbooks")
    planned = 0
    while planned < num_sheets:
        count = min(rng.choice((1, 1, 1, 2, 2, 3)), num_sheets - planned)
        # A generator of its own for every sheet: one sheet more or less does not change the others.
        sheets = [generate_sheet(Random(f"tablesense {seed} {planned + i}")) for i in range(count)]
        yield _with_distinct_names(sheets)
        planned += count


def _describe(
    num_sheets: int, seed: int, val_fraction: float, test_fraction: float
) -> dict[str, str | int | float]:
    return {
        "generator": "tablesense.synthetic",
        "generator_version": GENERATOR_VERSION,
        "num_sheets": num_sheets,
        "seed": seed,
        "val_fraction": val_fraction,
        "test_fraction": test_fraction,
    }


def _is_ready(folder: Path, description: dict[str, str | int | float]) -> bool:
    """Whether the folder holds this corpus; an empty folder counts as none.

    Raises:
        FileExistsError: the folder holds something else.
    """
    if folder.is_dir() and not any(folder.iterdir()):
        return False
    if not folder.exists():
        return False
    found: object = None
    with suppress(OSError, ValueError):
        found = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    if found == description:
        return True
    if isinstance(found, dict) and found.get("generator") == description["generator"]:
        raise FileExistsError(
            f"{folder} holds a synthetic corpus made otherwise ({_differences(found, description)}); "
            "choose another folder, or delete this one to have it written again"
        )
    raise FileExistsError(
        f"{folder} exists and is no synthetic corpus of tablesense; choose a folder that does not exist yet"
    )


def _differences(found: dict[str, object], wanted: dict[str, str | int | float]) -> str:
    return ", ".join(f"{k} {found.get(k)}, not {v}" for k, v in wanted.items() if found.get(k) != v)


def _publish(unfinished: Path, folder: Path, description: dict[str, str | int | float]) -> None:
    """Rename the finished corpus into place, unless another process was faster with the same one."""
    with suppress(OSError):
        folder.rmdir()  # an empty folder, which not every system lets a rename replace
    try:
        unfinished.rename(folder)
    except OSError:
        if not _is_ready(folder, description):
            raise


def _write(folder: Path, num_sheets: int, seed: int, val_fraction: float, test_fraction: float) -> None:
    (folder / "workbooks").mkdir(parents=True)
    workbooks: list[list[SheetAnnotation]] = []
    for number, sheets in enumerate(plan_workbooks(num_sheets, seed)):
        group = f"synthetic_{number:05}"
        file_name = f"{group}.xlsx"
        (folder / "workbooks" / file_name).write_bytes(workbook_bytes(sheets))
        workbooks.append([SheetAnnotation(file_name, s.name, s.tables, group) for s in sheets])
    with_tables = [any(record.tables for record in records) for records in workbooks]
    splits = draw_splits(with_tables, seed, val_fraction, test_fraction)
    lines = [
        replace(record, split=split).to_json() + "\n"
        for records, split in zip(workbooks, splits, strict=True)
        for record in records
    ]
    (folder / "annotations.jsonl").write_text("".join(lines), encoding="utf-8")


def draw_splits(
    has_tables: list[bool], seed: int, val_fraction: float, test_fraction: float = 0.0
) -> list[str]:
    """A split for every workbook: val and test get their fractions, train the rest.

    A ``val_fraction`` between 0 and 1 puts at least one workbook each into train and val, if there are
    two. The first workbook of val and the last of train hold a table where possible: a tiny corpus
    could otherwise be one that nothing can be learned from or measured on.
    """
    total = len(has_tables)
    order = list(range(total))
    Random(f"tablesense {seed} splits").shuffle(order)
    with_tables = [index for index in order if has_tables[index]]
    for position, index in zip((0, -1), with_tables[:2], strict=False):
        order.remove(index)
        order.insert(position if position == 0 else total, index)
    val = round(val_fraction * total)
    if 0 < val_fraction < 1 and total > 1:
        val = min(max(val, 1), total - 1)
    test = max(0, min(round(test_fraction * total), total - val - 1))
    split_of = dict.fromkeys(order[:val], "val") | dict.fromkeys(order[val : val + test], "test")
    return [split_of.get(index, "train") for index in range(total)]


def _with_distinct_names(sheets: list[PlannedSheet]) -> list[PlannedSheet]:
    """Number the names that repeat within a workbook."""
    seen: set[str] = set()
    named = []
    for sheet in sheets:
        name, number = sheet.name, 2
        while name.lower() in seen:
            name, number = f"{sheet.name} ({number})", number + 1
        seen.add(name.lower())
        named.append(replace(sheet, name=name))
    return named
