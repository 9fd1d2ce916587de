import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from advlab.attacks import deepfool
from advlab.attacks.ball import lengths
from advlab.models.inference import predict
from tests.attacks.linear import distance, distance_in_box, linear, pictures

NORMS = pytest.mark.parametrize("norm", ["L2", "Linf"])


@NORMS
@given(seed=st.integers(0, 10**6), classes=st.integers(2, 5))
@settings(deadline=None, max_examples=25)
def test_the_distance_to_a_linear_boundary_is_exact(norm, seed, classes):
    """The weights are small against the biases' differences, so that no step meets the edge of the box."""
    model = linear(30, classes, seed)
    with torch.no_grad():
        model[1].bias.mul_(0.05)
        model[1].weight.mul_(0.05)
        model[1].bias.sub_(model(torch.full((1, 1, 30), 0.5).double())[0])  # grey lies on every boundary
    images = pictures(6, 30, 0.45, 0.55, seed)
    labels = predict(model, images)
    attacked = deepfool(model, images, labels, norm=norm)
    for image, label, size in zip(images, labels, lengths(attacked - images, norm), strict=True):
        assert float(size) == pytest.approx(1.02 * distance(model, image, int(label), norm), rel=1e-6)


@NORMS
def test_one_step_is_enough_for_a_linear_model(norm):
    """A step that is taken and never looked at changes nothing: adv-lib's bug."""
    model, images = linear(30, seed=3), pictures(6, 30, 0.45, 0.55, 3)
    with torch.no_grad():
        model[1].bias.sub_(model(torch.full((1, 1, 30), 0.5).double())[0])
    labels = predict(model, images)
    assert (predict(model, deepfool(model, images, labels, norm=norm, steps=1)) != labels).all()


@NORMS
@pytest.mark.parametrize("seed", range(12))
def test_the_distance_inside_the_box(norm, seed):
    """Half of the pixels are black or white. Of two classes the sum of steps, clipped, is still the shortest way."""
    model, images = linear(20, seed=seed), pictures(3, 20, -0.5, 1.5, seed)
    labels = predict(model, images)
    attacked = deepfool(model, images, labels, norm=norm)
    broken = predict(model, attacked) != labels
    for image, label, size, done in zip(images, labels, lengths(attacked - images, norm), broken, strict=True):
        least = distance_in_box(model, image, int(label), norm)
        assert done == (least < float("inf"))
        if done:
            assert least * (1 - 1e-6) <= float(size) <= least * 1.0201


def test_it_does_not_stall_on_the_boundary(trained, digits):
    """torchattacks clips the sum in every step and fools 57 % in 50 steps; most of a digit's pixels are at an edge."""
    images, labels = digits.images[:50], digits.labels[:50]
    right = predict(trained, images) == labels
    for norm in ("L2", "Linf"):
        attacked = deepfool(trained, images, labels, norm=norm)
        assert 0 <= attacked.min() <= attacked.max() <= 1
        assert (predict(trained, attacked) != labels).all()
        assert torch.equal(attacked[~right], images[~right])
    assert torch.equal(attacked, deepfool(trained, images, labels, norm="Linf"))


def test_what_cannot_be_fooled_comes_back():
    class Sure(nn.Module):
        def forward(self, images):
            brightness = 0 * images.flatten(1).sum(1)
            return torch.stack([brightness + 1, brightness], dim=1)

    images = pictures(3, 8)
    assert torch.equal(deepfool(Sure(), images, torch.zeros(3, dtype=torch.long), steps=3), images)
