import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations

from advlab.defenses.chain import KNOWN, chain
from advlab.models import SimpleCNN
from tests.defenses.networks import KINDS, layers, network, pictures


@pytest.mark.parametrize("kind", KINDS)
def test_the_layers_of_the_chain_are_the_network(kind):
    model, (images, _) = network(kind), pictures()
    body, last = chain(model)
    x = images
    for layer in [*body, last]:
        x = layer(x)
    assert torch.equal(x, model(images))
    assert all(any(layer is own for own in model) for layer in body), "the layers themselves, no copies"


def test_every_known_layer_is_tried_by_these_tests():
    tried = {type(layer) for kind in KINDS for layer in network(kind)}
    assert tried == set(KNOWN)


def test_simple_cnn_is_a_chain(network, digits):
    """Its check of the shape is no layer."""
    body, last = chain(network)
    assert last is network.fc2
    assert body[0] is network.normalize
    assert body[-1] is network.dropout
    assert len(body) == 11


def test_nested_sequences_and_a_layer_called_twice():
    shared = nn.Linear(4, 4)
    inner = nn.Sequential(shared, nn.ReLU())
    body, last = chain(nn.Sequential(inner, nn.Sequential(inner), nn.Linear(4, 2)))
    assert [type(layer) for layer in body] == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU]
    assert body[0] is body[2] is shared
    assert last.out_features == 2


class Calls(nn.Module):
    """A network whose forward pass is the function given."""

    def __init__(self, forward):
        super().__init__()
        self.one, self.two, self.relu = nn.Linear(4, 4), nn.Linear(4, 4), nn.ReLU()
        self.body = forward

    def forward(self, x):
        return self.body(self, x)


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (lambda m, x: m.two(F.relu(m.one(x))), "relu"),
        (lambda m, x: m.two(m.one(x) + x), "add"),
        (lambda m, x: m.two(m.one(x * 2)), "mul"),
        (lambda m, x: m.two(m.relu(input=m.one(x))), "ReLU"),
        (lambda m, x: (m.two(m.one(x)), x), "output"),
        (lambda m, x: m.one(x) if m.two(x) is None else m.relu(x), "ReLU"),
        (lambda m, x: x, "Identity"),
    ],
)
def test_what_is_no_chain_is_refused(forward, message):
    with pytest.raises(ValueError, match=message):
        chain(Calls(forward))


class Halved(nn.Linear):
    """Looks like a linear layer; computes something else."""

    def forward(self, x):
        return super().forward(x) / 2


@pytest.mark.parametrize(
    "layer", [nn.Tanh(), nn.Softmax(1), Halved(4, 4), parametrizations.weight_norm(nn.Linear(4, 4))]
)
def test_unknown_layers_are_refused_by_name(layer):
    with pytest.raises(ValueError, match="no bounds are known for step"):
        chain(nn.Sequential(nn.Linear(4, 4), layer, nn.Linear(4, 2)))


def hooked():
    layer = nn.ReLU()
    layer.register_forward_hook(lambda module, given, result: result * 2)
    return layer


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (hooked(), "'1' has hooks"),
        (nn.ReLU(inplace=True), "set inplace=False"),
        (nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"), "pads with 'circular'"),
        (nn.BatchNorm2d(1, track_running_stats=False), "no running statistics"),
    ],
)
def test_layers_that_are_not_what_they_seem(layer, message):
    with pytest.raises(ValueError, match=message):
        chain(nn.Sequential(nn.Conv2d(1, 1, 1), layer, nn.Flatten(), nn.Linear(36, 2)))


def test_the_last_layer_is_linear():
    with pytest.raises(ValueError, match=r"must be nn.Linear.*it is ReLU"):
        chain(nn.Sequential(nn.Linear(4, 2), nn.ReLU()))
    with pytest.raises(ValueError, match="no bounds are known"):
        chain(nn.Linear(4, 2))
    assert isinstance(layers("dense")[-1], nn.Linear)
    assert chain(SimpleCNN())[1].out_features == 10
