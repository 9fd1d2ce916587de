from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from advlab.attacks import fab
from advlab.attacks.ball import lengths
from advlab.attacks.fab import onto_hyperplane
from advlab.evaluation import distances
from advlab.models.inference import predict
from tests.attacks.linear import distance_in_box, linear, pictures, smallest_change

NORMS = pytest.mark.parametrize("norm", ["Linf", "L2"])


def seeded(*args, seed=0, **options):
    return fab(*args, generator=torch.Generator().manual_seed(seed), **options)


@NORMS
@given(seed=st.integers(0, 10**6), width=st.integers(1, 12))
@settings(deadline=None, max_examples=25)
def test_the_projection_is_the_smallest_change(norm, seed, width):
    """Against scipy's solvers, with black and white pixels and weights of zero."""
    generator = torch.Generator().manual_seed(seed)
    points = pictures(4, width, -0.4, 1.4, seed)
    w = torch.randn(4, 1, width, generator=generator).double()
    w[torch.rand(w.shape, generator=generator) < 0.2] = 0
    f = torch.randn(4, generator=generator).double()
    changes = onto_hyperplane(points, w, f, norm)
    assert (points + changes).min() >= -1e-12
    assert (points + changes).max() <= 1 + 1e-12
    for x, normal, value, change in zip(points, w, f, changes, strict=True):
        size, _ = smallest_change(x.flatten().numpy(), normal.flatten().numpy(), float(value), norm)
        left = float(value + (normal * change).sum())
        if np.isfinite(size):
            assert abs(left) < 1e-9
            assert float(lengths(change[None], norm)) == pytest.approx(size, rel=1e-5, abs=1e-7)
        else:  # as far as the box allows: to the corner
            corner = torch.where(normal * -float(value) > 0, 1 - x, -x) * (normal != 0)
            torch.testing.assert_close(change, corner, rtol=0, atol=1e-12)


@NORMS
def test_the_projection_of_faint_weights(norm):
    """Squares of 1e-25 are 0 in float32."""
    points, w = pictures(5, 9, seed=1).float(), torch.linspace(-1, 1, 45).reshape(5, 1, 9)
    f = torch.tensor([0.1, -0.1, 0.2, -0.2, 0.0])
    strong, faint = onto_hyperplane(points, w, f, norm), onto_hyperplane(points, w * 1e-25, f * 1e-25, norm)
    torch.testing.assert_close(strong, faint)
    assert strong[:4].abs().sum() > 0
    assert (strong[4] == 0).all()


@NORMS
@pytest.mark.parametrize(("classes", "seed"), [(2, 0), (2, 1), (2, 2), (4, 3), (4, 2)])
def test_the_distance_to_a_linear_boundary_inside_the_box(norm, classes, seed):
    """Towards each class in turn: which boundary is the nearest, the untargeted form judges without the box."""
    model, images = linear(20, classes, seed), pictures(6, 20, -0.5, 1.5, seed)
    labels = predict(model, images)
    sizes = []
    for step in range(1, classes):
        attacked = seeded(model, images, labels, norm=norm, steps=20, targets=(labels + step) % classes)
        broken = predict(model, attacked) != labels
        sizes.append(torch.where(broken, lengths(attacked - images, norm), torch.inf))
    for image, label, size in zip(images, labels, torch.stack(sizes).amin(0), strict=True):
        least = distance_in_box(model, image, int(label), norm)
        assert float(size) == pytest.approx(least, rel=0.005)


@NORMS
def test_digits(norm, trained, digits):
    images, labels = digits.images[20:35], digits.labels[20:35]
    right = predict(trained, images) == labels
    attack = partial(seeded, trained, images, labels, norm=norm)
    attacked = attack(steps=15)
    failed = predict(trained, attacked) == labels
    assert failed.sum() <= 1
    assert 0 <= attacked.min() <= attacked.max() <= 1
    assert torch.equal(attacked[~right | failed], images[~right | failed])
    # A search that goes on keeps what it has; what follows is the final search, which may end a little elsewhere.
    sizes = [distances(trained, images, labels, one, norm) for one in (attacked, attack(steps=20))]
    assert (sizes[1] <= 1.01 * sizes[0]).all()


def test_restarts_come_nearer_and_follow_the_generator():
    """On a small bent network, whose nearest error one start may miss."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 6)
        model = nn.Sequential(nn.Flatten(), *layers).double().eval()
    images = pictures(60, 16, -0.5, 1.5)
    labels = predict(model, images)
    attack = partial(seeded, model, images, labels, steps=3)
    one, five = attack(), attack(restarts=5)
    sizes = [distances(model, images, labels, attacked, "Linf").clamp_max(1) for attacked in (one, five)]
    assert (sizes[1] <= 1.01 * sizes[0] + 1e-6).all()
    assert sizes[1].mean() < 0.99 * sizes[0].mean()
    assert torch.equal(five, attack(restarts=5))
    assert not torch.equal(five, attack(restarts=5, seed=1))
    assert torch.equal(one, attack(seed=1)), "the first start is the image itself"


def test_the_nearest_target_is_the_nearest_class():
    """On a linear model of three classes: towards a class, the way ends at its boundary or at a nearer one."""
    model, images = linear(20, 3, seed=5), pictures(12, 20, 0.2, 0.8, seed=5)
    labels = predict(model, images)
    free = lengths(seeded(model, images, labels, steps=30) - images, "Linf")
    towards = []
    for step in (1, 2):
        attacked = seeded(model, images, labels, steps=30, targets=(labels + step) % 3)
        assert (predict(model, attacked) != labels).all()
        towards.append(lengths(attacked - images, "Linf"))
    torch.testing.assert_close(torch.stack(towards).amin(0), free, rtol=0.01, atol=0)


def test_what_cannot_be_fooled_comes_back():
    class Sure(nn.Module):
        def forward(self, images):
            brightness = 0 * images.flatten(1).sum(1)
            return torch.stack([brightness + 1, brightness], dim=1)

    images = pictures(3, 8)
    assert torch.equal(seeded(Sure(), images, torch.zeros(3, dtype=torch.long), steps=3, restarts=2), images)
