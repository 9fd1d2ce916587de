import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from advlab.data import MEAN, STD
from advlab.models import Contrast, Normalize, SimpleCNN

NAMES = ["normalize", "conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "flatten", "fc1", "relu3", "dropout", "fc2"]


def test_size_and_layers():
    network = SimpleCNN()
    assert sum(parameter.numel() for parameter in network.parameters()) == 421_642
    assert sum(parameter.numel() for parameter in network.fc1.parameters()) == 401_536
    assert [name for name, _ in network.named_children()] == NAMES
    assert sum(isinstance(module, nn.ReLU) for module in network.modules()) == 3


def test_layers_run_in_the_order_of_their_names(network, digits):
    network.eval()
    by_hand = digits.images
    for layer in network.children():
        by_hand = layer(by_hand)
    assert torch.equal(network(digits.images), by_hand)


def test_it_normalises_inside(network, digits):
    without = nn.Sequential(*list(network.children())[1:]).eval()
    torch.testing.assert_close(network.eval()(digits.images), without((digits.images - MEAN) / STD))


def test_dropout_is_the_arguments():
    assert SimpleCNN(dropout=0.5).dropout.p == 0.5


def test_mean_and_std_travel_with_the_model():
    assert set(Normalize(0.25, 0.5).state_dict()) == {"mean", "std"}
    assert Normalize(0.25, 0.5).double()(torch.ones(1, 1).double()) == 1.5


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28), (2, 3, 28, 28), (2, 1, 32, 32), (2, 784)])
def test_a_wrong_shape_is_told(network, shape):
    with pytest.raises(ValueError, match=rf"\[batch, 1, 28, 28\], got {re.escape(str(list(shape)))}"):
        network(torch.zeros(shape))


UNIT = st.floats(0, 1, width=32)


@given(UNIT, UNIT, st.floats(0.0, 0.45), st.floats(0.55, 1.0), UNIT)
def test_contrast_never_falls_and_its_slope_is_as_said(one, other, low, high, leak):
    layer = Contrast(low, high, leak)
    images = torch.tensor(sorted((one, other)), requires_grad=True)
    lower, upper = layer(images)
    assert lower <= upper, "in float32, rounding included"
    (slopes,) = torch.autograd.grad(lower + upper, images)
    outside = (images < low - 1e-6) | (images > high + 1e-6)
    inside = (images > low + 1e-6) & (images < high - 1e-6)
    torch.testing.assert_close(slopes[inside], torch.full_like(slopes[inside], 1 / (high - low)), rtol=1e-4, atol=0)
    torch.testing.assert_close(
        slopes[outside], torch.full_like(slopes[outside], leak / (high - low)), rtol=1e-4, atol=1e-6
    )


def test_contrast_takes_most_of_the_ball_from_black_and_white():
    layer = Contrast(0.3, 0.7, leak=0.01)
    black, white = torch.zeros(1), torch.ones(1)
    assert float((layer(black + 0.3) - layer(black)).abs()) < 0.01
    assert float((layer(white - 0.3) - layer(white)).abs()) < 0.01
    assert float(layer(torch.tensor(0.3)).abs()) < 1e-6
    assert float((layer(torch.tensor(0.7)) - 1).abs()) < 1e-6


@pytest.mark.parametrize(("low", "high", "leak"), [(0.5, 0.5, 0.0), (0.7, 0.3, 0.0), (0.3, 0.7, -0.1), (0.3, 0.7, 1.5)])
def test_contrast_refuses_what_would_fall(low, high, leak):
    with pytest.raises(ValueError, match=r"high must be above low|leak must lie in \[0, 1\]"):
        Contrast(low, high, leak)
