import math

import pytest
import torch
from scipy import stats
from torch import nn

from advlab.attacks import pgd
from advlab.attacks.ball import lengths
from advlab.defenses import Smoothed, certify
from advlab.defenses.smoothing import predict


def coins(seed=0):
    return torch.Generator().manual_seed(seed)


class Step(nn.Module):
    """Sure of class 1 where the first pixel is above one half, of class 0 elsewhere: no gradient at all."""

    def forward(self, images):
        above = (images.flatten(1)[:, 0] > 0.5).float()
        return 50 * torch.stack([1 - above, above], 1)


def test_probabilities_are_the_mean_over_the_noise():
    images = torch.tensor([[0.3, 0.0], [0.6, 1.0]])
    shares = Smoothed(Step(), 0.2, 100_000, coins())(images).exp()
    expected = stats.norm.cdf((images[:, 0].double().numpy() - 0.5) / 0.2)
    torch.testing.assert_close(shares.sum(1), torch.ones(2), rtol=0, atol=1e-4)
    assert (shares[:, 1].double() - torch.tensor(expected)).abs().max() < 6 * math.sqrt(0.25 / 100_000)


def test_the_noise_is_drawn_anew_and_by_the_generator():
    smoothed, images = Smoothed(Step(), 0.5, 50, coins(1)), torch.full((2, 2), 0.5)
    first, second = smoothed(images), smoothed(images)
    assert not torch.equal(first, second)
    assert torch.equal(Smoothed(Step(), 0.5, 50, coins(1))(images), first)


def test_the_gradient_is_that_of_the_mean():
    """Of log mean softmax, by hand on the same draws; the mean of logs would have another."""
    model = nn.Linear(3, 4).double()
    images = torch.rand(2, 3, generator=coins()).double().requires_grad_()
    noise = torch.randn(2 * 5, 3, generator=coins(7), dtype=torch.float64)
    (found,) = torch.autograd.grad(Smoothed(model, 0.8, 5, coins(7))(images)[:, 1].sum(), images)
    by_hand = []
    for row, draws in zip(images, noise.split(5), strict=True):
        mean = torch.stack([model(row + 0.8 * draw).softmax(0) for draw in draws]).mean(0)
        by_hand.append(mean[1].log())
    (expected,) = torch.autograd.grad(torch.stack(by_hand).sum(), images)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def test_it_breaks_outside_of_the_true_radius_and_not_within():
    """A plane: the smoothed classifier's nearest error is as far as the plane, in every direction known."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(9, 2)).double()
    normal = torch.tensor([1.0, -1.0, 1.0, 0, 0, 0, 0, 0, 0]).double() / math.sqrt(3)
    with torch.no_grad():
        model[1].weight.copy_(torch.stack([normal, -normal]))
        model[1].bias.copy_(torch.tensor([-normal.sum() / 2, normal.sum() / 2]))
    image = torch.full((1, 1, 3, 3), 0.5).double() + 0.25 * normal.view(1, 1, 3, 3)
    labels, sigma = torch.tensor([0]), 0.3
    certificate = certify(model, image, sigma=sigma, n=20_000, generator=coins(3)).radii.item()
    assert 0.2 < certificate < 0.25
    for epsilon, answer in ((certificate, 0), (0.3, 1)):
        smoothed = Smoothed(model, sigma, 32, coins(1))
        attacked = pgd(smoothed, image, labels, epsilon, norm="L2", steps=10, generator=coins(2))
        assert (lengths(attacked - image, "L2") <= epsilon + 1e-12).all()
        assert predict(model, attacked, sigma=sigma, n=20_000, generator=coins(4)).tolist() == [answer]


def test_bad_input():
    with pytest.raises(ValueError, match="sigma must be a finite size"):
        Smoothed(Step(), 0.0, 1, coins())
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        Smoothed(Step(), 0.5, 0, coins())
