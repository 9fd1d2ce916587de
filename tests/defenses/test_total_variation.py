"""Total variation against closed forms, against its dual solved by scipy, and against the conditions of a minimum."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from advlab.defenses import TotalVariation
from advlab.defenses.total_variation import minimised


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def exact(images, weight, mask=None):
    """Many steps in float64: what the iteration tends to."""
    return minimised(images, torch.ones_like(images) if mask is None else mask, weight, 2000)


def objective(u, x, mask, weight):
    """Written out, pixel by pixel."""
    height, width = x.shape
    total = 0.5 * (mask * (u - x) ** 2).sum()
    for i in range(height):
        for j in range(width):
            right = u[i, j + 1] - u[i, j] if j + 1 < width else 0.0
            down = u[i + 1, j] - u[i, j] if i + 1 < height else 0.0
            total += weight * np.hypot(right, down)
    return total


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 0.6), st.booleans())
@settings(deadline=None, max_examples=25)
def test_two_pixels_come_nearer_by_the_weight_each(a, b, weight, standing):
    images = (
        torch.tensor([a, b], dtype=torch.double).view(1, 1, 2, 1) if standing else torch.tensor([[[[a, b]]]]).double()
    )
    images = images.double()
    gap = max(abs(a - b) - 2 * weight, 0) / 2
    middle, sign = (a + b) / 2, np.sign(a - b)
    expected = torch.tensor([middle + sign * gap, middle - sign * gap]).double()
    found = minimised(images, torch.ones_like(images), weight, 400).flatten()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_a_row_against_the_dual_problem(seed):
    """In one dimension the dual is least squares within bounds: u = x - D'p, each |p| at most the weight."""
    x, weight = torch.rand(12, generator=drawn(seed), dtype=torch.double), 0.15
    difference = np.diff(np.eye(12), axis=0)
    solved = lsq_linear(difference.T, x.numpy(), bounds=(-weight, weight), tol=1e-14)
    expected = x.numpy() - difference.T @ solved.x
    for images in (x.view(1, 1, 1, 12), x.view(1, 1, 12, 1)):
        np.testing.assert_allclose(exact(images, weight).flatten().numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("kept", [1.0, 0.6])
def test_no_change_of_one_pixel_or_of_all_is_better(kept):
    """The objective is convex: a point that no small change betters is the minimum (of those tried)."""
    x = torch.rand(1, 1, 5, 6, generator=drawn(2), dtype=torch.double)
    mask = (torch.rand(x.shape, generator=drawn(3)) < kept).double()
    u = exact(x, 0.1, mask)[0, 0].numpy()
    data, known = x[0, 0].numpy(), mask[0, 0].numpy()
    least = objective(u, data, known, 0.1)
    chance = np.random.default_rng(0)
    for _ in range(300):
        change = chance.standard_normal(u.shape) * 10 ** chance.uniform(-4, -1)
        assert objective(u + change, data, known, 0.1) >= least - 1e-9
    for i, j in np.ndindex(*u.shape):
        for step in (-1e-3, 1e-3):
            moved = u.copy()
            moved[i, j] += step
            assert objective(moved, data, known, 0.1) >= least - 1e-9


@given(st.integers(0, 10**6), st.floats(0.01, 0.5))
@settings(deadline=None, max_examples=20)
def test_the_mean_stays_and_the_variation_falls(seed, weight):
    images = torch.rand(2, 1, 8, 7, generator=drawn(seed), dtype=torch.double)
    found = TotalVariation(weight, steps=300)(images)
    torch.testing.assert_close(found.mean((1, 2, 3)), images.mean((1, 2, 3)), rtol=0, atol=1e-9)
    ones = np.ones((8, 7))
    for u, x in zip(found[:, 0].numpy(), images[:, 0].numpy(), strict=True):
        assert objective(u, x, ones, weight) <= objective(x, x, ones, weight) + 1e-9
        assert x.min() - 1e-3 <= u.min() <= u.max() <= x.max() + 1e-3


def test_fifty_steps_are_near_enough(digits):
    noise = 0.3 * (2 * torch.rand(digits.images[:6].shape, generator=drawn()) - 1)
    images = (digits.images[:6] + noise).clamp(0, 1)
    far = (TotalVariation(0.15)(images) - TotalVariation(0.15, steps=1000)(images)).abs()
    assert far.max() < 0.05
    assert far.mean() < 0.005


def test_the_gradient_by_finite_differences():
    images = torch.rand(1, 1, 4, 5, generator=drawn(), dtype=torch.double) * 0.8 + 0.1
    assert torch.autograd.gradcheck(TotalVariation(0.05, steps=10), (images.requires_grad_(),), eps=1e-7, atol=1e-5)
    black = torch.zeros(1, 1, 6, 6, requires_grad=True)
    (gradient,) = torch.autograd.grad(TotalVariation(0.1)(black).sum(), black)
    assert gradient.isfinite().all()
    torch.testing.assert_close(gradient, torch.ones_like(gradient), rtol=0, atol=1e-4)


def test_only_what_is_kept_is_seen():
    images = torch.rand(1, 1, 10, 10, generator=drawn(1))
    mask = (torch.rand(images.shape, generator=drawn(7)) < 0.5).float()
    found = TotalVariation(0.03, kept=0.5, generator=drawn(7))(images)
    torch.testing.assert_close(found, minimised(images, mask, 0.03, 50).clamp(0, 1))
    hidden = torch.where(mask.bool(), images, 1 - images)
    torch.testing.assert_close(TotalVariation(0.03, kept=0.5, generator=drawn(7))(hidden), found)
    one = TotalVariation(0.03, kept=0.5, generator=drawn(7))
    assert one.random
    assert not torch.equal(one(images), one(images)), "each call draws anew"
    assert not TotalVariation(0.03).random


@pytest.mark.parametrize(
    ("weight", "options"), [(0.0, {}), (-1.0, {}), (0.1, {"steps": 0}), (0.1, {"kept": 0.0}), (0.1, {"kept": 1.5})]
)
def test_bad_numbers(weight, options):
    with pytest.raises(ValueError, match="needs weight > 0"):
        TotalVariation(weight, **options)


def test_chance_needs_a_source():
    with pytest.raises(ValueError, match="needs a generator"):
        TotalVariation(0.1, kept=0.5)
