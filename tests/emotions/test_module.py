import json
import math
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from tablesense.emotions.batches import TextBatch, encode, pad
from tablesense.emotions.data import EmotionDataModule, draw
from tablesense.emotions.module import EmotionModule
from tablesense.emotions.pretrained import head_layer
from tablesense.emotions.texts import LabelledTexts
from tablesense.emotions.weights import log_odds, positive_weights
from tablesense.errors import UserError
from tablesense.fit import main

from .conftest import LABELS, emotion_config, fit, only_run, rows_of


def made(encoder: Path, texts: Path, **options: Any) -> tuple[EmotionModule, EmotionDataModule]:
    """Module and data, set up by a stand-in of the trainer."""
    config = emotion_config(encoder, texts)
    model = config["model"]["init_args"]
    module = EmotionModule(**{**model, **options})
    data = EmotionDataModule(**config["data"]["init_args"])
    trainer: Any = SimpleNamespace(
        datamodule=data, lightning_module=module, precision="32-true", current_epoch=0
    )
    trainer.estimated_stepping_batches = 100
    data.trainer = trainer
    module._trainer = trainer
    data.setup("fit")
    module.setup("fit")
    return module, data


def test_class_weights() -> None:
    counts = np.array([1, 20, 80, 0])
    assert positive_weights(counts, 100, "none").tolist() == [1, 1, 1, 1]
    assert positive_weights(counts, 100, "balanced").tolist() == [99, 4, 1, 1]
    assert positive_weights(counts, 100, "sqrt").tolist() == pytest.approx([99**0.5, 2, 1, 1])


@pytest.mark.parametrize("kind", ["none", "balanced", "sqrt"])
def test_the_start_has_the_least_loss_of_all_biases(kind: Any) -> None:
    counts, num_texts = np.array([300, 4000]), 10000
    weights = positive_weights(counts, num_texts, kind)
    targets = torch.tensor([[i < count for count in counts] for i in range(num_texts)]).double()

    def loss(bias: torch.Tensor) -> torch.Tensor:
        return nn.functional.binary_cross_entropy_with_logits(
            bias.expand_as(targets), targets, pos_weight=torch.from_numpy(weights)
        )

    bias = torch.from_numpy(log_odds(counts, num_texts, weights)).requires_grad_()
    (slope,) = torch.autograd.grad(loss(bias), bias)
    assert slope.abs().max() < 0.001


def test_a_new_classifier_starts_at_the_shares(encoder: Path, texts: Path) -> None:
    module, data = made(encoder, texts, class_weights="none")
    layer = head_layer(module.network, 28)
    shares = torch.from_numpy(data.label_counts / len(data.splits["train"])).float()
    assert torch.sigmoid(layer.bias.detach()) == pytest.approx(shares, abs=0.01)
    assert module.network.training, "dropout works"


def test_what_decays_and_how_fast_what_learns(encoder: Path, texts: Path) -> None:
    module, _ = made(encoder, texts, lr=1e-3, head_lr=1e-2, freeze_embeddings=True)
    optimizer = module.configure_optimizers()["optimizer"]
    names = {id(parameter): name for name, parameter in module.network.named_parameters()}
    seen = set()
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            name = names[id(parameter)]
            seen.add(name)
            plain = name.endswith("bias") or "LayerNorm" in name
            assert group["weight_decay"] == (0 if plain else 0.01), name
            assert group["initial_lr"] == (1e-2 if name.startswith("classifier") else 1e-3), name
    assert set(names.values()) - seen == {"bert.embeddings.word_embeddings.weight"}


def test_the_loss_counts_a_rare_label_as_often_as_its_weight_says(encoder: Path, texts: Path) -> None:
    module, data = made(encoder, texts, class_weights="balanced", dropout=0.0)
    module.log = lambda *_, **__: None  # type: ignore[method-assign] # there is no trainer to log for
    batch = next(iter(data.train_dataloader()))
    loss = module.training_step(batch).detach()
    counts, size = torch.from_numpy(data.label_counts), len(data.splits["train"])
    weights = (size - counts) / counts
    logits = module(batch).detach().double()
    likely, unlikely = nn.functional.logsigmoid(logits), nn.functional.logsigmoid(-logits)
    expected = -(weights * batch.targets * likely + (1 - batch.targets) * unlikely).mean()
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)
    assert float(weights.min()) > 2, "the weights matter"


