import copy
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from advlab.defenses import certified, certified_loss, crown_margins, ramped, worst_margins
from advlab.defenses.interval_training import imbalance
from advlab.defenses.intervals import Interval
from advlab.evaluation import accuracy
from tests.defenses.networks import KINDS, TRAINED_FOR, network, outputs, pictures, points

SHARES = st.floats(0, 1)


# --- the loss ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kappa", [0.0, 0.3, 1.0])
def test_the_mixture(kind, kappa):
    model, (images, labels) = network(kind), pictures()
    natural = F.cross_entropy(model(images), labels)
    worst = F.cross_entropy(-worst_margins(model, images, labels, 0.1, outward=False), labels)
    found = certified_loss(model, images, labels, 0.1, kappa)
    torch.testing.assert_close(found, kappa * natural + (1 - kappa) * worst, rtol=0, atol=1e-12)


def test_the_mixture_of_bounds():
    model, (images, labels) = network("strided"), pictures()
    worst = F.cross_entropy(-crown_margins(model, images, labels, 0.1, beta=0.4), labels)
    found = certified_loss(model, images, labels, 0.1, 0.0, beta=0.4)
    torch.testing.assert_close(found, worst, rtol=0, atol=1e-12)


@given(st.integers(0, 10**6), SHARES, SHARES)
@settings(deadline=None, max_examples=30)
def test_no_point_of_the_ball_costs_more(seed, epsilon, beta):
    model, (images, labels) = network("strided", seed), pictures(3, seed, low=-0.3, high=1.3)
    least = certified_loss(model, images, labels, epsilon, 0.0, beta=beta).item()
    for reached in outputs(model, points(images, epsilon, 60, seed)):
        assert F.cross_entropy(reached, labels).item() <= least + 1e-10


def test_in_training_bounds_take_the_statistics_of_the_clean_batch():
    """As a network would whose running statistics were those of this very batch; they are updated once."""
    model, (images, labels) = network("strided").train(), pictures(8)
    model[-2].p = 0.0  # without dropout the loss is no matter of chance
    twin, frozen = copy.deepcopy(model), copy.deepcopy(model).eval()
    entering = model[1](model[0](images))
    frozen[2].running_mean.copy_(entering.mean((0, 2, 3)).detach())
    frozen[2].running_var.copy_(entering.var((0, 2, 3), correction=0).detach())
    for beta in (0.0, 1.0):
        found = certified_loss(copy.deepcopy(model), images, labels, 0.1, 0.25, beta=beta)
        expected = certified_loss(frozen, images, labels, 0.1, 0.25, beta=beta)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)
    certified_loss(model, images, labels, 0.1, 0.25)
    twin(images)
    assert torch.equal(model[2].running_mean, twin[2].running_mean)
    assert torch.equal(model[2].running_var, twin[2].running_var)
    assert model[2].num_batches_tracked == twin[2].num_batches_tracked


def test_dropout_acts_on_the_clean_images_alone():
    model, (images, labels) = network("strided").train(), pictures(8)
    model[2].eval()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        natural = F.cross_entropy(model(images), labels)
        torch.manual_seed(0)
        found = certified_loss(model, images, labels, 0.1, 1.0)
    assert torch.equal(found, natural)
    model[2].train()
    worst = [certified_loss(model, images, labels, 0.1, 0.0).item() for _ in range(3)]
    assert worst[0] == worst[1] == worst[2]


def test_training_makes_certificates(guarded, digits):
    """The same network after as many steps of the natural loss has none."""
    proved = certified(guarded, digits.images, digits.labels, TRAINED_FOR).float().mean()
    assert accuracy(guarded, digits.images, digits.labels).value > 0.85
    assert proved > 0.4


# --- schedules --------------------------------------------------------------------------------------------------------


@given(st.lists(SHARES, min_size=2, max_size=2), SHARES, SHARES, st.floats(-5, 5), st.floats(-5, 5))
def test_a_ramp_is_flat_straight_and_flat(ends, one, other, first, final):
    start, end = sorted(ends)
    values = [ramped(share, start, end, first, final) for share in sorted((one, other))]
    tiny = 1e-9
    assert all(min(first, final) - tiny <= value <= max(first, final) + tiny for value in values)
    assert (values[1] - values[0]) * (final - first) >= -tiny
    assert ramped(end, start, end, first, final) == final
    if start < end:
        assert ramped(start, start, end, first, final) == first
        middle = ramped((start + end) / 2, start, end, first, final)
        if end - start > 1e-3:
            assert math.isclose(middle, (first + final) / 2, abs_tol=1e-9)


