"""The rooms of the package as README lists them: a room imports only from rooms above it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tablesense"


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


@pytest.mark.parametrize("room", rooms())
def test_a_room_imports_only_from_rooms_above_it(room: str) -> None:
    order = rooms()
    files = [PACKAGE / f"{room}.py"] if (PACKAGE / f"{room}.py").exists() else (PACKAGE / room).rglob("*.py")
    below = {*order[order.index(room) + 1 :]}
    found = {(str(file.relative_to(ROOT)), name) for file in files for name in imported(file)}
    assert not {(file, name) for file, name in found if name in below}