def test_dropout_is_set_everywhere(encoder: Path, texts: Path) -> None:
    module, _ = made(encoder, texts, dropout=0.37)
    rates = [layer.p for layer in module.network.modules() if isinstance(layer, nn.Dropout)]
    assert rates == [0.37] * len(rates) != []
    module, _ = made(encoder, texts)
    assert 0.1 in {layer.p for layer in module.network.modules() if isinstance(layer, nn.Dropout)}


@pytest.mark.parametrize(
    ("schedule", "quarter"), [("linear", 0.75), ("cosine", 0.5 + 0.5 * math.cos(math.pi / 4))]
)
def test_how_the_rate_falls(encoder: Path, texts: Path, schedule: Any, quarter: float) -> None:
    options = {"lr": 1e-3, "warmup_steps": 20, "schedule": schedule, "min_lr_share": 0.2}
    module, _ = made(encoder, texts, **options)  # of a hundred steps
    scheduler: Any = module.configure_optimizers()["lr_scheduler"]
    assert scheduler["interval"] == "step"
    rates = []
    for _ in range(101):
        rates.append(scheduler["scheduler"].get_last_lr()[0])
        scheduler["scheduler"].optimizer.step()
        scheduler["scheduler"].step()
    assert rates[9] == pytest.approx(0.5e-3), "halfway up"
    assert max(rates) == rates[20] == pytest.approx(1e-3)
    assert rates[40] == pytest.approx(1e-3 * (0.2 + 0.8 * quarter))
    assert rates[100] == pytest.approx(0.2e-3)


@pytest.mark.parametrize(("kind", "expected"), [(0.3, 0.3), ("global", 0.2), ("per_class", 0.1)])
def test_the_thresholds_that_count(encoder: Path, texts: Path, kind: Any, expected: float) -> None:
    module, _ = made(encoder, texts, threshold=kind)
    module.overall_threshold.fill_(0.2)
    module.class_thresholds.fill_(0.1)
    assert module.thresholds == pytest.approx(np.full(28, expected))


def test_every_parameter_learns(encoder: Path, texts: Path) -> None:
    module, data = made(encoder, texts)
    batch = next(iter(data.train_dataloader()))
    torch.autograd.backward(nn.functional.binary_cross_entropy_with_logits(module(batch), batch.targets))
    assert [n for n, p in module.network.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_padding_changes_nothing(encoder: Path, texts: Path) -> None:
    module, data = made(encoder, texts)
    module.eval()
    tokens = encode(module.tokenizer, data.splits["val"].texts[:6], 16)

    def logits(rows: list[list[int]]) -> torch.Tensor:
        numbers, mask = pad(rows, 0)
        return module.forward(TextBatch(numbers, mask, torch.empty(0), torch.empty(0)))

    alone = torch.cat([logits([row]) for row in tokens])
    assert torch.allclose(logits(tokens), alone, atol=1e-5)


def test_a_drawn_validation_parts_no_equal_texts() -> None:
    words = [f"text {number % 150}" for number in range(300)]
    texts = LabelledTexts(words, np.ones((300, 2), np.bool_), ["a", "b"])
    train, val = draw(texts, 0.2, seed=1)
    assert not {*train.texts} & {*val.texts}
    assert len(train) + len(val) == 300
    assert 30 < len(val) < 90
    assert draw(texts, 0.2, seed=1)[1].texts == val.texts != draw(texts, 0.2, seed=2)[1].texts
    with pytest.raises(UserError, match="leaves one side empty"):
        draw(texts.take([0]), 0.2, seed=1)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("--data.max_length=40", "data.max_length: the model takes 32 tokens at most, got 40"),
        ("--data.train=texts.xlsx", "data.train: texts.xlsx is to end in .tsv or .csv"),
        ("--data.train=no.tsv", "emotions.txt: cannot be read"),
        ("--data.batch_size=0", "data.batch_size: must be 1 or more, got 0"),
        ("--model.lr=0", "model.lr: must be above 0"),
        ("--model.threshold=1.5", "model.threshold: must lie between 0 and 1, got 1.5"),
        ("--model.threshold=best", "model.threshold: "),
        ("--model.dropout=1", "model.dropout: must be at least 0 and below 1"),
        ("--model.warmup_steps=-1", "model.warmup_steps: must be 0 or more, got -1"),
        ("--model.min_lr_share=5", "model.min_lr_share: must lie between 0 and 1, got 5"),
        ("--model.learning_rate=1", "model.learning_rate: there is no such option"),
    ],
)
def test_a_mistake_is_one_line(
    encoder: Path,
    texts: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    override: str,
    message: str,
) -> None:
    assert fit(emotion_config(encoder, texts), tmp_path, override) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert message in said
    assert said.count("\n") == 1
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


