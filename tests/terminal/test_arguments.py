"""Options that cannot be meant are told in words, and commands are called what people typed."""

import argparse
from collections.abc import Callable

import pytest

from tablesense.terminal.arguments import count, program, seconds, share


@pytest.mark.parametrize("kind", [count, share, seconds])
@pytest.mark.parametrize("text", ["x", "", "-1", "1e400", "nan"])
def test_what_is_no_such_number_is_told_in_words(kind: Callable[[str], float], text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"^must (be|lie) .*, got "):
        kind(text)


def test_numbers_pass() -> None:
    assert (count("3"), share("0"), share("1"), seconds("0.5")) == (3, 0.0, 1.0, 0.5)


@pytest.mark.parametrize(
    ("started", "name"),
    [
        ("/usr/bin/tablesense", "tablesense detect"),
        ("/lib/tablesense/__main__.py", "tablesense detect"),
        ("/lib/tablesense/detect.py", "python -m tablesense.detect"),
    ],
)
def test_command_is_called_as_it_was_started(
    started: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", [started, "--help"])
    assert program("detect") == name
