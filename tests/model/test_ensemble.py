"""Networks that detect together, and how they are saved, loaded and refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from huggingface_hub import PyTorchModelHubMixin

from tablesense.errors import UserError
from tablesense.features.channels import NUM_CHANNELS
from tablesense.model import pretrained, weights
from tablesense.model.decode import decode
from tablesense.model.detector import TableDetector
from tablesense.model.ensemble import TableEnsemble
from tablesense.model.weights import load_detector, load_network, load_torch
from tests.detection.blobs import TINY


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_loaded", {})


def network(seed: int) -> TableDetector:
    torch.manual_seed(seed)
    return TableDetector(TINY, score_threshold=0.4).eval()


def sheets() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    grid = torch.randint(0, 256, (2, NUM_CHANNELS, 9, 5), dtype=torch.uint8)
    return grid, torch.ones(2, 9, 5, dtype=torch.bool)


def test_answers_of_all_one_after_the_other() -> None:
    one, other = network(1), network(2)
    both = TableEnsemble.of([one, other], 0.3).answer(*sheets())
    answers = [single.answer(*sheets()) for single in (one, other)]
    assert both.networks == 2
    for number, answer in enumerate(answers):
        part = slice(number * TINY.num_queries, (number + 1) * TINY.num_queries)
        assert torch.equal(both.logits[:, part], answer.logits)
        assert torch.equal(both.unused[:, part], answer.unused)
        for edge, expected in zip(both.edges, answer.edges, strict=True):
            assert torch.equal(edge[:, part], expected)


def test_the_same_network_twice_finds_what_it_finds_alone() -> None:
    alone = network(1)
    with torch.no_grad():
        alone.heads[-1].score.bias.fill_(0.0)  # type: ignore[union-attr, operator]  # untrained, it doubts all
    twice = TableEnsemble.of([alone, alone])
    expected, found = (decode(one.answer(*sheets()), 0.0) for one in (alone, twice))
    assert any(expected)
    assert [[box for box, _ in sheet] for sheet in found] == [[box for box, _ in sheet] for sheet in expected]
    for sheet, other in zip(found, expected, strict=True):
        assert [score for _, score in sheet] == pytest.approx([score for _, score in other])


def test_packed_with_others_is_as_alone() -> None:
    grid, _ = sheets()
    mask = torch.ones(2, 9, 5, dtype=torch.bool)
    mask[1, 4:], mask[1, :, 3:] = False, False
    ensemble = TableEnsemble.of([network(1), network(2)])
    packed = ensemble.answer(grid * mask[:, None], mask)
    alone = ensemble.answer(grid[1:, :, :4, :3], mask[1:, :4, :3])
    used = ~alone.unused[0]
    assert torch.equal(packed.unused[1], alone.unused[0])
    assert torch.allclose(packed.logits[1][used], alone.logits[0][used], atol=1e-5)


def test_copied(tmp_path: Path) -> None:
    one = network(1)
    ensemble = TableEnsemble.of([one])
    before = ensemble.answer(*sheets()).logits.clone()
    with torch.no_grad():
        one.fuse.weight.zero_()
    assert torch.equal(ensemble.answer(*sheets()).logits, before)


def test_saved_together_loaded_together(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ensemble = TableEnsemble.of([network(1), network(2)], 0.3)
    ensemble.save_pretrained(tmp_path / "both")
    for loaded in (load_network(tmp_path / "both", "cpu"), TableEnsemble.from_pretrained(tmp_path / "both")):
        assert isinstance(loaded, TableEnsemble)
        assert loaded.score_threshold == 0.3
        assert not loaded.training
        assert torch.equal(loaded.answer(*sheets()).logits, ensemble.answer(*sheets()).logits)
    assert load_network(ensemble, "cpu") is ensemble
    assert load_torch(tmp_path / "both", "cpu") is load_torch(tmp_path / "both" / "model.safetensors", "cpu")
    first = load_detector(tmp_path / "both", "cpu")
    assert torch.equal(first.answer(*sheets()).logits, network(1).answer(*sheets()).logits)
    assert capfd.readouterr() == ("", "")


def test_the_wrong_class_is_told_which_is_right(tmp_path: Path) -> None:
    TableEnsemble.of([network(1)]).save_pretrained(tmp_path / "several")
    network(1).save_pretrained(tmp_path / "one")
    with pytest.raises(UserError, match=r"several: holds networks: load with TableEnsemble\.from_pretrained"):
        TableDetector.from_pretrained(tmp_path / "several")
    with pytest.raises(UserError, match=r"one: holds one network: load with TableDetector\.from_pretrained"):
        TableEnsemble.from_pretrained(tmp_path / "one")


def test_networks_of_other_shapes_and_too_many_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"one shape: number 2 has another num_queries \(model\.network\)"):
        TableEnsemble.of([network(1), TableDetector(replace(TINY, num_queries=5))])
    assert len(TableEnsemble.of([network(1), TableDetector(replace(TINY, dropout=0.3))]).members) == 2
    with pytest.raises(UserError, match="1 to 16 networks can detect together, not 17"):
        TableEnsemble.of([network(1)] * 17)
    TableEnsemble.of([network(1), network(2)]).save_pretrained(tmp_path / "both")
    config = tmp_path / "both" / "config.json"
    for count, reason in ((10**9, "not 1000000000"), (0, "not 0"), (3, "another version"), ("x", "damaged")):
        config.write_text(json.dumps(json.loads(config.read_text()) | {"networks": count}))
        with pytest.raises(UserError, match=rf"both: .*{reason}"):
            load_network(tmp_path / "both", "cpu")
    config.write_text('"networks"')
    with pytest.raises(UserError, match=r"both: config\.json is damaged"):
        load_network(tmp_path / "both", "cpu")


def test_on_the_hub_the_config_says_which_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub is played: what would be downloaded lies in a folder."""
    TableEnsemble.of([network(1), network(2)]).save_pretrained(tmp_path / "both")
    asked: list[tuple[str, str, str | None]] = []

    def download(repository: str, file: str, *, revision: str | None) -> str:
        asked.append((repository, file, revision))
        return str(tmp_path / "both" / file)

    def from_hub(cls: type[TableEnsemble], name: str, *, revision: str | None) -> TableEnsemble:
        assert (name, revision) == ("someone/tables", "v1")
        return cls.from_pretrained(tmp_path / "both")

    monkeypatch.setattr(pretrained, "hf_hub_download", download)
    real = PyTorchModelHubMixin.from_pretrained.__func__  # type: ignore[attr-defined]

    def either(cls: type[TableEnsemble], /, name: str, **options: str | None) -> TableEnsemble:
        played = name == "someone/tables"
        loaded: TableEnsemble = (from_hub if played else real)(cls, name, **options)
        return loaded

    monkeypatch.setattr(PyTorchModelHubMixin, "from_pretrained", classmethod(either))
    assert isinstance(load_network("hf://someone/tables@v1", "cpu"), TableEnsemble)
    assert set(asked) == {("someone/tables", "config.json", "v1")}
    with pytest.raises(UserError, match=r"hf://someone/tables@v1: holds networks: load with TableEnsemble"):
        TableDetector.from_pretrained("hf://someone/tables@v1")

    def unreachable(*_: object, **__: object) -> str:
        raise OSError("no route\nto host")

    monkeypatch.setattr(pretrained, "hf_hub_download", unreachable)
    with pytest.raises(UserError, match=r"hf://someone/other: .*hub \(OSError: no route\)$"):
        load_network("hf://someone/other", "cpu")