@pytest.mark.slow
def test_a_csv_in_sixteen_bits_with_one_threshold(encoder: Path, texts: Path, tmp_path: Path) -> None:
    """Own data with two labels; the thresholds of the folder are those of the best epoch."""
    lines = [line.split("\t") for line in (texts / "train.tsv").read_text("utf-8").splitlines()]
    rows = [f'"{text.replace(chr(34), "")}",{int(n.startswith("1"))},{int("5" in n)}' for text, n, _ in lines]
    (tmp_path / "own.csv").write_text("\n".join(["text,one,five", *rows, ""]), "utf-8")
    overrides = ("--model.threshold=global", "--model.schedule=cosine", "--trainer.precision=bf16-mixed")
    config = emotion_config(encoder, texts)
    config["data"]["init_args"] |= {"train": str(tmp_path / "own.csv"), "val": None, "test": None}
    assert fit(config, tmp_path, *overrides, "--trainer.gradient_clip_val=1.0") == 0
    run = only_run(tmp_path)
    (stats,) = (run / "stats").iterdir()
    assert [row["emotion"] for row in rows_of(stats)] == ["one", "five"]
    best = torch.load(run / "checkpoints" / "best.pt", weights_only=True)
    tuned = float(best["model_state_dict"]["overall_threshold"])
    (folder,) = (run / "checkpoint").iterdir()
    saved = yaml.safe_load((folder / "config.json").read_text())["label_thresholds"]
    assert saved == {"one": pytest.approx(tuned), "five": pytest.approx(tuned)}
    (predictions,) = (run / "predictions").glob("val_epoch2_*")
    for row in rows_of(predictions):
        assert {row["true_labels"]} <= {"(none)", "one", "five", "one|five"}


@pytest.mark.slow
def test_stops_early(encoder: Path, texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = emotion_config(encoder, texts, early_stopping_patience=1)
    assert fit(config, tmp_path, "--model.lr=1e-12", "--trainer.max_epochs=6") == 0
    assert "Stopped early: val/f1 was no better" in capsys.readouterr().out


@pytest.mark.slow
def test_a_checkpoint_of_other_labels_is_refused(
    run: Path, encoder: Path, texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "names.txt").write_text("".join(f"{label}\n" for label in reversed(LABELS)))
    config = emotion_config(run / "checkpoint", texts)
    (config["model"]["init_args"]["model_name_or_path"],) = map(str, (run / "checkpoint").iterdir())
    checkpoint = f"--ckpt_path={run / 'checkpoints' / 'best.pt'}"
    names = f"--data.label_names={tmp_path / 'names.txt'}"
    assert fit(config, tmp_path, checkpoint, names, "--trainer.max_epochs=3") == 2
    assert "was trained for other labels" in capsys.readouterr().err


@pytest.mark.slow
def test_a_trained_classifier_is_trained_on_from_where_it_is(run: Path, texts: Path, tmp_path: Path) -> None:
    """Whatever the order in which its file names the labels."""
    (folder,) = (run / "checkpoint").iterdir()
    shutil.copytree(folder, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config["id2label"] = dict(sorted(config["id2label"].items()))
    assert [*config["id2label"]][:3] == ["0", "1", "10"]
    (tmp_path / "model" / "config.json").write_text(json.dumps(config))
    best = torch.load(run / "checkpoints" / "best.pt", weights_only=True)["model_state_dict"]
    module, _ = made(tmp_path / "model", texts)
    assert torch.equal(module.network.classifier.weight, best["network.classifier.weight"])


def test_the_data_of_another_task(encoder: Path, texts: Path) -> None:
    module = EmotionModule(str(encoder))
    trainer: Any = SimpleNamespace(datamodule=None)
    module._trainer = trainer
    with pytest.raises(UserError, match=r"data\.class_path: emotions need"):
        module.setup()
    data = EmotionDataModule("a.tsv")
    with pytest.raises(UserError, match=r"model\.class_path: the data needs a model with a tokenizer"):
        data.setup()


def test_help_documents_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    for option, of in (("model", "module.EmotionModule"), ("data", "data.EmotionDataModule")):
        assert main([f"--{option}.help=tablesense.emotions.{of}"]) == 0
        said = capsys.readouterr().out
        options = [line.split()[0] for line in said.splitlines() if line.startswith(f"  --{option}.")]
        assert len(options) > 10
        for block in said.split(f"\n  --{option}.")[1:]:
            assert len(block.split("(", 1)[0].split()) > 3, f"{block}: no help"
