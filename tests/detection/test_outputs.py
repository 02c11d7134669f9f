"""Copies in a folder: each has a name of its own."""

from pathlib import Path

import pytest

from tablesense.detection.free_names import FreeNames
from tablesense.detection.outputs import AnnotateOutput, Messages


def test_many_workbooks_of_one_name_are_not_counted_up_to_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def is_taken(self: FreeNames, name: str) -> bool:
        asked.append(name)
        return name.casefold() in self._taken

    monkeypatch.setattr(FreeNames, "_is_taken", is_taken)
    output = AnnotateOutput(tmp_path / "out", ["a", "b"], Messages(), native_tables=False)
    names = [output._in_folder(f"{number}/{'bB'[number % 2]}ook.xlsx").name for number in range(30)]
    assert len({name.casefold() for name in names}) == 30
    assert names[:3] == ["book.xlsx", "Book (2).xlsx", "book (3).xlsx"]
    assert len(asked) < 60
