"""The snippets of wandb_file_organization.md, run as they stand there on the files of a real run."""

import glob
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import wandb

from ..comparison.fake_wandb_api import FakeApi, recorded_run
from .conftest import LABELS

pytestmark = pytest.mark.slow

DOCUMENT = Path(__file__).parents[3] / "shared" / "reference" / "wandb_file_organization.md"

LOAD = """\
from transformers import AutoModelForSequenceClassification, AutoTokenizer

model = AutoModelForSequenceClassification.from_pretrained('./checkpoint_dir')
tokenizer = AutoTokenizer.from_pretrained('./checkpoint_dir')
"""
ANALYZE = """\
import pandas as pd

df = pd.read_csv('predictions/test_predictions_*.csv')

# Find misclassified examples
df['correct'] = df['true_labels'] == df['pred_labels']
errors = df[~df['correct']]

print(f'Accuracy: {df["correct"].mean():.2%}')
print(f'Errors: {len(errors)}')
"""
WORST = """\
import pandas as pd

df = pd.read_csv('stats/per_class_metrics_*.csv')
worst = df.nsmallest(5, 'f1_score')[['emotion', 'f1_score', 'support']]
print(worst)
"""
DOWNLOAD = """\
import wandb

api = wandb.Api()
run = api.run('username/GoEmotions_Classification/run_id')

# Download checkpoint files only
for file in run.files():
    if 'distilbert' in file.name and 'pytorch_model.bin' in file.name:
        file.download(root='./checkpoint')
"""


@pytest.mark.skipif(not DOCUMENT.exists(), reason=f"{DOCUMENT} is not here")
def test_these_are_the_snippets_of_the_document() -> None:
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert blocks == [LOAD, ANALYZE, WORST, DOWNLOAD]


@pytest.fixture
def in_run(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder of the run, with a pandas that opens what a pattern names."""
    read = pd.read_csv
    monkeypatch.setattr(pd, "read_csv", lambda pattern: read(glob.glob(pattern)[0]))
    monkeypatch.chdir(run)


def execute(snippet: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(snippet, names)  # noqa: S102 - what is executed stands above
    return names


@pytest.mark.parametrize("weights", ["model.safetensors", "pytorch_model.bin"])
def test_load_checkpoint(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: str) -> None:
    """With either file of weights alone."""
    (folder,) = (run / "checkpoint").iterdir()
    others = {"model.safetensors", "pytorch_model.bin"} - {weights}
    shutil.copytree(folder, tmp_path / "checkpoint_dir", ignore=shutil.ignore_patterns(*others))
    monkeypatch.chdir(tmp_path)
    names = execute(LOAD)
    model, tokenizer = names["model"], names["tokenizer"]
    best = torch.load(run / "checkpoints" / "best.pt", weights_only=True)["model_state_dict"]
    for name, value in model.state_dict().items():
        assert torch.equal(value, best[f"network.{name}"])
    assert list(model.config.id2label.values()) == LABELS
    assert model.config.problem_type == "multi_label_classification"
    encoded = tokenizer("such joy today", return_tensors="pt", return_token_type_ids=False)
    assert model(**encoded).logits.shape == (1, 28)
    assert tokenizer.model_max_length == 16


@pytest.mark.usefixtures("in_run")
def test_analyze_predictions(capsys: pytest.CaptureFixture[str]) -> None:
    names = execute(ANALYZE)
    df, errors = names["df"], names["errors"]
    right = [row.true_labels == row.pred_labels for row in df.itertuples()]
    assert len(df) == 60
    assert capsys.readouterr().out == f"Accuracy: {sum(right) / 60:.2%}\nErrors: {60 - sum(right)}\n"
    assert len(errors) == 60 - sum(right)
    assert not df.isna().any().any()
    assert set(df["true_labels"].str.get_dummies().columns) <= set(LABELS)


@pytest.mark.usefixtures("in_run")
def test_worst_performing_emotions() -> None:
    worst = execute(WORST)["worst"]
    assert list(worst.columns) == ["emotion", "f1_score", "support"]
    assert len(worst) == 5
    assert set(worst["emotion"]) <= set(LABELS)


# The snippet leaves the file open that `download` hands back.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_api_download(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = recorded_run(run, "username", "GoEmotions_Classification")
    there.id = "run_id"
    monkeypatch.setattr(wandb, "Api", lambda: FakeApi(there))
    monkeypatch.chdir(tmp_path)
    execute(DOWNLOAD)
    (downloaded,) = (file for file in tmp_path.rglob("*") if file.is_file())
    assert downloaded.name == "pytorch_model.bin"
    assert torch.load(downloaded, weights_only=True).keys()
