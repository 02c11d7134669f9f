"""Sweep files: what is read, and one line for every mistake."""

from pathlib import Path
from typing import Any

import pytest

from tablesense.errors import UserError
from tablesense.search.study import make_pruner, make_sampler
from tablesense.search.sweep_file import Rungs, read_sweep

from .conftest import Write


def test_what_is_not_said_is_as_with_wandb(write: Write) -> None:
    sweep = read_sweep(write(metric={"name": "loss"}, name=None, command=None, program="train.py"))
    assert not sweep.maximize
    assert sweep.name == "sweep", "the file's name"
    assert sweep.command == ("${env}", "${interpreter}", "${program}", "${args}")
    assert sweep.rungs is None
    assert sweep.run_cap is None


@pytest.mark.parametrize(
    ("section", "rungs"),
    [
        ({"min_iter": 2}, Rungs(2, 3)),
        ({"min_iter": 2, "eta": 2, "strict": True}, Rungs(2, 2)),
        ({"max_iter": 27, "s": 2}, Rungs(3, 3)),
        ({"max_iter": 27, "s": 3}, Rungs(1, 3)),
        ({"max_iter": 8, "s": 9, "eta": 2}, Rungs(1, 2)),
        ({"max_iter": 2, "s": 1, "eta": 4}, Rungs(1, 4)),
    ],
)
def test_rungs(write: Write, section: dict[str, Any], rungs: Rungs) -> None:
    assert read_sweep(write(early_terminate={"type": "hyperband", **section})).rungs == rungs


@pytest.mark.parametrize(
    ("method", "sampler"), [("bayes", "TPESampler"), ("random", "RandomSampler"), ("grid", "RandomSampler")]
)
def test_methods_are_samplers_of_optuna(write: Write, method: str, sampler: str) -> None:
    pytest.importorskip("optuna")
    sweep = read_sweep(write(method=method))
    assert type(make_sampler(sweep, 0)).__name__ == sampler
    assert type(make_pruner(sweep)).__name__ == "NopPruner"
    early = read_sweep(write(early_terminate={"type": "hyperband", "min_iter": 1}))
    assert type(make_pruner(early)).__name__ == "SuccessiveHalvingPruner"


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ({"method": "custom"}, "method: expected bayes, random or grid, got custom"),
        ({"method": None}, "method: expected bayes, random or grid, got None"),
        ({"metric": None}, "metric: expected 'name: val/f1'"),
        ({"metric": {"name": "a", "goal": "max"}}, "metric.goal: expected minimize or maximize, got max"),
        ({"parameters": None}, "parameters: name at least one"),
        ({"parameters": {"lr": {"min": 0.0, "max": 1.0}}}, "parameters.lr: a grid needs values"),
        ({"scheduler": {"engine": "ax"}}, "scheduler: there is no such section, or not for the local search"),
        ({"early_terminate": {"type": "envelope"}}, "early_terminate.type: only hyperband is known"),
        ({"early_terminate": {"type": "hyperband"}}, "early_terminate: give min_iter"),
        ({"early_terminate": {"type": "hyperband", "min_iter": 0}}, "early_terminate.min_iter: expected"),
        ({"early_terminate": {"type": "hyperband", "min_iter": 1, "eta": 1.5}}, "early_terminate.eta"),
        ({"run_cap": 0}, "run_cap: expected a whole number from 1 up, got 0"),
        ({"name": "a/b"}, "name: 'a/b' cannot be part of the name of a folder"),
        ({"name": " "}, "name: ' ' cannot be part"),
        ({"name": "\x1b"}, r"name: '\x1b' cannot be part"),
    ],
)
def test_a_mistake_is_one_line(write: Write, sections: dict[str, Any], expected: str) -> None:
    file = write(**sections)
    with pytest.raises(UserError) as error:
        read_sweep(file)
    assert str(error.value).startswith(f"{file}: ")
    assert expected in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"method: [", "line 1"),
        (b"- a", "a sweep file has sections"),
        (b"", "a sweep file has sections"),
        (b"\xff\xfe", "is not a text file in UTF-8"),
    ],
)
def test_a_file_that_is_no_sweep(tmp_path: Path, content: bytes, expected: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(content)
    with pytest.raises(UserError) as error:
        read_sweep(file)
    assert "bad.yaml" in str(error.value)
    assert expected in str(error.value)
