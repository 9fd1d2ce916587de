import numpy as np
import pytest
import torch
from scipy import special, stats

from advlab.activations import NothingToHook
from advlab.defenses import KernelDensity, judged, roc
from advlab.models.inference import logits
from tests.defenses.planes import Plane, points


def test_the_density_is_scipys_in_one_dimension():
    """gaussian_kde scales its bandwidth by the data's deviation and divides by the Gaussian's integral."""
    generator = torch.Generator().manual_seed(3)
    images = torch.rand(40, 1, 1, 2, generator=generator, dtype=torch.double)
    images[..., 1] = 0.5
    labels = Plane(2)(images).argmax(1)
    found = KernelDensity(Plane(2), images, labels, "hidden", bandwidth=0.1).score(images[:12])
    x = images[:, 0, 0, 0].numpy()
    for image, label, score in zip(x[:12], labels[:12].tolist(), found, strict=True):
        own = x[labels.numpy() == label]
        density = stats.gaussian_kde(own, bw_method=0.1 / own.std(ddof=1))(image)[0]
        assert float(score) == pytest.approx(-np.log(density * 0.1 * np.sqrt(2 * np.pi)), rel=1e-6)


def test_the_density_under_the_class_answered_and_far_away():
    images, labels = points()
    far = 40 * points(5, seed=2)[0]
    found = KernelDensity(Plane(), images, labels, "hidden", bandwidth=0.3).score(far)
    for image, score in zip(far, found, strict=True):
        own = images[labels == Plane()(image[None]).argmax(1)].flatten(1).numpy()
        squares = ((own - image.flatten().numpy()) ** 2).sum(1)
        expected = special.logsumexp(-squares / (2 * 0.3**2)) - np.log(len(own))
        assert float(score) == pytest.approx(-expected, rel=1e-9)
    assert found.isfinite().all(), "a density that underflows still has a logarithm"


def test_the_gradient_by_finite_differences():
    images, labels = points(20)
    detector = KernelDensity(Plane(), images, labels, "hidden", bandwidth=0.3)
    assert torch.autograd.gradcheck(detector.score, (points(3, seed=5)[0].requires_grad_(),))


@pytest.fixture(scope="module")
def fitted(trained, training):
    return KernelDensity(trained, training.images, training.labels, "relu3", bandwidth=2.0)


def test_on_a_network(fitted, trained, digits):
    outputs, scores = judged(fitted, digits.images)
    torch.testing.assert_close(outputs, logits(trained, digits.images))
    noise = torch.rand(digits.images.shape, generator=torch.Generator().manual_seed(0))
    assert roc(scores, judged(fitted, noise)[1]).area > 0.95, "noise is no digit"
    inputs = digits.images[:3].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(fitted.score(inputs).sum(), inputs)
    assert (gradient.flatten(1).abs().sum(1) > 0).all()
    assert not any(module._forward_hooks for module in fitted.modules())


def test_what_cannot_be_fitted():
    images, labels = points()
    with pytest.raises(ValueError, match="needs an image"):
        KernelDensity(Plane(), images, torch.zeros_like(labels), "hidden", bandwidth=1.0)
    with pytest.raises(NothingToHook, match="relu9"):
        KernelDensity(Plane(), images, labels, "relu9", bandwidth=1.0)
    for bandwidth in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="bandwidth must be"):
            KernelDensity(Plane(), images, labels, "hidden", bandwidth=bandwidth)
