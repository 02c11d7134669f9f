"""A folder that is whole or not there."""

from pathlib import Path

import pytest

from tablesense.tracking.run.atomic import atomic_folder


def test_takes_its_name_once_it_is_filled(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "out") as partial:
        (partial / "one.txt").write_text("1")
        (partial / "one.txt").chmod(0o600)
        assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    (tmp_path / "other").touch()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["one.txt"]
    assert (tmp_path / "out" / "one.txt").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_an_error_leaves_nothing_and_what_is_there_stays(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_folder(tmp_path / "out"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").touch()
    with pytest.raises(OSError, match="not empty"), atomic_folder(tmp_path / "out"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]
