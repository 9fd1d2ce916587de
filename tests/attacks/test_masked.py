import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from advlab.attacks import bim, masked, spectacles
from advlab.attacks.losses import margin
from advlab.evaluation import predict
from tests.attacks.linear import linear, pictures

SEEDS = st.integers(0, 10**6)


def coins(seed=0):
    return torch.Generator().manual_seed(seed)


def some(pixels, seed):
    """A mask that allows at least one pixel."""
    mask = torch.rand(1, pixels, generator=coins(seed)) < 0.4
    mask[0, seed % pixels] = True
    return mask


@given(SEEDS, st.floats(0, 1), st.booleans())
def test_outside_the_mask_nothing_moves_inside_it_stays_in_ball_and_box(seed, epsilon, targeted):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Flatten(), nn.Linear(9, 8), nn.Tanh(), nn.Linear(8, 4)).double()
    images, mask = pictures(5, 9, -0.3, 1.3, seed), some(9, seed)
    labels = torch.randint(0, 4, (5,), generator=coins(seed))
    targets = (labels + 1) % 4 if targeted else None
    worn = masked(model, images, labels, epsilon, mask=mask, steps=4, targets=targets)
    assert torch.equal(worn[:, ~mask], images[:, ~mask])
    assert ((worn - images).abs() <= epsilon + 1e-12).all()
    assert 0 <= worn.min() <= worn.max() <= 1


@given(SEEDS, st.floats(0, 1), st.booleans())
def test_the_exact_worst_case_of_a_linear_model(seed, epsilon, targeted):
    """Two classes: no corner of the mask's box has a smaller margin; all are tried."""
    model, images, mask = linear(6, 2, seed), pictures(3, 6, -0.3, 1.3, seed), some(6, seed)
    labels = torch.randint(0, 2, (3,), generator=coins(seed))
    targets = 1 - labels if targeted else None
    low, high = (images - epsilon).clamp(0, 1), (images + epsilon).clamp(0, 1)
    corners = [
        torch.where(mask, torch.where(torch.tensor(side), high, low), images)
        for side in itertools.product((False, True), repeat=6)
    ]
    worst = torch.stack([margin(model(corner), labels) for corner in corners]).amax(0)
    worn = masked(model, images, labels, epsilon, mask=mask, steps=3, targets=targets, loss=margin)
    torch.testing.assert_close(margin(model(worn), labels), worst, rtol=0, atol=1e-9)


def test_a_mask_of_all_pixels_is_bim(network, digits):
    images, labels = digits.images[:20], digits.labels[:20]
    whole = torch.ones(images.shape[1:], dtype=torch.bool)
    for targets in (None, (labels + 1) % 10):
        one = masked(network, images, labels, 0.2, mask=whole, steps=5, targets=targets)
        assert torch.equal(one, bim(network, images, labels, 0.2, steps=5, targets=targets))


def test_epsilon_zero_changes_nothing_and_without_one_pixels_go_all_the_way(trained, digits):
    images, labels, mask = digits.images[:20], digits.labels[:20], spectacles()
    still = masked(trained, images, labels, 0.0, mask=mask, steps=2)
    assert torch.equal(still, images)
    assert still is not images
    free = masked(trained, images, labels, mask=mask)
    assert (free - images).abs().max() > 0.9


def test_an_optimised_frame_beats_every_plain_one(trained, digits):
    mask = spectacles()

    def right(images):
        return int((predict(trained, images) == digits.labels).sum())

    made = right(masked(trained, digits.images, digits.labels, mask=mask))
    plain = [right(digits.images.masked_fill(mask, value)) for value in (0, 0.5, 1)]
    assert made < min(plain) - 20


def test_the_caller_finds_everything_as_it_was(network, digits):
    network.train()
    network.dropout.eval()
    modes = {name: module.training for name, module in network.named_modules()}
    images, mask = digits.images[:5].clone(), spectacles()
    worn = masked(network, images, digits.labels[:5], mask=mask, steps=2)
    assert {name: module.training for name, module in network.named_modules()} == modes
    assert torch.equal(images, digits.images[:5])
    assert torch.equal(mask, spectacles())
    assert not worn.requires_grad
    assert images.grad is None
    assert all(parameter.grad is None for parameter in network.parameters())


def test_glasses_are_symmetric_hollow_and_in_the_image():
    for size in (16, 28, 56):
        mask = spectacles(size, size)
        assert mask.shape == (1, size, size)
        assert torch.equal(mask, mask.flip(-1))
        assert 0.05 < mask.float().mean() < 0.2
        middle = mask[0, size // 2]
        assert middle[0]
        assert middle[size // 2]
        assert not middle[round(size * 7.5 / 28)], "glass, not frame"


@pytest.mark.parametrize(
    ("mask", "error", "message"),
    [
        (torch.ones(1, 28, 28), TypeError, "boolean tensor, got torch.float32"),
        ("frame", TypeError, "got str"),
        (torch.ones(28, 28, dtype=torch.bool), ValueError, r"shape of one image, \[1, 28, 28\]"),
        (torch.zeros(1, 28, 28, dtype=torch.bool), ValueError, "allows no pixel"),
    ],
)
def test_masks_that_fit_nothing(mask, error, message, digits):
    from advlab.attacks.masked import on_pixels

    with pytest.raises(error, match=message):
        on_pixels(mask, digits.images)


def test_bad_numbers(network, digits):
    with pytest.raises(ValueError, match="steps must be"):
        masked(network, digits.images, digits.labels, mask=spectacles(), steps=0)
    with pytest.raises(ValueError, match="at least 16 by 16"):
        spectacles(15, 28)
