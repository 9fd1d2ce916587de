import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError
from scipy.spatial.distance import mahalanobis

from advlab.activations import NothingToHook
from advlab.defenses import Mahalanobis, judged, roc
from advlab.models.inference import logits
from tests.defenses.planes import Plane, points


@pytest.mark.parametrize("shrinkage", [1e-3, 0.3, 1.0])
def test_the_distance_is_scipys(shrinkage):
    images, labels = points()
    found = Mahalanobis(Plane(), images, labels, ["hidden"], shrinkage=shrinkage).score(points(9, seed=1)[0])
    x = images.flatten(1).numpy()
    groups = [x[labels.numpy() == label] for label in (0, 1)]
    spread = sum((g - g.mean(0)).T @ (g - g.mean(0)) for g in groups) / len(x)
    inverse = np.linalg.inv((1 - shrinkage) * spread + shrinkage * np.trace(spread) / 4 * np.eye(4))
    for image, score in zip(points(9, seed=1)[0].flatten(1).numpy(), found, strict=True):
        squares = [mahalanobis(image, group.mean(0), inverse) ** 2 for group in groups]
        assert float(score) == pytest.approx(min(squares) / 4, rel=1e-9)


def test_what_it_was_fitted_on_scores_about_one():
    """The mean squared distance to its own class's mean is the number of features, exactly, without shrinkage."""
    images, labels = points(500, 6)
    detector = Mahalanobis(Plane(6), images, labels, ["hidden"], shrinkage=1e-9)
    gaussian = detector.gaussians[0]
    steps = (images.flatten(1) - gaussian.means[labels]) @ gaussian.whitening.T
    assert float(steps.square().mean()) == pytest.approx(1, abs=1e-6)
    assert float(detector.score(images).mean()) <= 1


def test_the_gradient_by_finite_differences():
    images, labels = points(20)
    detector = Mahalanobis(Plane(), images, labels, ["hidden"])
    assert torch.autograd.gradcheck(detector.score, (points(3, seed=5)[0].requires_grad_(),))


@pytest.fixture(scope="module")
def fitted(trained, training):
    return Mahalanobis(trained, training.images, training.labels, ["relu2", "relu3"])


def test_on_a_network(fitted, trained, digits):
    outputs, scores = judged(fitted, digits.images)
    torch.testing.assert_close(outputs, logits(trained, digits.images))
    noise = torch.rand(digits.images.shape, generator=torch.Generator().manual_seed(0))
    assert roc(scores, judged(fitted, noise)[1]).area > 0.95, "noise is no digit"
    inputs = digits.images[:3].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(fitted.score(inputs).sum(), inputs)
    assert (gradient.flatten(1).abs().sum(1) > 0).all()
    assert not any(module._forward_hooks for module in fitted.modules())


def test_several_layers_are_averaged(trained, training, digits):
    each = [Mahalanobis(trained, training.images, training.labels, [layer]) for layer in ("relu2", "relu3")]
    both = Mahalanobis(trained, training.images, training.labels, ["relu2", "relu3"])
    expected = torch.stack([judged(one, digits.images)[1] for one in each]).mean(0)
    torch.testing.assert_close(judged(both, digits.images)[1], expected)


def test_what_cannot_be_fitted():
    images, labels = points()
    with pytest.raises((ValueError, TypeCheckError)):
        Mahalanobis(Plane(), images, labels[1:], ["hidden"])
    for bad in (torch.zeros_like(labels), labels + 1):
        with pytest.raises(ValueError, match="needs an image"):
            Mahalanobis(Plane(), images, bad, ["hidden"])
    with pytest.raises(NothingToHook, match="relu9"):
        Mahalanobis(Plane(), images, labels, ["relu9"])
    with pytest.raises(ValueError, match="no spread"):
        Mahalanobis(Plane(), torch.ones_like(images), labels, ["hidden"])
    for shrinkage in (0.0, 1.5):
        with pytest.raises(ValueError, match="shrinkage must lie in"):
            Mahalanobis(Plane(), images, labels, ["hidden"], shrinkage=shrinkage)
