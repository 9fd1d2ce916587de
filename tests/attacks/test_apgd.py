import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from advlab.attacks import apgd, apgd_targeted
from advlab.attacks.apgd import ascent, checkpoints
from advlab.attacks.ball import lengths, uniform
from advlab.attacks.losses import cross_entropy, dlr, margin
from advlab.data import subset
from advlab.evaluation import logits, predict
from tests.oracles import nets


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def smooth(seed=0, classes=10, pixels=16):
    """A small network without ties, in float64."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(pixels, 12), nn.Tanh(), nn.Linear(12, classes)).double()


def linear(seed=0, classes=2, pixels=16):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(pixels, classes)).double()


def pictures(n, seed=0, pixels=16):
    return (torch.rand(n, 1, pixels, generator=generator(seed)).double() * 2 - 0.5).clamp(0, 1)


def inner_pictures(n, seed=0, pixels=16):
    """Far enough from black and white that a ball of .2 is not cut off: closed forms are simple then."""
    return 0.3 + 0.4 * torch.rand(n, 1, pixels, generator=generator(seed)).double()


@given(st.integers(0, 10**6), st.floats(0, 1), st.sampled_from(["Linf", "L2"]), st.booleans())
@settings(deadline=None, max_examples=10)
def test_within_ball_and_box(seed, epsilon, norm, targeted):
    model, images = smooth(seed), pictures(5, seed)
    labels = predict(model, images)
    targets = (labels + 1) % 10 if targeted else None
    attacked = apgd(
        model, images, labels, epsilon, generator=generator(seed), norm=norm, steps=6, restarts=2, targets=targets
    )
    assert lengths(attacked - images, norm).max() <= epsilon + 1e-9
    assert 0 <= attacked.min() <= attacked.max() <= 1
    assert not attacked.requires_grad
    again = apgd(
        model, images, labels, epsilon, generator=generator(seed), norm=norm, steps=6, restarts=2, targets=targets
    )
    assert torch.equal(attacked, again)


@pytest.mark.parametrize("norm", ["Linf", "L2"])
def test_epsilon_zero_is_the_identity(norm):
    model, images = smooth(), pictures(5)
    labels = predict(model, images)
    assert torch.equal(apgd(model, images, labels, 0.0, generator=generator(), norm=norm, steps=5), images)
    assert torch.equal(apgd_targeted(model, images, labels, 0.0, generator=generator(), norm=norm, steps=5), images)


def test_what_is_wrong_already_comes_back_unchanged():
    model, images = smooth(), pictures(5)
    wrong = (predict(model, images) + 1) % 10
    assert torch.equal(apgd(model, images, wrong, 0.1, generator=generator()), images)
    assert torch.equal(apgd_targeted(model, images, wrong, 0.1, generator=generator()), images)


def test_the_papers_checkpoints():
    """Section 3.1 by hand: p = 0, .22, .41, .57, .70, .80, .87, .93, .99."""
    assert checkpoints(100) == [22, 41, 57, 70, 80, 87, 93, 99]
    assert checkpoints(10) == [3, 5, 6, 7, 8, 9, 10, 10]
    for steps in range(1, 60):
        points = checkpoints(steps)
        assert points == sorted(points)
        assert 1 <= points[0] <= points[-1] <= steps


def worst_margins(model, images, labels, epsilon, norm):
    """Of a linear model with two classes, nothing cut off: m + epsilon * dual norm of the weights' difference."""
    weights = model[1].weight.detach()
    slope = (weights[1] - weights[0]).norm(p=1 if norm == "Linf" else 2)
    return margin(logits(model, images), labels) + epsilon * slope


@pytest.mark.parametrize("norm", ["Linf", "L2"])
@pytest.mark.parametrize("loss", [cross_entropy, margin])
def test_the_closed_form_of_a_linear_model(norm, loss):
    """Where the worst case is on the right side of the boundary, the point returned has just its margin."""
    for seed in range(3):
        model, images = linear(seed), inner_pictures(20, seed)
        labels = predict(model, images)
        safe = 0.9 * float(worst_margins(model, images, labels, 0, norm).max().abs())
        slope = float(
            worst_margins(model, images, labels, 1, norm)[0] - worst_margins(model, images, labels, 0, norm)[0]
        )
        epsilon = min(safe / slope, 0.25)
        stands = worst_margins(model, images, labels, epsilon, norm) < 0
        attacked = apgd(model, images, labels, epsilon, generator=generator(), norm=norm, loss=loss)
        reached = margin(logits(model, attacked), labels)
        worst = worst_margins(model, images, labels, epsilon, norm)
        assert torch.equal(predict(model, attacked) == labels, stands)
        torch.testing.assert_close(reached[stands], worst[stands], rtol=0, atol=1e-3 * epsilon * slope)


