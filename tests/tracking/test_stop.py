"""Ctrl-C and SIGTERM: the step is finished, the place is saved, and the run goes on from there."""

import json
import signal
from pathlib import Path

import pytest

from tablesense.fit import main

from .conftest import Fit, load, only_run, run_python, same
from .test_processes import fit_in_two

ACCUMULATE = "--trainer.accumulate_grad_batches=2"
NEVER = "--model.signal_at=null"


def epochs(run: Path) -> list[int]:
    return [json.loads(line)["epoch"] for line in (run / "metrics.jsonl").read_text().splitlines()]


def assert_equal_ends(run: Path, whole: Path) -> None:
    """All that is left is the same, except the means over the epoch that was broken off."""
    for name in ("last.pt", "best.pt"):
        resumed, straight = (load(folder / "checkpoints" / name) for folder in (run, whole))
        for key in (
            "model_state_dict",
            "optimizer_state_dict",
            "scheduler_state_dict",
            "epoch",
            "val_metrics",
        ):
            assert same(resumed[key], straight[key]), (name, key)


@pytest.mark.parametrize(
    ("place", "extra"), [([1, 0], ()), ([1, 2], ()), ([0, 1], (ACCUMULATE,)), ([2, 0], (ACCUMULATE,))]
)
def test_stopped_in_the_middle_of_an_epoch(
    fit: Fit,
    runs_dir: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    place: list[int],
    extra: tuple[str, ...],
) -> None:
    whole = tmp_path / "whole"
    assert fit(f"--experiment.runs_dir={whole}", *extra) == 0
    assert fit(f"--model.signal_at={place}", *extra) == 130
    run = only_run(runs_dir)
    err = capsys.readouterr().err
    assert "Stopping after this step" in err
    assert f"Stopped and saved; epochs finished: {place[0]}" in err
    assert f"--resume '{run}'" in err
    last = load(run / "checkpoints" / "last.pt")
    assert last["epoch"] == place[0]
    accumulated = 2 if extra else 1
    steps = place[0] * 4 // accumulated + (place[1] + accumulated) // accumulated
    assert last["global_step"] == steps, "no half accumulated gradient is lost"

    assert main(["--resume", str(run), NEVER]) == 0
    assert epochs(run) == [1, 2, 3, 4]
    assert_equal_ends(run, only_run(whole))


def test_stopped_twice_in_one_epoch(fit: Fit, runs_dir: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    assert fit(f"--experiment.runs_dir={whole}") == 0
    assert fit("--model.signal_at=[1,0]") == 130
    run = only_run(runs_dir)
    assert main(["--resume", str(run), "--model.signal_at=[1,2]"]) == 130
    assert main(["--resume", str(run), NEVER]) == 0
    assert_equal_ends(run, only_run(whole))


def test_stopped_in_the_last_step_of_an_epoch(fit: Fit, runs_dir: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    assert fit(f"--experiment.runs_dir={whole}") == 0
    assert fit("--model.signal_at=[1,3]") == 130
    run = only_run(runs_dir)
    assert epochs(run) == [1, 2], "the epoch is validated and saved as any other"
    assert main(["--resume", str(run), NEVER]) == 0
    assert_equal_ends(run, only_run(whole))


def test_sigterm_does_the_same(fit: Fit, runs_dir: Path) -> None:
    assert fit("--model.signal_at=[1,1]", f"--model.signal_number={int(signal.SIGTERM)}") == 143
    assert load(only_run(runs_dir) / "checkpoints" / "last.pt")["global_step"] == 6


def test_an_order_that_cannot_be_found_again_is_not_saved(
    fit: Fit, runs_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fit("--model.signal_at=[1,1]", "--data.resumable=false") == 130
    assert "Stopped in epoch 2, without saving there" in capsys.readouterr().err
    assert load(only_run(runs_dir) / "checkpoints" / "last.pt")["global_step"] == 4


def test_handlers_are_given_back(fit: Fit) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert fit("--trainer.max_epochs=1") == 0
    assert fit("--model.signal_at=[0,0]") == 130
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_two_processes_stop_together(
    config_file: Path, runs_dir: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """The signal reaches the first process alone, as with `kill`; the other one must not wait for it."""
    stop = ("--model.signal_at=[1,0]", f"--model.signal_number={int(number)}")
    done = fit_in_two(config_file, "--data.batch_size=2", *stop)
    # A shell shows 143 for a process that SIGTERM has ended.
    assert done.returncode == (130 if number == signal.SIGINT else -signal.SIGTERM), done.stderr
    run = only_run(runs_dir)
    assert load(run / "checkpoints" / "last.pt")["epoch"] == 1
    resumed = run_python("-m", "tablesense.fit", "--resume", str(run), NEVER)
    assert resumed.returncode == 0, resumed.stderr
    whole = tmp_path / "whole"
    done = fit_in_two(config_file, "--data.batch_size=2", f"--experiment.runs_dir={whole}")
    assert done.returncode == 0, done.stderr
    assert_equal_ends(run, only_run(whole))