def test_a_ramp_that_runs_backward_is_refused():
    with pytest.raises(ValueError, match=r"0 <= start <= end <= 1, got 0\.7 and 0\.2"):
        ramped(0.5, 0.7, 0.2, 0.0, 1.0)


# --- the regulariser --------------------------------------------------------------------------------------------------


def interval(center, radius):
    center, radius = torch.tensor([center]), torch.tensor([radius])
    return Interval(center - radius, center + radius)


@pytest.mark.parametrize(
    ("at_relu", "cost"),
    [
        # No wider than what comes in, means and variances of on and off equal: nothing to pay.
        (interval([2.0, -2.0], [1.0, 1.0]), 0.0),
        # Four times as wide: a quarter of a half is lacking half. None is surely on or off.
        (interval([2.0, -2.0], [4.0, 4.0]), 0.5),
        # Means 6 and 1, ratio 1/6; about their mean (2.5) both squares are 12.25: ratio 1.
        (interval([6.0, -1.0], [0.5, 0.5]), (0.5 - 1 / 6) / 0.5),
        # On: 1, 3; off: -1, -3, ratio 1; in the middle a third, neither. Variances 10 and 10.
        (interval([1.0, 3.0, -1.0, -3.0, 0.0], [0.5, 0.5, 0.5, 0.5, 0.5]), 0.0),
        # On: 4; off four times -1: sums 4 and 4. About 0: 16 and 4, ratio a quarter.
        (interval([4.0, -1.0, -1.0, -1.0, -1.0], [0.5] * 5), 0.5),
    ],
)
def test_imbalance_by_hand(at_relu, cost):
    body = [nn.Flatten(), nn.Linear(2, 2), nn.ReLU()]
    first = interval([0.0, 0.0], [1.0, 1.0])
    wide = interval([0.0, 0.0], [9.0, 9.0])
    found = imbalance(body, [wide, first, at_relu, wide])
    torch.testing.assert_close(found.item(), cost, rtol=0, atol=1e-6)
    twice = imbalance([*body, nn.Linear(2, 2), nn.ReLU()], [wide, first, at_relu, wide, at_relu, wide])
    torch.testing.assert_close(twice.item(), cost, rtol=0, atol=1e-6)


def test_the_regulariser_is_added_with_its_weight():
    model, (images, labels) = network("dense", 2), pictures()
    plain, some, more = (certified_loss(model, images, labels, 0.3, 0.5, regularised=w) for w in (0.0, 0.5, 1.0))
    assert some > plain
    torch.testing.assert_close(more - plain, 2 * (some - plain), rtol=0, atol=1e-12)
    assert certified_loss(model, images, labels, 0.3, 1.0, regularised=0.5) > F.cross_entropy(model(images), labels)
    shallow = nn.Sequential(nn.Flatten(), nn.Linear(36, 3)).double()
    with pytest.raises(ValueError, match="needs a network with ReLUs"):
        certified_loss(shallow, images, labels, 0.1, 0.5, regularised=0.5)


# --- bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kappa": 1.5}, r"kappa must lie in \[0, 1\]"),
        ({"beta": -0.5}, r"beta must lie in \[0, 1\]"),
        ({"regularised": -1.0}, "regularised must be a finite weight"),
        ({"regularised": math.nan}, "regularised must be a finite weight"),
        ({"epsilon": 2.0}, r"2/255\?"),
    ],
)
def test_bad_options(options, message):
    images, labels = pictures(2)
    with pytest.raises(ValueError, match=message):
        certified_loss(network("dense"), images, labels, **{"epsilon": 0.1, "kappa": 0.5, **options})


def test_crown_refuses_pooling_before_any_work():
    images, labels = pictures(2)
    with pytest.raises(ValueError, match="let convolutions stride"):
        certified_loss(network("pooled"), images, labels, 0.1, 1.0, beta=0.5)
