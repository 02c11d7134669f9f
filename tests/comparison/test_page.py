"""What the comparison page embeds, without a browser."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from tablesense.comparison.page import write_page
from tablesense.comparison.page_data import MAX_POINTS, page_data, thin
from tablesense.errors import UserError

from ..page_text import assert_self_contained, embedded
from .page_runs import EVIL, record


def test_the_page_needs_nothing_else_and_runs_only_its_own_scripts(tmp_path: Path) -> None:
    write_page([record(0), record(1)], file := tmp_path / "new folder" / "page.html")
    assert_self_contained(file.read_text("utf-8"))


def test_the_page_is_the_same_for_the_same_runs(tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        write_page([record()], tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_values_come_back_out_of_the_page(tmp_path: Path) -> None:
    runs = [record(0), record(1, epochs=20)]
    write_page(runs, file := tmp_path / "page.html")
    for shown, run in zip(embedded(file.read_text("utf-8"))["runs"], runs, strict=True):
        assert shown["epochs"]["epoch"] == [row["epoch"] for row in run.epochs]
        assert shown["epochs"]["metrics"]["val/loss"] == pytest.approx(
            [row["val/loss"] for row in run.epochs], rel=1e-5
        )
        assert shown["epochs"]["time"][-1] == pytest.approx(run.seconds)
        assert shown["steps"]["train/max_grad_norm"]["x"] == list(range(2000))
        # The scores beside the best F1 are of the same epoch, though later epochs have better ones.
        assert shown["best"]["epoch"] == len(run.epochs) - 2
        assert shown["best"]["val/eob2_f1"] == pytest.approx(0.4 + (len(run.epochs) - 2) / 100)
        assert "val/eob0_f1" not in shown["best"], "it is the F1"


def test_missing_values_stay_missing() -> None:
    rows = (
        {"epoch": 1.0, "val/f1": 0.5},
        {"epoch": 2.0, "train/loss": math.inf, "system/epoch_time_seconds": 3.0},
    )
    bare = record(epochs=0, steps=0, started=None, facts={}, config={})
    (empty, partial) = page_data([bare, replace(bare, epochs=rows)])["runs"]
    assert empty["best"] is None
    assert empty["parameters"] is None
    assert empty["steps"] == {}
    assert partial["epochs"]["metrics"]["train/loss"] == [None, None]
    assert partial["epochs"]["metrics"]["val/f1"] == [0.5, None]
    assert partial["epochs"]["time"] is None, "a sum with an unknown part is not a time"


def test_untrusted_text_cannot_leave_its_place(tmp_path: Path) -> None:
    run = record(name=EVIL, source=EVIL, config={EVIL: EVIL, "long": "x" * 100_000}, notes=(EVIL,))
    rows = tuple({**row, EVIL: 1.0} for row in run.epochs)
    write_page([replace(run, epochs=rows)], file := tmp_path / "page.html")
    page = file.read_text("utf-8")
    assert "taken'</script>" not in page
    assert "<img" not in page
    (shown,) = embedded(page)["runs"]
    assert shown["name"].startswith("<script>document.title = 'taken'</script>"), "shown as it is"
    assert not set("\u2028\u202e\x00\ud800") & set(shown["name"])
    assert len(page) < 400_000, "very long values are cut"


def test_values_that_differ_at_their_end_only_still_differ() -> None:
    long = "x" * 50_000
    (row,) = [
        row
        for row in page_data([record(config={"a": long + "1"}), record(config={"a": long + "2"})])["settings"]
        if row["key"] == "a"
    ]
    assert row["differs"]
    assert row["changed"] == [False, True]


def test_config_difference_marks_what_is_not_as_in_the_first_run() -> None:
    runs = [record(0), record(1), record(0, config={"seed_everything": 42, "model/lr": 1e-3})]
    rows = {row["key"]: row for row in page_data(runs)["settings"]}
    assert rows["model/lr"]["changed"] == [False, True, False]
    assert rows["trainer/max_epochs"]["values"] == ["12", "12", None]
    assert rows["trainer/max_epochs"]["changed"] == [False, False, True]
    assert not rows["seed_everything"]["differs"]


def test_thinning_keeps_every_extreme_and_the_mean() -> None:
    values = [math.sin(step * step) + (100 if step == 77_777 else 0) for step in range(100_001)]
    thinned = thin(list(enumerate(values)))
    assert len(thinned["x"]) <= MAX_POINTS
    assert max(thinned["high"]) == pytest.approx(max(values), rel=1e-5)
    assert min(thinned["low"]) == pytest.approx(min(values), rel=1e-5)
    for start, low, high, mean in zip(
        thinned["x"], thinned["low"], thinned["high"], thinned["mean"], strict=True
    ):
        group = values[start : start + thinned["per"]]
        assert (low, high) == pytest.approx((min(group), max(group)), rel=1e-5)
        assert mean == pytest.approx(sum(group) / len(group), rel=1e-4, abs=1e-6)


def test_a_page_that_cannot_be_written_or_has_no_runs_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No runs"):
        write_page([], tmp_path / "page.html")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Cannot write the comparison page"):
        write_page([record()], tmp_path / "file" / "page.html")
