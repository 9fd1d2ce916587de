from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from jaxtyping import TypeCheckError
from torch import nn

from advlab.data import subset
from advlab.defenses.fitting import fit
from advlab.models.inference import predict
from advlab.training import Recipe, train

SMALL = Recipe(epochs=1, batch_size=50, train_images=300, test_images=50)


def test_on_digits_and_labels_it_is_the_training_loop():
    """Bit for bit: same weights, same order, same dropout, same rates."""
    data = subset(300, "train")
    state = torch.get_rng_state()
    found = fit(SMALL, data.images, data.labels, seed=3)
    assert torch.equal(torch.get_rng_state(), state)
    expected = train(SMALL, seed=3).model
    for name, tensor in expected.state_dict().items():
        assert torch.equal(found.state_dict()[name], tensor)
    assert not any(module.training for module in found.modules())


def test_targets_of_any_kind():
    """A linear map, found again by least squares."""

    def line():
        return nn.Sequential(nn.Flatten(), nn.Linear(3, 2))

    images = torch.rand(400, 1, 1, 3, generator=torch.Generator().manual_seed(0))
    targets = images.flatten(1) @ torch.tensor([[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]])
    model = fit(Recipe(line, epochs=60, learning_rate=0.05, loss=F.mse_loss), images, targets, seed=0)
    torch.testing.assert_close(model(images), targets, rtol=0, atol=0.1)


def test_the_seed_decides():
    data = subset(100, "train")
    one, same, other = (fit(SMALL, data.images, data.labels, seed) for seed in (0, 0, 1))
    assert torch.equal(one.fc2.weight, same.fc2.weight)
    assert not torch.equal(one.fc2.weight, other.fc2.weight)
    assert predict(one, data.images).shape == (100,)


def test_what_it_refuses():
    data = subset(20, "train")
    with pytest.raises((ValueError, TypeCheckError)):
        fit(SMALL, data.images, data.labels[1:], 0)
    with pytest.raises(ValueError, match="epochs and batch_size"):
        fit(replace(SMALL, epochs=0), data.images, data.labels, 0)
    with pytest.raises(ValueError, match=r"use advlab\.training\.train"):
        fit(replace(SMALL, perturb=lambda model, x, y, epsilon: x), data.images, data.labels, 0)
