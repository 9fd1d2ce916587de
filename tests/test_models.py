import re

import pytest
import torch
from torch import nn

from advlab.data import MEAN, STD
from advlab.models import Normalize, SimpleCNN

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
