import itertools

import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from advlab.attacks import fgsm
from advlab.evaluation import accuracy
from advlab.models.inference import CHUNK

EPSILONS = st.floats(0, 1, allow_subnormal=False)


def smooth(seed=0, classes=10, pixels=16):
    """A small network without ties, in float64: its gradients are zero nowhere."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(pixels, 12), nn.Tanh(), nn.Linear(12, classes)).double()


def pictures(n, seed=0, pixels=16):
    """Images with exact zeros and ones among their pixels, as MNIST's have."""
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(n, 1, pixels, generator=generator).double() * 2 - 0.5).clamp(0, 1)


def classes_of(n, seed=0, classes=10):
    return torch.randint(0, classes, (n,), generator=torch.Generator().manual_seed(seed))


@given(st.integers(0, 10**6), EPSILONS, st.booleans())
@settings(deadline=None, max_examples=40)
def test_within_ball_and_box(seed, epsilon, targeted):
    images, labels = pictures(5, seed), classes_of(5, seed)
    targets = (labels + 1) % 10 if targeted else None
    attacked = fgsm(smooth(seed), images, labels, epsilon, targets=targets)
    assert (attacked - images).abs().max() <= epsilon + 1e-12
    assert 0 <= attacked.min() <= attacked.max() <= 1
    assert attacked.dtype == images.dtype
    assert attacked.shape == images.shape
    assert not attacked.requires_grad


@given(st.integers(0, 10**6), st.floats(0.001, 1))
@settings(deadline=None, max_examples=40)
def test_every_pixel_goes_as_far_as_it_may(seed, epsilon):
    """A step of full size or to the edge of the box; zero gradients do not occur here."""
    images, labels = pictures(5, seed), classes_of(5, seed)
    attacked = fgsm(smooth(seed), images, labels, epsilon)
    full = ((attacked - images).abs() - epsilon).abs() < 1e-12
    assert (full | (attacked == 0) | (attacked == 1)).all()


@given(st.integers(0, 10**6), st.floats(0.01, 0.5))
@settings(deadline=None, max_examples=30)
def test_it_is_the_sign_of_the_finite_difference(seed, epsilon):
    """The gradient, checked without autograd: a tiny move of one pixel along the attack raises the loss."""
    model, images, labels = smooth(seed), pictures(1, seed), classes_of(1, seed)
    direction = (fgsm(model, images, labels, epsilon) - images).sign()
    for pixel in range(images.shape[-1]):
        nudge = torch.zeros_like(images)
        nudge[0, 0, pixel] = 1e-6
        slope = F.cross_entropy(model(images + nudge), labels) - F.cross_entropy(model(images - nudge), labels)
        edge = images[0, 0, pixel] in (0, 1)
        assert direction[0, 0, pixel] * slope > 0 or edge or slope.abs() < 1e-14


@given(st.integers(0, 10**6), EPSILONS)
@settings(deadline=None, max_examples=40)
def test_the_exact_worst_case_of_a_linear_model(seed, epsilon):
    """Two classes: no point of ball and box has a smaller margin. Its corners, all of them, are tried."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(6, 2)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    images, labels = pictures(4, seed, pixels=6), classes_of(4, seed, classes=2)

    def margin(points):
        logits = model(points)
        own = labels.repeat(len(points) // 4)
        return logits.gather(1, own[:, None])[:, 0] - logits.gather(1, 1 - own[:, None])[:, 0]

    low, high = (images - epsilon).clamp(0, 1), (images + epsilon).clamp(0, 1)
    corners = [
        torch.where(torch.tensor(sides, dtype=torch.bool), high, low) for sides in itertools.product((0, 1), repeat=6)
    ]
    worst = torch.stack([margin(corner) for corner in corners]).min(dim=0).values
    attacked = margin(fgsm(model, images, labels, epsilon))
    torch.testing.assert_close(attacked, worst, rtol=0, atol=1e-12)
    # Of two classes, the other one is the only target.
    targeted = margin(fgsm(model, images, labels, epsilon, targets=1 - labels))
    torch.testing.assert_close(targeted, worst, rtol=0, atol=1e-12)


def test_targets_are_approached(trained, digits):
    targets = (digits.labels + 1) % 10
    before = F.cross_entropy(trained(digits.images), targets)
    after = F.cross_entropy(trained(fgsm(trained, digits.images, digits.labels, 0.05, targets=targets)), targets)
    assert after < before


def test_it_fools_a_trained_model(trained, digits):
    attacked = accuracy(trained, digits.images, digits.labels, lambda *batch: fgsm(*batch, 0.2))
    assert attacked.value < accuracy(trained, digits.images, digits.labels).value - 0.3


def test_an_image_does_not_depend_on_its_neighbours():
    """More images than a chunk holds: together, in any cut, one by one."""
    n = CHUNK + 7
    model, images, labels = smooth(), pictures(n), classes_of(n)
    whole = fgsm(model, images, labels, 0.1)
    for size in (1, 13, CHUNK):
        parts = [fgsm(model, *part, 0.1) for part in zip(images.split(size), labels.split(size), strict=True)]
        assert torch.equal(whole, torch.cat(parts))


def test_a_faint_gradient_still_has_its_sign():
    """Averaged over the batch instead of summed, it would vanish: foolbox's bug, once."""

    class Faint(nn.Module):
        def forward(self, images):
            brightness = images.flatten(1).sum(dim=1) * 2e-44
            return torch.stack([brightness, -brightness], dim=1)

    grey = torch.full((CHUNK, 1, 4), 0.5)
    attacked = fgsm(Faint(), grey, torch.zeros(CHUNK, dtype=torch.long), 0.25)
    assert torch.equal(attacked, torch.full_like(grey, 0.25))
