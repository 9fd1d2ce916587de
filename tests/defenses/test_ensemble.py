"""Ensembles by hand: means, votes and ties; and what an attacker differentiates in a vote's stead."""

import pytest
import torch
from torch import nn

from advlab.attacks import pgd
from advlab.defenses import BitDepth, Ensemble, Preprocessed, Vote
from advlab.evaluation import accuracy, predict


class Fixed(nn.Module):
    """The same logits for every image."""

    def __init__(self, *logits):
        super().__init__()
        self.logits = torch.tensor([logits])

    def forward(self, images):
        return self.logits.expand(len(images), -1) + 0 * images.flatten(1).sum(1, keepdim=True)


IMAGES = torch.zeros(2, 1, 1, 1)


def test_the_mean_of_the_logits():
    ensemble = Ensemble([Fixed(1.0, 2.0, 0.0), Fixed(3.0, -2.0, 0.0)])
    assert ensemble(IMAGES).tolist() == [[2.0, 0.0, 0.0]] * 2
    assert ensemble.each(IMAGES).shape == (2, 2, 3)


def test_a_vote_counts_heads():
    """One member is very sure of class 0, two are a little surer of class 1."""
    members = [Fixed(100.0, 0.0), Fixed(0.0, 1.0), Fixed(0.0, 1.0)]
    assert predict(Vote(members), IMAGES).tolist() == [1, 1]
    assert predict(Ensemble(members), IMAGES).tolist() == [0, 0]


def test_a_tie_goes_to_the_surer_side():
    assert predict(Vote([Fixed(3.0, 0.0, 0.0), Fixed(0.0, 1.0, 0.0)]), IMAGES).tolist() == [0, 0]
    assert predict(Vote([Fixed(1.0, 0.0, 0.0), Fixed(0.0, 3.0, 0.0)]), IMAGES).tolist() == [1, 1]
    # However sure, a tie-break is less than a vote.
    assert predict(Vote([Fixed(0.0, 99.0, 0.0), Fixed(1.0, 0.0, 0.0), Fixed(1.0, 0.0, 0.0)]), IMAGES).tolist() == [0, 0]


def test_what_an_attacker_differentiates(network, digits):
    network.eval()
    few = digits.images[:4]
    members = [Preprocessed(BitDepth(3), network), network]
    opened = Vote(members).through()
    expected = (network(BitDepth(3)(few)) + network(few)) / 2
    torch.testing.assert_close(opened(few), expected, rtol=1e-4, atol=1e-4)
    inputs = few.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(opened(inputs).square().sum(), inputs)
    assert (gradient != 0).flatten(1).any(1).all()


def test_the_attack_on_the_mean_breaks_the_vote(trained, network, digits):
    defense = Vote([trained, trained])
    x, y = digits.images[:40], digits.labels[:40]
    attacked = pgd(defense.through(), x, y, 0.3, generator=torch.Generator().manual_seed(0), steps=20)
    assert accuracy(defense, x, y).value > 0.8
    assert accuracy(defense, attacked, y).value < 0.05


def test_nobody():
    with pytest.raises(ValueError, match="at least one model"):
        Ensemble([])
