from functools import partial

import pytest
import torch
from torch import nn

from advlab.attacks.losses import cross_entropy, margin
from advlab.attacks.pgd import pgd
from advlab.attacks.until_broken import pgd_until_broken
from advlab.evaluation import predict


class Counting(nn.Module):
    """Counts the images that it is asked about."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.images = inner, 0

    def forward(self, images):
        self.images += len(images)
        return self.inner(images)


@pytest.fixture
def both(network, digits):
    """PGD and its short form from the same starts, on the classes that the untrained network gives."""
    network.eval()
    labels = predict(network, digits.images)

    def run(attack, **options):
        model = Counting(network)
        options = {"steps": 10, "generator": torch.Generator().manual_seed(3), **options}
        return attack(model, digits.images, labels, options.pop("epsilon", 0.03), **options), model.images

    return network, labels, run


@pytest.mark.parametrize("norm", ["Linf", "L2"])
@pytest.mark.parametrize("loss", [cross_entropy, margin])
def test_survivors_are_pgds_own_pixels_and_the_rest_is_broken(both, norm, loss):
    network, labels, run = both
    epsilon = 0.01 if norm == "Linf" else 0.2
    (slow, all_asked), (fast, asked) = (
        run(one, norm=norm, loss=loss, epsilon=epsilon) for one in (pgd, pgd_until_broken)
    )
    right_slow, right_fast = predict(network, slow) == labels, predict(network, fast) == labels
    assert 0 < right_fast.sum() < len(labels)
    assert not (right_fast & ~right_slow).any()
    assert torch.equal(fast[right_fast], slow[right_fast])
    assert asked < all_asked


def test_restarts_only_ask_about_what_stands(both):
    network, labels, run = both
    one, asked_once = run(pgd_until_broken)
    three, asked = run(pgd_until_broken, restarts=3)
    standing = predict(network, one) == labels
    assert not ((predict(network, three) == labels) & ~standing).any()
    assert asked <= asked_once + 2 * 11 * int(standing.sum()) + 2


def test_with_targets_only_the_target_counts(both):
    network, labels, run = both
    targets = (labels + 1) % 10
    found, _ = run(pgd_until_broken, targets=targets, epsilon=0.1, steps=20)
    plain, _ = run(pgd, targets=targets, epsilon=0.1, steps=20)
    reached = predict(network, found) == targets
    assert reached.any()
    assert not ((predict(network, plain) == targets) & ~reached).any()


def test_restarts_need_random_starts(both):
    _, _, run = both
    with pytest.raises(ValueError, match="all be the same"):
        run(partial(pgd_until_broken, random_start=False), restarts=2)


def test_the_ball_and_the_domain_hold(both, digits):
    _, _, run = both
    found, _ = run(pgd_until_broken, restarts=2)
    assert (found - digits.images).abs().max() <= 0.03 + 1e-6
    assert found.min() >= 0
    assert found.max() <= 1
