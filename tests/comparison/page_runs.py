"""Made-up runs with known numbers for the tests of the comparison page."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tablesense.comparison.record import RunRecord

EVIL = "<script>document.title = 'taken'</script><img src=x onerror=alert(1)>\"'&\u2028\u202e\x00\ud800"


def record(number: int = 0, *, epochs: int = 12, steps: int = 2000, **changes: Any) -> RunRecord:
    rows = [
        {
            "epoch": float(epoch),
            "train/loss": 5 / epoch + number,
            "val/loss": 6 / epoch + number,
            "train/lr": 1e-3 / epoch,
            "val/f1": (1 if epoch == epochs - 2 else 0.5) * (0.9 - number / 50),
            "val/eob0_f1": 0.3 + epoch / 100,
            "val/eob2_f1": 0.4 + epoch / 100,
            "val/own": 0.1 * epoch,
            "system/cpu_memory_mb": 2000.0 + epoch,
            "system/epoch_time_seconds": 60.0 + number,
        }
        for epoch in range(1, epochs + 1)
    ]
    norms: list[dict[str, float]] = [
        {
            "trainer/global_step": step,
            "train/max_grad_norm": 2 + 3 * number + math.sin(step) + step / 500,
            "train/mean_grad_norm": 1 + math.sin(step) / 2,
        }
        for step in range(steps)
    ]
    run = RunRecord(
        name=f"run {number}",
        source=f"runs/run {number}",
        started=datetime(2026, 11, 22, 0, 45, tzinfo=UTC),
        config={"model/lr": 1e-3 * (1 + number), "trainer/max_epochs": epochs, "seed_everything": 42},
        facts={"model/total_params": 1_234_567},
        epochs=tuple(rows),
        steps=tuple(norms),
    )
    return replace(run, **changes)
