from itertools import combinations

import pytest
import torch
from torch import Tensor

from tablesense.boxes import Box
from tablesense.model.decode import decode, likely_intervals
from tablesense.model.detector import DetectorOutput, LayerOutput, NetworkConfig, TableDetector

from .grids import CHANNELS, grids, padded, stirred

SIZE = 9


def one_hot(positions: list[int]) -> Tensor:
    return 20.0 * torch.nn.functional.one_hot(torch.tensor(positions), SIZE)[None].float()


def output_of(*found: tuple[Box, float], unused: int = 0) -> DetectorOutput:
    """The output of a network that points at these boxes; the last ``unused`` queries are unused."""
    boxes = [box for box, _ in found]
    lines = [(box.left, box.top, box.right - 1, box.bottom - 1) for box in boxes]
    edges = tuple(one_hot([line[side] for line in lines]) for side in range(4))
    logits = torch.logit(torch.tensor([[score for _, score in found]]))
    spare = torch.arange(len(found))[None] >= len(found) - unused
    layer = LayerOutput(logits, torch.zeros(1, len(found), 4), edges)
    mask = torch.ones(1, SIZE, SIZE, dtype=torch.bool)
    return DetectorOutput([layer], spare, torch.zeros(1, 6, SIZE, SIZE), layer.boxes, mask)


FAR, NEAR, SHIFTED = Box(6, 6, 9, 9), Box(0, 0, 4, 4), Box(0, 0, 4, 5)


def test_best_first_and_half_open() -> None:
    (found,) = decode(output_of((FAR, 0.3), (NEAR, 0.9)).answer, min_score=0.1)
    assert [item.box for item in found] == [NEAR, FAR]
    assert [item.score for item in found] == pytest.approx([0.9, 0.3])


def test_min_score() -> None:
    output = output_of((FAR, 0.3), (NEAR, 0.9))
    assert [item.box for item in decode(output.answer, min_score=0.5)[0]] == [NEAR]
    assert decode(output.answer, min_score=0.95) == [[]]


def test_of_two_that_share_cells_the_better_stays() -> None:
    output = output_of((NEAR, 0.6), (SHIFTED, 0.8), (FAR, 0.7))
    assert [item.box for item in decode(output.answer, min_score=0.1)[0]] == [SHIFTED, FAR]


def test_unused_queries_drop_no_other() -> None:
    found = decode(output_of((NEAR, 0.6), (SHIFTED, 0.8), unused=1).answer, min_score=0.0)
    assert [item.box for item in found[0]] == [NEAR]


def test_an_edge_with_two_peaks_ends_where_the_next_table_begins() -> None:
    """The first query would rather reach over both tables; beside the second it takes its shorter box."""
    output = output_of((Box(0, 0, 4, 9), 0.7), (Box(0, 5, 4, 9), 0.6))
    bottom = output.layers[0].edges[3]
    bottom[0, 0, 3] = bottom[0, 0, 8] - 0.7  # half as likely
    assert [item.box for item in decode(output.answer, 0.5)[0]] == [Box(0, 0, 4, 4), Box(0, 5, 4, 9)]
    alone = output_of((Box(0, 0, 4, 9), 0.7), (Box(0, 5, 4, 9), 0.6), unused=1)
    alone.layers[0].edges[3][0, 0, 3] = bottom[0, 0, 3]
    assert [item.box for item in decode(alone.answer, 0.5)[0]] == [Box(0, 0, 4, 9)]


def test_one_query_with_two_peaks_is_one_table() -> None:
    output = output_of((Box(0, 0, 4, 6), 0.9))
    output.layers[0].edges[1][0, 0, 7] = output.layers[0].edges[1][0, 0, 0] - 2.0
    output.layers[0].edges[3][0, 0, 8] = output.layers[0].edges[3][0, 0, 5] - 1.0
    assert [item.box for item in decode(output.answer, 0.5)[0]] == [Box(0, 0, 4, 6)]


def test_a_query_without_numbers_says_nothing() -> None:
    output = output_of((NEAR, 0.6), (FAR, 0.9))
    output.layers[0].edges[2][0, 1] = torch.nan
    assert [item.box for item in decode(output.answer, 0.5)[0]] == [NEAR]


def test_unused_queries_of_several_networks() -> None:
    """A sheet of one cell: of two queries each network uses the first."""
    answer = output_of((NEAR, 0.9), (FAR, 0.9), (NEAR, 0.7), (FAR, 0.9)).answer
    answer = answer._replace(unused=torch.tensor([[False, True, False, True]]), networks=2)
    ((box, score),) = decode(answer, 0.1)[0]
    assert box == NEAR
    assert score == pytest.approx(0.8)


def test_the_score_is_the_mean_of_the_networks() -> None:
    both = output_of((NEAR, 0.9), (FAR, 0.8), (SHIFTED, 0.3), (NEAR, 0.05)).answer._replace(networks=2)
    assert [item.box for item in decode(both, min_score=0.1)[0]] == [NEAR, FAR]
    assert [item.score for item in decode(both, 0.1)[0]] == pytest.approx([(0.9 + 0.3) / 2, 0.8 / 2])


@pytest.mark.parametrize("seed", range(20))
def test_likely_intervals_are_the_likeliest_pairs(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    first, last = (torch.randn(3, 7, generator=generator).log_softmax(-1) for _ in range(2))
    found = likely_intervals(first, last, 5)
    pairs = [(a, b) for a in range(7) for b in range(a, 7)]
    for query in range(3):
        likely = sorted(pairs, key=lambda pair: -float(first[query, pair[0]] + last[query, pair[1]]))[:5]
        assert list(zip(found.first[query].tolist(), found.last[query].tolist(), strict=True)) == likely
        expected = [float(first[query, a] + last[query, b]) for a, b in likely]
        assert found.log_probability[query].tolist() == pytest.approx(expected)


def test_impossible_pairs_have_no_probability() -> None:
    first, last = one_hot([8]).log_softmax(-1)[0], one_hot([0]).log_softmax(-1)[0]
    found = likely_intervals(first, last, 100)
    possible = found.log_probability[0] > -torch.inf
    assert (found.first[0] <= found.last[0])[possible].all()
    assert possible[0]


def test_the_last_layer_is_the_answer() -> None:
    first, last = output_of((FAR, 0.9)), output_of((NEAR, 0.9))
    output = last._replace(layers=[*first.layers, *last.layers])
    assert [item.box for item in decode(output.answer, min_score=0.5)[0]] == [NEAR]


@pytest.mark.parametrize("seed", range(5))
def test_boxes_of_a_network_are_sorted_apart_and_inside_the_sheet(seed: int) -> None:
    config = NetworkConfig(backbone_blocks=1, hidden_dim=16, num_heads=2, num_points=2, num_queries=12)
    network = stirred(TableDetector(config, CHANNELS), seed).eval()
    with torch.no_grad():
        network.heads[-1].score.bias.fill_(0.0)  # type: ignore[union-attr, operator]  # untrained, it doubts all
    sizes = [(1, 1), (6, 3), (10, 12)]
    found = decode(network(*padded(grids(*sizes, seed=seed))).answer, min_score=0.0)
    met = 0
    for (height, width), sheet in zip(sizes, found, strict=True):
        scores = [item.score for item in sheet]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        assert len(sheet) <= height * width
        met += len(sheet)
        for box, _ in sheet:
            assert box.width > 0
            assert box.height > 0
            assert Box(0, 0, width, height).contains(box)
        assert not any(a.box.intersection(b.box) for a, b in combinations(sheet, 2))
    assert met