@pytest.mark.parametrize("norm", ["Linf", "L2"])
def test_the_closed_form_with_several_classes(norm):
    """Breakable or not: of each wrong class the margin by its own dual norm; targeted DLR must find the same."""
    model, images = linear(3, classes=5), inner_pictures(60, 3)
    labels = predict(model, images)
    weights, scores = model[1].weight.detach(), logits(model, images)
    epsilon, dual = (0.04, 1) if norm == "Linf" else (0.15, 2)
    slopes = (weights[None] - weights[labels][:, None]).norm(p=dual, dim=2)
    worst = (scores - scores.gather(1, labels[:, None]) + epsilon * slopes).scatter(1, labels[:, None], -torch.inf)
    breakable = worst.amax(1) > 0
    assert 0.2 < breakable.double().mean() < 0.8
    clear = worst.amax(1).abs() > 1e-3
    for attacked in (
        apgd_targeted(model, images, labels, epsilon, generator=generator(), norm=norm),
        apgd(model, images, labels, epsilon, generator=generator(), norm=norm, loss=margin, restarts=3),
    ):
        broken = predict(model, attacked) != labels
        assert torch.equal(broken[clear], breakable[clear])


def test_targets_are_reached_by_every_loss():
    """ART's targeted form once stepped away from the target, and swapped cross-entropy's arguments."""
    model, images = linear(4, classes=4), inner_pictures(30, 4)
    labels = predict(model, images)
    targets = (labels + 1) % 4
    for loss in (cross_entropy, margin, dlr):
        attacked = apgd(model, images, labels, 0.3, generator=generator(), loss=loss, targets=targets, restarts=2)
        assert (predict(model, attacked) == targets).float().mean() > 0.9


def test_restarts_never_lose_an_image(trained, digits):
    images, labels = digits.images[:60], digits.labels[:60]
    once = predict(trained, apgd(trained, images, labels, 0.03, generator=generator(), steps=5)) != labels
    thrice = predict(trained, apgd(trained, images, labels, 0.03, generator=generator(), steps=5, restarts=3)) != labels
    assert (once <= thrice).all()


@pytest.mark.parametrize(("norm", "epsilon"), [("Linf", 0.35), ("L2", 0.9)])
def test_early_leaving_changes_no_verdict(norm, epsilon):
    """Image by image as in a batch from which others leave: the batch must be cut alike in every tensor."""
    model, images = smooth(5), pictures(30, 5)
    labels = predict(model, images)
    start = uniform(images, epsilon, norm, generator())
    together = ascent(model, images, labels, epsilon, start, norm, 40, margin, None)
    assert 0 < together.broken.sum() < 30
    for k in range(30):
        one = slice(k, k + 1)
        alone = ascent(model, images[one], labels[one], epsilon, start[one], norm, 40, margin, None)
        torch.testing.assert_close(alone.images, together.images[one])
        assert alone.broken == together.broken[one]


def test_a_broken_image_costs_no_more():
    """The model is asked about an image until it errs, then no more."""
    asked = []

    class Counting(nn.Module):
        def forward(self, images):
            asked.append(len(images))
            return torch.stack([images.flatten(1).sum(1), torch.full((len(images),), 8.0)], dim=1)

    bright = torch.full((4, 1, 16), 0.6)
    bright[0] = 1.0  # out of reach
    apgd(Counting(), bright, torch.zeros(4, dtype=torch.long), 0.3, generator=generator(), steps=10)
    assert asked[-1] == 1
    assert len(asked) >= 10


def test_the_last_step_is_judged():
    """adv-lib's PGD never evaluated it: one step changed nothing."""
    model, images = linear(1), inner_pictures(20, 1)
    labels = predict(model, images)
    start = images.clone()
    run = ascent(model, images, labels, 0.29, start, "Linf", 1, margin, None)
    assert run.broken.any()


def test_too_few_classes_for_dlr():
    model, images = linear(0, classes=3), inner_pictures(3)
    with pytest.raises(ValueError, match="4 classes"):
        apgd_targeted(model, images, predict(model, images), 0.1, generator=generator())


def test_who_leaves_the_batch_changes_nothing_for_who_stays():
    """On a trained network some images break early and others' steps are halved: alone each takes the same way."""
    model, digits = nets.trained("standard"), subset(30)
    start = uniform(digits.images, 0.1, "Linf", torch.Generator().manual_seed(1))
    together = ascent(model, digits.images, digits.labels, 0.1, start, "Linf", 60, cross_entropy, None)
    assert 0 < together.broken.sum() < len(digits)
    for one in range(len(digits)):
        part = slice(one, one + 1)
        alone = ascent(
            model, digits.images[part], digits.labels[part], 0.1, start[part], "Linf", 60, cross_entropy, None
        )
        assert alone.broken[0] == together.broken[one]
        torch.testing.assert_close(alone.images[0], together.images[one], rtol=0, atol=1e-5)
