"""The rooms of the package as README lists them: a room imports only from rooms above it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tablesense"
SHARED = ("errors", "yaml_file", "tracking", "learning", "terminal")
EMOTIONS = ("emotions", "predict_emotions")


def rooms() -> list[str]:
    """Packages and modules, in README's order; `detect.py fit.py ...` share a line."""
    tree = re.search(r"^tablesense/\n((?:  .*\n)+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert tree is not None
    names = [line.split("  ")[1] for line in tree[1].splitlines()]
    return [re.sub(r"/$|\.py$", "", word) for name in names for word in name.split()]


def imported(file: Path) -> Iterator[str]:
    """The rooms that a module imports from, whether at its top or in a function."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "tablesense":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            modules = [node.module]
            yield from (module.split(".")[1] for module in modules if module.startswith("tablesense."))
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
            yield from (module.split(".")[1] for module in modules if module.startswith("tablesense."))


def test_readme_lists_the_rooms() -> None:
    there = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")
    }
    assert sorted(rooms()) == sorted(there - {"__init__", "__main__"})


def files_of(room: str) -> list[Path]:
    module = PACKAGE / f"{room}.py"
    return [module] if module.exists() else list((PACKAGE / room).rglob("*.py"))


@pytest.mark.parametrize("room", SHARED)
def test_what_both_tasks_share_knows_neither(room: str) -> None:
    assert {name for file in files_of(room) for name in imported(file)} <= {*SHARED, "__version__"}


def test_neither_task_knows_the_other() -> None:
    """Tables are all rooms but the shared ones; emotions are one room and one command."""
    known = {name for room in EMOTIONS for file in files_of(room) for name in imported(file)}
    assert known <= {*SHARED, *EMOTIONS}
    for room in {*rooms()} - {*EMOTIONS}:
        assert not {name for file in files_of(room) for name in imported(file)} & {*EMOTIONS}, room


@pytest.mark.parametrize("room", rooms())
def test_a_room_imports_only_from_rooms_above_it(room: str) -> None:
    order = rooms()
    below = {*order[order.index(room) + 1 :]}
    found = {(str(file.relative_to(ROOT)), name) for file in files_of(room) for name in imported(file)}
    assert not {(file, name) for file, name in found if name in below}
