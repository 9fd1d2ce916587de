import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from advlab.attacks import bim, fgsm, momentum
from advlab.attacks.ball import lengths
from advlab.attacks.losses import margin
from advlab.attacks.momentum import of_mass_one

both_norms = pytest.mark.parametrize("norm", ["Linf", "L2"])


def smooth(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.Tanh(), nn.Linear(12, 10)).double()


def pictures(seed=0, n=5):
    generator = torch.Generator().manual_seed(seed)
    images = (torch.rand(n, 1, 16, generator=generator, dtype=torch.float64) * 2 - 0.5).clamp(0, 1)
    return images, torch.randint(0, 10, (n,), generator=generator)


def algorithm_1(model, image, label, epsilon, steps, mu):
    """Dong et al.'s algorithm 1 for one image, as printed; then the clip to pixels that the paper leaves out."""
    x, g = image.clone(), torch.zeros_like(image)
    for _ in range(steps):
        x = x.detach().requires_grad_()
        F.cross_entropy(model(x), label).backward()
        g = mu * g + x.grad / x.grad.abs().sum()
        x = (x + epsilon / steps * g.sign()).clamp(0, 1)
    return x.detach()


@given(st.integers(0, 10**6), st.floats(0.01, 0.5), st.integers(1, 6), st.sampled_from([0.0, 0.5, 1.0]))
@settings(deadline=None, max_examples=30)
def test_it_is_algorithm_1(seed, epsilon, steps, mu):
    model, (images, labels) = smooth(seed), pictures(seed)
    expected = [algorithm_1(model, images[i : i + 1], labels[i : i + 1], epsilon, steps, mu) for i in range(5)]
    ours = momentum(model, images, labels, epsilon, steps=steps, decay=mu)
    torch.testing.assert_close(ours, torch.cat(expected), rtol=0, atol=1e-12)


@given(st.integers(0, 10**6), st.floats(0, 1), st.sampled_from(["Linf", "L2"]), st.booleans())
@settings(deadline=None, max_examples=30)
def test_within_ball_and_box(seed, epsilon, norm, targeted):
    model, (images, labels) = smooth(seed), pictures(seed)
    targets = (labels + 1) % 10 if targeted else None
    attacked = momentum(model, images, labels, epsilon, norm=norm, step_size=0.3, steps=4, targets=targets)
    assert (lengths(attacked - images, norm) <= epsilon + 1e-12).all()
    assert 0 <= attacked.min() <= attacked.max() <= 1
    assert not attacked.requires_grad


@both_norms
def test_without_memory_it_is_bim(norm):
    model, (images, labels) = smooth(), pictures()
    ours = momentum(model, images, labels, 0.2, norm=norm, decay=0.0, steps=5, step_size=0.05)
    expected = bim(model, images, labels, 0.2, norm=norm, steps=5, step_size=0.05)
    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-12)


def test_one_step_is_fgsm(network, digits):
    ours = momentum(network, digits.images, digits.labels, 0.1, steps=1)
    assert torch.equal(ours, fgsm(network, digits.images, digits.labels, 0.1))


def test_the_memory_carries_on_where_the_gradient_turns():
    """Behind a step of 0.25 the slope is turned round and is half as steep: the sum still points on."""

    class Roof(nn.Module):
        def forward(self, images):
            x = images.flatten(1).sum(1)
            loss = torch.where(x < 0.7, x, 0.7 - 0.5 * (x - 0.7))
            return torch.stack([-loss, loss], dim=1)

    images, labels = torch.tensor([[0.5]]), torch.tensor([0])
    options = {"steps": 2, "step_size": 0.25}
    assert float(bim(Roof(), images, labels, 0.5, **options)) == pytest.approx(0.5)
    # Each gradient counts 1 after normalisation: a memory of more than 1 wins, of less loses. Not normalised, the
    # first one, twice as steep, would win both times.
    assert float(momentum(Roof(), images, labels, 0.5, decay=1.1, **options)) == pytest.approx(1.0)
    assert float(momentum(Roof(), images, labels, 0.5, decay=0.9, **options)) == pytest.approx(0.5)


@pytest.mark.parametrize("size", [1e-40, 1e-20, 1.0, 1e30])
def test_a_gradient_counts_the_same_whatever_its_size(size):
    gradient = torch.randn(3, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    gradient[2] = 0
    of_one = of_mass_one(gradient * size)
    torch.testing.assert_close(of_one.abs().sum((1, 2, 3)), torch.tensor([1.0, 1.0, 0.0]), rtol=1e-4, atol=0)
    torch.testing.assert_close(of_one, of_mass_one(gradient), rtol=1e-3, atol=1e-6)


@both_norms
def test_any_loss_and_targets(norm, trained, digits):
    size = 0.1 if norm == "Linf" else 1.5
    targets = (digits.labels + 1) % 10
    attacked = momentum(trained, digits.images, digits.labels, size, norm=norm, targets=targets, loss=margin)
    before, after = (margin(trained(images), digits.labels, targets) for images in (digits.images, attacked))
    assert (after > before).all()


@pytest.mark.parametrize("decay", [-0.1, float("nan"), float("inf")])
def test_a_bad_decay(decay, network, digits):
    with pytest.raises(ValueError, match="decay must be a finite number of at least 0"):
        momentum(network, digits.images, digits.labels, 0.1, decay=decay)
