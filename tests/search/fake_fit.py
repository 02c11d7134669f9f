"""Stands for a training in tests of the search: writes what a run leaves, at once, and does as it is told."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

signal.alarm(120)  # whatever goes wrong in a test, nothing of it stays


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--experiment.name", dest="name", required=True)
    parser.add_argument("--experiment.runs_dir", dest="runs_dir", type=Path, required=True)
    parser.add_argument("--experiment.wandb_mode", dest="wandb_mode")
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--score", type=float, default=0.5)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--behave", default="well")
    parser.add_argument("--stay-below", type=float, default=0.0)
    parser.add_argument("--meet-at", type=Path)
    options = parser.parse_args()
    if options.behave == "refuse":
        sys.stderr.write("many lines\nerror: score: too [bold]low[/bold] \x1b[31m\n")
        return 2
    run = options.resume or options.runs_dir / f"{options.name} 2026-11-22 00:45"
    (run / "checkpoints").mkdir(parents=True, exist_ok=True)
    (run / "configs").mkdir(exist_ok=True)
    (run / "configs" / "config.yaml").write_text(json.dumps({"trainer": {"max_epochs": options.epochs}}))
    (run / "started.json").write_text(json.dumps([sys.argv[1:], dict(os.environ)]))
    if options.meet_at is not None:  # either end of a pipe waits until the other one is opened
        options.meet_at.open("rb" if options.score < 0.5 else "wb").close()
    if options.behave == "crash":
        sys.stderr.write(
            "Traceback (most recent call last):\n  in some line\nValueError: a bug\nlast words\n"
        )
        return 1
    stays = options.behave == "stay" or options.score < options.stay_below
    stays = stays and options.resume is None  # who goes on comes to an end
    if options.behave == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    write_epochs(run, 1, 2 if stays else options.epochs, options)
    (run / "checkpoints" / "last.pt").touch()
    return wait(options.behave) if stays else 0


def write_epochs(run: Path, first: int, last: int, options: argparse.Namespace) -> None:
    name = "val/other" if options.behave == "measure something else" else "val/f1"
    with (run / "metrics.jsonl").open("w") as file:
        for epoch in range(first, last + 1):
            score = None if options.behave == "measure nothing" else options.score * epoch / options.epochs
            file.write(json.dumps({"epoch": epoch, name: score}) + "\n")
        file.write('{"epoch": 99, "val/')  # a line that is being written


def wait(behave: str) -> int:
    """Train on until told to stop, or even then."""
    if behave == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            signal.pause()
    signal.sigwait({signal.SIGTERM})
    return 143


if __name__ == "__main__":
    sys.exit(main())
