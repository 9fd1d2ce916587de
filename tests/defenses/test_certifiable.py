import math

import torch
from torch import nn

from advlab.defenses import bounds, certifiable_cnn, crown_margins, initialise
from advlab.defenses.chain import chain
from advlab.defenses.intervals import intervals
from advlab.models import SimpleCNN


def size(model):
    return sum(parameter.numel() for parameter in model.parameters())


def test_weights_are_as_wide_as_said_and_the_last_layer_stays():
    model = SimpleCNN()
    last, biases = model.fc2.weight.clone(), model.fc1.bias.clone()
    assert initialise(model, torch.Generator().manual_seed(0)) is model
    for layer, inputs in ((model.conv2, 32 * 9), (model.fc1, 3136)):
        expected = math.sqrt(2 * math.pi) / inputs
        assert abs(layer.weight.std().item() / expected - 1) < 0.02
        assert abs(layer.weight.mean().item()) < 0.02 * expected
    assert torch.equal(model.fc2.weight, last)
    assert torch.equal(model.fc1.bias, biases)


def test_the_generator_decides():
    one, two = (initialise(SimpleCNN(), torch.Generator().manual_seed(3)).fc1.weight for _ in range(2))
    assert torch.equal(one, two)


def test_intervals_neither_grow_nor_shrink():
    """A layer doubles the mean radius, ReLU halves it, about; by torch's own weights it would grow by each."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        stacked = [layer for _ in range(4) for layer in (nn.Linear(400, 400), nn.ReLU())]
        model = nn.Sequential(*stacked, nn.Linear(400, 2))
    images = torch.rand(20, 400, generator=torch.Generator().manual_seed(0))
    body, _ = chain(model)
    widths = []
    for _ in range(2):
        radii = [entering.radius.mean().item() for entering in intervals(body, images, 0.1, outward=False)]
        widths.append(radii[-1] / radii[0])
        initialise(model, torch.Generator().manual_seed(0))
        for layer in body:
            if isinstance(layer, nn.Linear):
                nn.init.zeros_(layer.bias)
    assert widths[0] > 100
    assert 0.5 < widths[1] < 2


def test_the_network_takes_digits_and_can_be_bounded(digits):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = certifiable_cnn().eval()
        torch.manual_seed(0)
        assert torch.equal(certifiable_cnn()[1].weight, model[1].weight), "seeded like every architecture"
    assert size(model) <= 2 * size(SimpleCNN())
    with torch.no_grad():
        outputs = model(digits.images)
        lower, upper = bounds(model, digits.images, 0.1)
        crown_margins(model, digits.images, digits.labels, 0.1)
    assert ((lower < outputs) & (outputs < upper)).all()
