import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from advlab.attacks.losses import cross_entropy, dlr, margin

SEEDS = st.integers(0, 10**6)
LOSSES = pytest.mark.parametrize("loss", [cross_entropy, margin, dlr])


def scores(seed, n=6, classes=10):
    generator = torch.Generator().manual_seed(seed)
    logits = 5 * torch.randn(n, classes, generator=generator).double()
    labels, targets = torch.randint(0, classes, (2, n), generator=generator)
    return logits, labels, torch.where(labels == targets, (targets + 1) % classes, targets)


@given(SEEDS, st.floats(0.01, 100), st.floats(-1000, 1000), st.booleans())
@settings(deadline=None, max_examples=60)
def test_dlr_knows_neither_shift_nor_scale(seed, scale, shift, targeted):
    logits, labels, targets = scores(seed)
    targets = targets if targeted else None
    expected = dlr(logits, labels, targets)
    torch.testing.assert_close(dlr(scale * logits + shift, labels, targets), expected, rtol=1e-6, atol=1e-8)
    assert not torch.allclose(cross_entropy(2 * logits, labels, targets), cross_entropy(logits, labels, targets))


@given(SEEDS)
@settings(deadline=None, max_examples=40)
def test_dlr_by_hand(seed):
    """Equations 6 and 7 of Croce and Hein, a number at a time; ours is to be raised, as theirs is."""
    logits, labels, targets = scores(seed)
    for z, y, t, plain, targeted in zip(
        logits, labels, targets, dlr(logits, labels), dlr(logits, labels, targets), strict=True
    ):
        pi = sorted(z.tolist(), reverse=True)
        others = max(value for index, value in enumerate(z.tolist()) if index != y)
        assert float(plain) == pytest.approx(-(float(z[y]) - others) / (pi[0] - pi[2]))
        expected = -(float(z[y]) - float(z[t])) / (pi[0] - (pi[2] + pi[3]) / 2)
        assert float(targeted) == pytest.approx(expected)


@given(SEEDS, st.sampled_from([0.0, -100.0, 100.0]))
@settings(deadline=None, max_examples=40)
def test_margin_by_hand_whatever_the_sign_of_the_logits(seed, shift):
    """A maximum over `logits * one_hot` is 0 when all logits are negative: torchattacks' bug."""
    logits, labels, targets = scores(seed)
    logits = logits + shift
    for z, y, t, plain, targeted in zip(
        logits.tolist(), labels, targets, margin(logits, labels), margin(logits, labels, targets), strict=True
    ):
        assert float(plain) == pytest.approx(max(v for i, v in enumerate(z) if i != y) - z[y])
        assert float(targeted) == pytest.approx(z[t] - max(v for i, v in enumerate(z) if i != t))


@given(SEEDS)
@settings(deadline=None, max_examples=40)
def test_above_zero_means_broken(seed):
    logits, labels, targets = scores(seed)
    wrong = logits.argmax(1) != labels
    assert torch.equal(margin(logits, labels) > 0, wrong)
    assert torch.equal(dlr(logits, labels) > 0, wrong)
    assert torch.equal(margin(logits, labels, targets) > 0, logits.argmax(1) == targets)


@given(SEEDS)
@settings(deadline=None, max_examples=40)
def test_cross_entropy_by_hand(seed):
    logits, labels, targets = scores(seed)
    chances = logits.exp() / logits.exp().sum(1, keepdim=True)
    rows = torch.arange(len(labels))
    torch.testing.assert_close(cross_entropy(logits, labels), -chances[rows, labels].log())
    torch.testing.assert_close(cross_entropy(logits, labels, targets), chances[rows, targets].log())
    torch.testing.assert_close(cross_entropy(logits, labels).sum(), F.cross_entropy(logits, labels, reduction="sum"))


@LOSSES
@pytest.mark.parametrize("targeted", [False, True])
def test_one_value_an_image_of_its_own(loss, targeted):
    logits, labels, targets = scores(1)
    targets = targets if targeted else None
    alone = [
        loss(logits[i : i + 1], labels[i : i + 1], None if targets is None else targets[i : i + 1]) for i in range(6)
    ]
    torch.testing.assert_close(loss(logits, labels, targets), torch.cat(alone))


@LOSSES
@pytest.mark.parametrize("targeted", [False, True])
def test_equal_logits_give_finite_values_and_gradients(loss, targeted):
    logits = torch.zeros(3, 5, requires_grad=True)
    labels = torch.tensor([0, 1, 2])
    value = loss(logits, labels, labels + 1 if targeted else None)
    assert value.isfinite().all()
    (gradient,) = torch.autograd.grad(value.sum(), logits)
    assert gradient.isfinite().all()


@LOSSES
def test_a_step_up_the_loss_lowers_the_right_class(loss):
    logits, labels, targets = scores(2)
    for wanted in (None, targets):
        leaf = logits.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(leaf, labels, wanted).sum(), leaf)
        moved = logits + 1e-4 * gradient
        assert (loss(moved, labels, wanted) > loss(logits, labels, wanted)).all()


def test_too_few_classes():
    labels = torch.tensor([0, 1])
    with pytest.raises(ValueError, match="DLR loss needs at least 3 classes, not 2"):
        dlr(torch.zeros(2, 2), labels)
    assert dlr(torch.rand(2, 3), labels).shape == (2,)
    with pytest.raises(ValueError, match="targeted DLR loss needs at least 4 classes, not 3"):
        dlr(torch.zeros(2, 3), labels, labels)
    assert margin(torch.tensor([[1.0, 3.0], [1.0, 3.0]]), labels).tolist() == [2, -2]
    assert math.isclose(float(cross_entropy(torch.zeros(1, 2), labels[:1])), math.log(2), rel_tol=1e-6)
