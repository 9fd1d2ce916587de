"""The joint attack: one class more, by hand; then each detector, naively attacked and with the detector in mind."""

from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from advlab.attacks import fgsm, pgd
from advlab.attacks.losses import Loss, margin
from advlab.defenses import (
    BitDepth,
    Consistency,
    Detector,
    Guarded,
    KernelDensity,
    Mahalanobis,
    MedianFilter,
    accuracy_after_rejection,
    evading_pgd,
    judged,
    threshold,
    trained_detector,
    undetected,
)
from advlab.defenses.detector_network import binary_cnn
from advlab.training import Recipe

EPSILON = 0.25


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


class Slope(nn.Module):
    """Of two pixels the brighter one is the class."""

    def forward(self, images):
        return images.flatten(1)


class Alarm(Detector):
    """Suspects images whose pixels add up to much."""

    def __init__(self):
        super().__init__(Slope())

    def forward(self, images):
        return self.model(images), images.flatten(1).sum(1)


def pixels(*pairs):
    return torch.tensor(pairs).view(-1, 1, 1, 2)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 2), st.floats(0.01, 5))
def test_the_last_class_wins_just_where_the_score_is_above_the_limit(a, b, limit, spread):
    logits = Guarded(Alarm(), limit, spread)(pixels((a, b)).double())
    assert torch.equal(logits[:, :2], pixels((a, b)).double().flatten(1))
    if abs(a + b - limit) > 1e-6:
        assert (int(logits.argmax(1)) == 2) == (a + b > limit)


def test_the_loss_by_hand():
    """Two classes and "detected"; labels 0."""
    logits = torch.tensor([[1.0, 3.0, 0.0], [1.0, 3.0, 2.5], [1.0, 3.0, 4.0], [3.0, 1.0, 0.0], [3.0, 1.0, 9.0]])
    labels = torch.zeros(5, dtype=torch.long)
    found = undetected(logits, labels)
    assert found.tolist() == [0.0, 0.0, -1.0, -2.0, -8.0]
    assert isinstance(undetected, Loss)
    targets = torch.ones(5, dtype=torch.long)
    assert undetected(logits, labels, targets).tolist() == found.tolist()


@given(st.integers(0, 10**6))
def test_nothing_is_missing_to_what_is_wrong_and_not_flagged(seed):
    logits = torch.randn(20, 5, generator=drawn(seed))
    labels = torch.randint(0, 4, (20,), generator=drawn(seed + 1))
    wrong, flagged = logits[:, :4].argmax(1) != labels, logits.argmax(1) == 4
    assert torch.equal(undetected(logits, labels) == 0, wrong & ~flagged)


def test_it_goes_round_the_detector():
    """Of the errors near (0.5, 0.4) only those downwards are quiet."""
    images, labels = pixels((0.5, 0.4)).expand(8, -1, -1, -1), torch.zeros(8, dtype=torch.long)
    guarded = Guarded(Alarm(), limit=0.75)
    attacked = evading_pgd(guarded, images, labels, 0.2, generator=drawn(), steps=20)
    logits, scores = judged(Alarm(), attacked)
    assert (logits.argmax(1) == 1).all()
    assert (scores <= 0.75).all()
    assert (attacked - images).abs().max() <= 0.2 + 1e-6


def test_what_has_no_way_out_stays_in_the_ball():
    images, labels = pixels((0.9, 0.1), (0.5, 0.45)), torch.zeros(2, dtype=torch.long)
    attacked = evading_pgd(Guarded(Alarm(), 1.5), images, labels, 0.1, generator=drawn(), steps=5, restarts=3)
    assert (attacked - images).abs().max() <= 0.1 + 1e-6
    assert attacked[0].argmax() == 0
    assert attacked[1].argmax() == 1


def test_targets_in_l2_and_the_generator(trained, training, digits):
    detector = Mahalanobis(trained, training.images, training.labels, ["relu3"])
    guarded = Guarded(detector, threshold(judged(detector, digits.images)[1]))
    x, y = digits.images[:10], digits.labels[:10]
    attack = partial(evading_pgd, guarded, x, y, 4.0, norm="L2", steps=20, targets=(y + 1) % 10)
    found = attack(generator=drawn(1))
    assert torch.equal(found, attack(generator=drawn(1)))
    assert torch.equal(found, attack(generator=drawn(2))), "the first path begins at the image"
    assert ((found - x).flatten(1).norm(dim=1) <= 4 + 1e-4).all()
    logits, scores = judged(detector, found)
    assert ((logits.argmax(1) == (y + 1) % 10) & (scores <= guarded.limit)).float().mean() > 0.5


