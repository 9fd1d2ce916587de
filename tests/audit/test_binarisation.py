"""The planted problem: solvable in the ball, not by chance, and not solved where gradients are masked."""

import pytest
import torch
from torch import nn

from advlab.attacks.ball import lengths
from advlab.audit.binarisation import DEPTH, INNER, _points, _readout, features, planted_found
from tests.audit.planted import planted
from tests.oracles import nets

IMAGE = torch.full((1, 6, 6), 0.5)


@pytest.mark.parametrize("norm", ["Linf", "L2"])
def test_points_inside_and_one_on_the_surface(norm):
    points = _points(IMAGE, 0.2, norm, torch.Generator().manual_seed(0))
    sizes = lengths(points - IMAGE, norm)
    assert len(points) == INNER + 1
    assert float(sizes[:-1].max()) <= 0.2 * DEPTH + 1e-6
    assert float(sizes[-1]) == pytest.approx(0.2, abs=1e-6)


def test_the_readout_tells_the_planted_point_apart():
    points = torch.randn(INNER + 1, 200, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weight, threshold, separate = _readout(points)
    scores = points @ weight - threshold
    assert separate
    assert (scores > 0).tolist() == [False] * INNER + [True]


def test_points_that_are_all_alike_cannot_be_told_apart():
    assert not _readout(torch.ones(INNER + 1, 5, dtype=torch.float64))[2]


def test_features_are_what_the_last_linear_layer_gets():
    body, head = nn.Sequential(nn.Flatten(), nn.Linear(36, 7), nn.ReLU()), nn.Linear(7, 3)
    images = torch.rand(4, 1, 6, 6)
    assert torch.equal(features(nn.Sequential(body, head, nn.Softmax(1)), images), body(images))
    without = nn.Sequential(nn.Flatten(), nn.ReLU())
    assert torch.equal(features(without, images), without(images))


@pytest.mark.parametrize("norm", ["Linf", "L2"])
def test_found_on_sound_networks_and_missed_on_masked_ones(few, norm):
    images, size = few[0][:32], {"Linf": 0.2, "L2": 2.0}[norm]
    sound = [nets.trained("standard"), nets.trained("robust")]
    for net in sound:
        assert sum(planted_found(net, images, size, norm, 20, 0)) >= 30
    for name in ("grey levels", "rounding"):
        assert sum(planted_found(planted(sound[0])[name], images, size, norm, 20, 0)) == 0
