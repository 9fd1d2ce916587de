from functools import partial

import pytest
import torch
from torch import nn

from advlab.attacks import fgsm, random_noise, transfer
from advlab.evaluation import accuracy


class Secret(nn.Module):
    """Answers nobody."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, images):
        raise AssertionError("the model was asked")


def test_the_model_is_asked_nothing(trained, digits):
    model = Secret()
    attacked = transfer(model, digits.images, digits.labels, 0.1, surrogate=trained, attack=fgsm)
    assert torch.equal(attacked, fgsm(trained, digits.images, digits.labels, 0.1))
    assert model.weight.grad is None
    assert model.training


def test_it_stands_where_an_attack_does(trained, network, digits):
    """By itself against itself it is the white-box attack; from a network that has learnt nothing it does less."""
    counts = []
    for surrogate in (trained, network):
        attack = partial(transfer, epsilon=0.2, surrogate=surrogate, attack=fgsm)
        counts.append(accuracy(trained, digits.images, digits.labels, attack).count)
    assert counts[0] == accuracy(trained, digits.images, digits.labels, partial(fgsm, epsilon=0.2)).count
    assert counts[0] < counts[1]


def test_options_of_the_attack_are_settled_before(trained, digits):
    noise = partial(random_noise, generator=torch.Generator().manual_seed(0))
    attacked = transfer(Secret(), digits.images, digits.labels, 0.1, surrogate=trained, attack=noise)
    assert (attacked - digits.images).abs().max() <= 0.1 + 1e-6


def test_bad_input_is_refused_by_the_attack(trained, digits):
    with pytest.raises(ValueError, match="255"):
        transfer(Secret(), digits.images, digits.labels, 8.0, surrogate=trained, attack=fgsm)
