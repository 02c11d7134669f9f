"""What is asked of a network of transformers, on kinds that differ."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tablesense.emotions.pretrained import head_layer, positions
from tablesense.errors import UserError

from .conftest import emotion_config, fit, train_tokenizer, transformers

SIZES = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}


@pytest.fixture
def roberta() -> Any:
    config = transformers.RobertaConfig(
        vocab_size=500, max_position_embeddings=12, pad_token_id=1, num_labels=3, **SIZES
    )
    return transformers.RobertaForSequenceClassification(config).eval()


def test_positions_that_padding_takes_are_no_tokens(roberta: Any) -> None:
    most = int(positions(roberta))
    assert most == 10
    assert roberta(input_ids=torch.full((1, most), 7)).logits.shape == (1, 3)
    with pytest.raises((IndexError, RuntimeError), match="out of"):
        roberta(input_ids=torch.full((1, most + 1), 7))


def test_positions_of_others() -> None:
    bert = transformers.BertModel(transformers.BertConfig(vocab_size=9, max_position_embeddings=12, **SIZES))
    assert positions(bert) == 12


def test_texts_longer_than_a_roberta_takes_are_refused(
    roberta: Any, texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roberta.save_pretrained(tmp_path / "roberta")
    train_tokenizer().save_pretrained(tmp_path / "roberta")
    assert fit(emotion_config(tmp_path / "roberta", texts), tmp_path, "--data.max_length=11") == 2
    assert "data.max_length: the model takes 10 tokens at most, got 11" in capsys.readouterr().err


def test_a_network_that_continues_texts_is_refused() -> None:
    config = transformers.GPT2Config(vocab_size=50, n_embd=16, n_layer=1, n_head=2, num_labels=3)
    with pytest.raises(UserError, match=r"a GPT2ForSequenceClassification has no layer .* take an encoder"):
        head_layer(transformers.GPT2ForSequenceClassification(config), 3)
