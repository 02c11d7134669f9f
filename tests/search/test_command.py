"""The command of a trial: what W&B's own agent would run."""

import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablesense.errors import UserError
from tablesense.search.command import DEFAULT_COMMAND, check_command, expand, with_options

values = st.dictionaries(
    st.from_regex(r"[a-z_]+(\.[a-z_]+)*", fullmatch=True),
    st.one_of(st.integers(), st.floats(), st.booleans(), st.none(), st.text(), st.lists(st.integers())),
)


def of_wandbs_agent(command: list[str], values: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command line that W&B's agent starts, by its own code."""
    agent_module = pytest.importorskip("wandb.wandb_agent")
    started: list[list[str]] = []

    class Process:
        def __init__(self, command: list[str], **_: Any) -> None:
            started.append(command)

    monkeypatch.setattr(agent_module, "AgentProcess", Process)
    monkeypatch.setattr(agent_module.config_util, "save_config_file_from_dict", lambda *_: None)
    for name in ("WANDB_RUN_ID", "WANDB_DIR", "WANDB_SWEEP_PARAM_PATH"):
        monkeypatch.setenv(name, "")  # the agent sets them: put back what was there
    agent = agent_module.Agent(api=None, queue=None)
    agent._sweep_command = list(command)
    args = {name: {"value": value} for name, value in values.items()}
    agent._command_run({"run_id": "r", "program": "train.py", "args": args})
    return started[0]


@pytest.mark.parametrize(
    "command",
    [
        list(DEFAULT_COMMAND),
        ["${env}", "python", "-m", "tablesense.fit", "--config", "a b.yaml", "${args}"],
        ["${interpreter}", "${program}", "--seed=${envvar:SWEEP_TEST_SEED}", "${args_no_equals}", "--last"],
        ["${env}", "${envvar:SWEEP_TEST_NOT_THERE}/x", "$args", "${args}"],
    ],
)
def test_the_same_line_as_wandbs_agent(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEP_TEST_SEED", "7")
    values = {
        "model.lr": 1e-05,
        "model.network.hidden_dim": 64,
        "flag": True,
        "none": None,
        "list": [1, 2],
        "a": "",
    }
    assert expand(command, values, program="train.py") == of_wandbs_agent(command, values, monkeypatch)


@given(values)
def test_the_same_arguments_as_wandbs(values: dict[str, Any]) -> None:
    utils = pytest.importorskip("wandb.sdk.launch.sweeps.utils")
    theirs = utils.create_sweep_command_args(
        {"args": {name: {"value": value} for name, value in values.items()}}
    )
    for macro in ("args", "args_no_equals"):
        assert expand([f"${{{macro}}}"], values) == theirs[macro]


def test_text_of_a_value_is_no_macro(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "SECRET", "s")
    assert expand(["${args}"], {"a": "${envvar:SECRET}", "b": "${program}"}) == [
        "--a=${envvar:SECRET}",
        "--b=${program}",
    ]


def test_the_last_option_counts_and_stands_alone() -> None:
    line = ["python", "--config", "a", "--config=b", "--x.mode=online", "--lr=1", "--switch"]
    kept = ["python", "--config", "a", "--config=b", "--switch"]
    options = ["--x.mode=offline", "--lr=2", "--config=c", "--lr=3"]
    assert with_options(line, options) == [*kept, *options]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python train.py", "command: expected a list"),
        ([], "command: expected a list"),
        (["python", "train.py"], "command: ${args} is missing"),
        (
            ["python", "${args_json}", "${args}"],
            "command: ${args_json} is not supported here; known are ${env}",
        ),
        (["${program}", "${args}"], "program: the command asks for ${program}"),
    ],
)
def test_a_mistake_is_one_line(command: Any, expected: str) -> None:
    with pytest.raises(UserError) as error:
        check_command(command, has_program=False)
    assert expected in str(error.value)
