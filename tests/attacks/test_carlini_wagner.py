from functools import partial

import pytest
import torch
from torch import nn

from advlab.attacks import carlini_wagner
from advlab.attacks.ball import lengths
from advlab.attacks.losses import margin
from advlab.models.inference import predict
from tests.attacks.linear import distance_in_box, linear, pictures

quick = partial(carlini_wagner, search_steps=4, steps=40, learning_rate=0.2, initial_c=0.3)


@pytest.mark.parametrize(("classes", "seed"), [(2, 0), (2, 1), (4, 0)])
def test_the_distance_to_a_linear_boundary_inside_the_box(classes, seed):
    """Half of the pixels are black or white; scipy solves the same problem. Within 2 %, or a hundredth of a pixel."""
    model, images = linear(20, classes, seed), pictures(5, 20, -0.5, 1.5, seed)
    labels = predict(model, images)
    attacked = carlini_wagner(model, images, labels, search_steps=9, steps=150)
    assert (predict(model, attacked) != labels).all()
    for image, label, size in zip(images, labels, lengths(attacked - images, "L2"), strict=True):
        least = distance_in_box(model, image, int(label), "L2")
        assert least * (1 - 1e-5) <= float(size) <= max(least * 1.02, least + 0.01)


class Brightness(nn.Module):
    """Says 1 for images of a mean above a third, 0 below; all logits are negative."""

    def forward(self, images):
        mean = images.flatten(1).mean(1)
        return torch.stack([1 - mean, 2 * mean], dim=1) * 10 - 100


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_black_and_white_pixels_move(value):
    """torchattacks' tanh space puts them at infinity, where they have no gradient; its margin wants positive logits."""
    images = torch.full((4, 1, 9), value)
    labels = torch.full((4,), int(value))
    attacked = quick(Brightness(), images, labels)
    assert (predict(Brightness(), attacked) != labels).all()
    least = abs(value - 1 / 3) * 3  # of nine pixels moved alike
    torch.testing.assert_close(lengths(attacked - images, "L2"), torch.full((4,), least), rtol=0.02, atol=0)


def test_black_pixels_of_digits_move(trained, digits):
    images, labels = digits.images[:20], digits.labels[:20]
    right = predict(trained, images) == labels
    attacked = quick(trained, images, labels)
    assert (predict(trained, attacked) != labels).all()
    assert 0 <= attacked.min() <= attacked.max() <= 1
    assert torch.equal(attacked[~right], images[~right])
    black = (images == 0) & right.view(-1, 1, 1, 1)
    assert (attacked[black] > 0.02).float().mean() > 0.02


def test_targets_are_reached(trained, digits):
    images, labels = digits.images[:10], digits.labels[:10]
    targets = (labels + 1) % 10
    attacked = quick(trained, images, labels, targets=targets)
    there = predict(trained, attacked) == targets
    assert there.float().mean() >= 0.9
    assert torch.equal(attacked[~there], images[~there])
    untargeted = quick(trained, images, labels)
    sizes = [lengths(one - images, "L2")[there].median() for one in (untargeted, attacked)]
    assert sizes[0] < sizes[1]


def test_confidence_is_a_lead(trained, digits):
    images, labels = digits.images[:10], digits.labels[:10]
    attacked = quick(trained, images, labels, confidence=3.0)
    moved = (attacked != images).flatten(1).any(1)
    with torch.no_grad():
        logits = trained(attacked)[moved]
    own = logits.gather(1, labels[moved, None])[:, 0]
    assert moved.any()
    assert (logits.amax(1) - own > 3 - 1e-3).all()
    assert torch.equal(attacked, quick(trained, images, labels, confidence=3.0)), "nothing is left to chance"
    with pytest.raises(ValueError, match="confidence must be 0 or more"):
        quick(trained, images, labels, confidence=-1.0)


def test_with_confidence_the_distance_is_that_to_the_shifted_boundary():
    """Of a linear model, from images so grey that the box is not met. Within 2 %."""
    model, images, kappa = linear(20, 2, 0), pictures(5, 20, 0.45, 0.55, 0), 0.3
    labels = predict(model, images)
    attacked = carlini_wagner(model, images, labels, search_steps=9, steps=150, confidence=kappa)
    assert 0 < attacked.min() < attacked.max() < 1
    points = images.clone().requires_grad_()
    lead = -margin(model(points), labels)
    (slope,) = torch.autograd.grad(lead.sum(), points)
    expected = (lead.detach() + kappa) / lengths(slope, "L2")
    found = lengths(attacked - images, "L2")
    assert (found >= expected * (1 - 1e-4)).all()
    assert (found <= expected * 1.02).all()


def test_the_smallest_of_all_searches_is_kept(trained, digits):
    """More values of c can only come nearer: the longer search repeats the shorter one."""
    images, labels = digits.images[:10], digits.labels[:10]
    few, many = (lengths(quick(trained, images, labels, search_steps=n) - images, "L2") for n in (2, 4))
    found = few > 0
    assert (many[found] <= few[found]).all()


def test_what_cannot_be_fooled_comes_back():
    class Sure(nn.Module):
        def forward(self, images):
            brightness = 0 * images.flatten(1).sum(1)
            return torch.stack([brightness + 1, brightness], dim=1)

    images = pictures(3, 8)
    assert torch.equal(quick(Sure(), images, torch.zeros(3, dtype=torch.long)), images)
