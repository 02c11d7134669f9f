"""An exported network gives what torch gives, on sheets of any size; a file of anything else is refused."""

import copy
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor

from tablesense import __version__
from tablesense.errors import UserError
from tablesense.features.channels import FEATURE_VERSION, NUM_CHANNELS
from tablesense.model import onnx_export, sources
from tablesense.model.answer import Answer
from tablesense.model.ensemble import TableEnsemble
from tablesense.model.onnx_export import answer_difference, export_onnx
from tablesense.model.onnx_network import OnnxNetwork
from tests.onnx_models import CONFIG, OnnxModel, make_network, make_networks, onnx_model

__all__ = ["onnx_model"]  # a fixture


def sheets(*sizes: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """A batch of random sheets of bytes, padded, and its mask."""
    generator = torch.Generator().manual_seed(len(sizes))
    height, width = (max(size) for size in zip(*sizes, strict=True))
    grid = torch.zeros(len(sizes), NUM_CHANNELS, height, width, dtype=torch.uint8)
    mask = torch.zeros(len(sizes), height, width, dtype=torch.bool)
    for number, (h, w) in enumerate(sizes):
        grid[number, :, :h, :w] = torch.randint(0, 256, (NUM_CHANNELS, h, w), generator=generator)
        mask[number, :h, :w] = True
    return grid, mask


def in_doubles(networks: TableEnsemble, grid: Tensor, mask: Tensor) -> Answer:
    """What the networks say in double precision, rounded to floats."""
    with torch.inference_mode():
        answer: Answer = copy.deepcopy(networks).double()(grid.double() / 255, mask)
    lowest = torch.finfo(torch.float32).min
    edges = tuple(edge.clamp(min=lowest).float() for edge in answer.edges)
    return answer._replace(logits=answer.logits.float(), edges=edges)


@pytest.mark.slow
@pytest.mark.parametrize(
    "sizes",
    [
        [(1, 1)],
        [(1, 7)],
        [(40, 3)],
        [(3, 300)],
        [(16, 8)],  # a whole number of cells of every map
        [(1500, 2)],
        [(19, 24), (3, 2), (1, 1), (8, 30)],
        [(1, 2), (2, 1)],
    ],
    ids=lambda sizes: "+".join(f"{height}x{width}" for height, width in sizes),
)
def test_outputs_equal_torch_on_any_size(onnx_model: OnnxModel, sizes: list[tuple[int, int]]) -> None:
    batch = sheets(*sizes)
    other = OnnxNetwork(onnx_model.file, "cpu")
    expected, found = onnx_model.network.answer(*batch), other.answer(*batch)
    assert found.unused.dtype == torch.bool
    assert found.networks == expected.networks == 2
    rounding = answer_difference(expected, in_doubles(onnx_model.network, *batch))  # grows with the sheet
    assert answer_difference(expected, found) < 1e-5 + 3 * rounding
    assert rounding < 2e-4 or max(sizes)[0] > 1000  # float32 itself, whatever runs the network


@pytest.mark.slow
def test_file_says_all_of_the_network(onnx_model: OnnxModel) -> None:
    network = OnnxNetwork(onnx_model.file, "cpu")
    assert network.score_threshold == 0.4
    assert network.device.type == "cpu"
    assert network.facts.tablesense == __version__
    assert network.facts.feature_version == str(FEATURE_VERSION)
    assert '"num_queries": 12' in network.facts.network
    graph = onnx.load(onnx_model.file).graph
    shapes = [[d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in graph.input]
    assert shapes == [["batch", NUM_CHANNELS, "height", "width"], ["batch", "height", "width"]]
    assert str(Path(onnx_export.__file__).parent).encode() not in onnx_model.file.read_bytes()  # no traces


def refusal(file: Path) -> str:
    with pytest.raises(UserError) as error:
        OnnxNetwork(file, "cpu")
    text = str(error.value)
    assert text.startswith(f"{file}: ")
    assert "\n" not in text
    return text


def test_file_of_something_else_is_refused_in_one_line(tmp_path: Path) -> None:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [value])
    graph.output[0].name = "y"
    foreign = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(foreign, tmp_path / "foreign.onnx")
    assert "no table detector of ours" in refusal(tmp_path / "foreign.onnx")
    (tmp_path / "text.onnx").write_text("# no model")
    (tmp_path / "empty.onnx").write_bytes(b"")
    for name in ("text", "empty"):
        assert "damaged or no .onnx file" in refusal(tmp_path / f"{name}.onnx")
    assert "cannot be read" in refusal(tmp_path / "gone.onnx")


@pytest.mark.slow
def test_damaged_file_and_other_features_are_refused_in_one_line(
    onnx_model: OnnxModel, tmp_path: Path
) -> None:
    content = onnx_model.file.read_bytes()
    (tmp_path / "cut.onnx").write_bytes(content[: len(content) // 2])
    assert "damaged" in refusal(tmp_path / "cut.onnx")
    for key, value, reason in (
        ("feature_version", str(FEATURE_VERSION - 1), f"feature version {FEATURE_VERSION - 1}"),
        ("feature_version", "x", "no table detector of ours"),
        ("kind", "something else", "no table detector of ours"),
        ("networks", "0", "no table detector of ours"),
        ("networks", "two", "no table detector of ours"),
    ):
        model = onnx.load(onnx_model.file)
        (entry,) = (entry for entry in model.metadata_props if entry.key == key)
        entry.value = value
        onnx.save(model, tmp_path / "changed.onnx")
        assert reason in refusal(tmp_path / "changed.onnx")


@pytest.mark.slow
def test_number_of_networks(onnx_model: OnnxModel, tmp_path: Path) -> None:
    """Files of earlier versions do not tell it: theirs is one."""
    model = onnx.load(onnx_model.file)
    (entry,) = (entry for entry in model.metadata_props if entry.key == "networks")
    entry.value = "5"
    onnx.save(model, tmp_path / "five.onnx")
    with pytest.raises(UserError, match="no table detector of ours"):
        OnnxNetwork(tmp_path / "five.onnx", "cpu").answer(*sheets((5, 5)))
    model.metadata_props.remove(entry)
    onnx.save(model, tmp_path / "earlier.onnx")
    assert OnnxNetwork(tmp_path / "earlier.onnx", "cpu").answer(*sheets((5, 5))).networks == 1


@pytest.mark.slow
def test_outputs_that_differ_are_not_exported(onnx_model: OnnxModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_export, "_translate", lambda _: onnx_model.file.read_bytes())
    assert export_onnx(onnx_model.network).difference < 5e-5
    with pytest.raises(UserError, match=r"not exported: .* differ from torch's by"):
        export_onnx(make_networks(1, 2))
    with pytest.raises(UserError, match=r"differ from torch's by inf"):
        export_onnx(make_network())  # the file is of two


def test_backbone_of_timm_is_refused() -> None:
    network = make_network(replace(CONFIG, backbone="convnextv2_atto"))
    with pytest.raises(UserError, match=r"the backbone convnextv2_atto cannot be exported"):
        export_onnx(network)


def test_answers_that_cannot_be_compared_differ_without_end() -> None:
    one = make_network().answer(*sheets((5, 5)))
    assert answer_difference(one, one) == 0
    turned = Answer(one.logits.flip(1), tuple(edge.flip(1) for edge in one.edges), one.unused.flip(1))
    assert answer_difference(one, turned) == 0
    assert answer_difference(one, one._replace(logits=one.logits.flip(1))) > 0, "edges belong to their logit"
    assert answer_difference(one, one._replace(unused=~one.unused)) == float("inf")
    assert answer_difference(one, one._replace(logits=one.logits * torch.nan)) == float("inf")
    assert answer_difference(one, make_network().answer(*sheets((5, 6)))) == float("inf")


def test_device_that_onnxruntime_lacks_is_refused(tmp_path: Path) -> None:
    for device in ("abacus", "cuda:x"):
        with pytest.raises(UserError, match=f"device '{device}' cannot be used with .onnx files"):
            OnnxNetwork(b"", device)


def test_missing_packages_are_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "find_spec", lambda _: None)
    for call in (lambda: OnnxNetwork(b""), lambda: export_onnx(make_network())):
        with pytest.raises(UserError, match=r"need .*onnxruntime: pip install 'tablesense\[onnx\]'$"):
            call()