def test_later_paths_begin_by_chance(trained, digits):
    """At an epsilon at which most images hold."""
    guarded = Guarded(Consistency(trained, [MedianFilter(2)]), 0.05)
    attack = partial(evading_pgd, guarded, digits.images[:6], digits.labels[:6], 0.02, steps=2, restarts=2)
    found = attack(generator=drawn(1))
    assert torch.equal(found, attack(generator=drawn(1)))
    assert not torch.equal(found, attack(generator=drawn(2)))


def test_a_targeted_attack_of_any_kind_does_it_too(trained, training, digits):
    """`pgd` knows nothing of detectors; a target answered is a target not flagged."""
    detector = Mahalanobis(trained, training.images, training.labels, ["relu3"])
    limit = threshold(judged(detector, digits.images)[1])
    x, y = digits.images[:20], digits.labels[:20]
    targets = (y + 1) % 10
    found = pgd(Guarded(detector, limit), x, y, 0.3, generator=drawn(), steps=30, loss=margin, targets=targets)
    logits, scores = judged(detector, found)
    answered = Guarded(detector, limit).eval()(found).argmax(1) == targets
    assert torch.equal(answered, (logits.argmax(1) == targets) & (scores <= limit))
    assert answered.float().mean() > 0.5


@pytest.fixture(scope="module", params=["mahalanobis", "density", "network", "consistency"])
def detector(request, trained, training):
    x, y = training.images, training.labels
    if request.param == "mahalanobis":
        return Mahalanobis(trained, x, y, ["relu3"])
    if request.param == "density":
        return KernelDensity(trained, x, y, "relu3", bandwidth=2.0)
    if request.param == "network":
        attack = partial(fgsm, epsilon=EPSILON)
        return trained_detector(trained, x, y, attack, recipe=Recipe(architecture=binary_cnn, epochs=2))
    # With one bit it withstands the joint attack on MNIST: at this epsilon few pixels can cross the middle.
    return Consistency(trained, [BitDepth(3), MedianFilter(2)])


def test_the_joint_attack_breaks_what_the_naive_one_does_not(detector, trained, digits):
    clean = judged(detector, digits.images)[1]
    limit = threshold(clean)
    x, y = digits.images[:40], digits.labels[:40]

    def left(attacked):
        logits, scores = judged(detector, attacked)
        return accuracy_after_rejection(logits.argmax(1) == y, scores > limit).value

    naive = left(fgsm(trained, x, y, EPSILON))
    guarded = Guarded(detector, limit)
    adaptive = left(evading_pgd(guarded, x, y, EPSILON, generator=drawn(), steps=60))
    assert adaptive < naive - 0.1


def test_a_spread_that_is_none():
    with pytest.raises(ValueError, match=r"spread must be above 0, got 0\.0"):
        Guarded(Alarm(), 1.0, 0.0)


class Texture(Detector):
    """Suspects images by how many of their black pixels are no longer black."""

    def __init__(self):
        super().__init__(Slope())

    def forward(self, images):
        return self.model(images[..., :2]), (images[..., 2:].flatten(1) * 1e-3).sum(1)


def test_steps_along_l2_leave_alone_what_hardly_matters():
    """Signs move the pixels behind the first two as far as those; a step along L2 hardly moves them."""
    images, labels = torch.zeros(1, 1, 1, 6), torch.zeros(1, dtype=torch.long)
    images[..., 0] = 0.3
    images[..., 2:] = 0.5
    options = {"generator": drawn(), "steps": 1}
    guarded = Guarded(Texture(), limit=0.0019)
    by_signs = evading_pgd(guarded, images, labels, 0.4, step_size=0.1, **options)
    by_l2 = evading_pgd(guarded, images, labels, 0.4, step_size=0.1, along="L2", **options)
    assert (by_signs - images)[..., 2:].abs().min() > 0.09
    assert (by_l2 - images)[..., 2:].abs().max() < 0.01
    far = evading_pgd(guarded, images, labels, 0.05, step_size=0.5, along="L2", **options)
    assert (far - images).abs().max() <= 0.05 + 1e-6, "the ball is that of the other norm"
    with pytest.raises(ValueError, match="need a step_size of their own"):
        evading_pgd(guarded, images, labels, 0.4, along="L2", **options)


def test_shrinking_steps_fall_to_nothing():
    """An image that never evades: the steps add up to half of what they would be, and a bit."""
    images, labels = pixels((0.9, 0.1)), torch.zeros(1, dtype=torch.long)
    guarded = Guarded(Alarm(), 9.0)
    whole = evading_pgd(guarded, images, labels, 0.4, generator=drawn(), steps=4, step_size=0.04)
    part = evading_pgd(guarded, images, labels, 0.4, generator=drawn(), steps=4, step_size=0.04, shrinking=True)
    torch.testing.assert_close((whole - images).abs().max(), torch.tensor(0.16))
    torch.testing.assert_close((part - images).abs().max(), torch.tensor(0.1))
