"""What is proposed for an option that is not there."""

import pytest

from tablesense.tracking.cli.config_errors import parser_error_line
from tablesense.tracking.cli.suggestions import did_you_mean, options_of

KNOWN = ("config", "seed_everything", "trainer.max_epochs", "trainer.max_steps", "model", "model.lr")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("trainer.max_epoch", "trainer.max_epochs"),
        ("traner.max_epochs", "trainer.max_epochs"),
        ("modle.lr", "model.lr"),
        ("seed_everthing", "seed_everything"),
        ("trainer.qqqq", None),
        ("zzzz.max_epochs", None),
        ("max_epochs", None),
    ],
)
def test_the_nearest_option_is_proposed_where_one_is_near(wrong: str, meant: str | None) -> None:
    assert did_you_mean(wrong, KNOWN) == (f"; did you mean {meant}?" if meant else "")


@pytest.mark.parametrize("path", ["nowhere.Class", "argparse.Nothing", "argparse", ""])
def test_a_class_that_cannot_be_looked_at_has_no_options(path: str) -> None:
    assert options_of(path) == []


def test_the_reports_of_jsonargparse() -> None:
    lines = {
        "unrecognized arguments: --trainer.max_epoch=3 --x": "trainer.max_epoch: there is no such option"
        "; did you mean trainer.max_epochs?",
        "Group 'trainer' does not accept option 'max_stps'": "trainer.max_stps: there is no such option"
        "; did you mean trainer.max_steps?",
        "unrecognized arguments: -x": "unrecognized arguments: -x",
    }
    assert {report: parser_error_line(report, KNOWN) for report in lines} == lines
