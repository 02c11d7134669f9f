import torch
from torch import nn

from tablesense.learning.optimizer import adamw, decay_groups


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))


def test_matrices_decay_and_nothing_else() -> None:
    model = network()
    matrices, vectors = decay_groups(model.parameters())
    assert [tuple(p.shape) for p in matrices["params"]] == [(4, 3), (2, 4)]
    assert all(p.ndim == 1 for p in vectors["params"])
    assert vectors["weight_decay"] == 0
    optimizer = adamw([matrices, vectors], 0.1, 0.5, "32-true")
    before = [p.detach().clone() for p in model.parameters()]
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    for old, new in zip(before, model.parameters(), strict=True):
        assert torch.allclose(new, old * (1 - 0.1 * 0.5) if old.ndim > 1 else old)


def test_what_is_not_trained_is_left_out() -> None:
    model = nn.Linear(2, 2).requires_grad_(requires_grad=False)
    assert [group["params"] for group in decay_groups(model.parameters())] == [[], []]


def test_not_fused_in_mixed_precision() -> None:
    groups = decay_groups(network().parameters())
    assert adamw(groups, 0.1, 0.0, "32-true").defaults["fused"]
    assert not adamw(groups, 0.1, 0.0, "bf16-mixed").defaults["fused"]
