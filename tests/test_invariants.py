"""What must hold for honest models: checked on the book's own two, by the attacks of the ladder."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F

import advlab
from advlab.attacks import apgd, autoattack, bim, fgsm, momentum, pgd, random_noise, square
from advlab.attacks.losses import cross_entropy, margin
from advlab.attacks.until_broken import pgd_until_broken
from advlab.data import Dataset, subset
from advlab.evaluation import paired, predict

#: The radius at which each model is neither untouched nor wholly broken.
EPSILON = {"standard": 0.1, "robust": 0.3}
IMAGES = 200
HALF_A_POINT = IMAGES // 200


@pytest.fixture(scope="module", params=EPSILON)
def honest(request):
    """(model, epsilon)"""
    return advlab.trained(request.param), EPSILON[request.param]


@pytest.fixture(scope="module")
def test_set():
    return subset(IMAGES)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def survivors(model, test_set, attack, epsilon, **options):
    return predict(model, attack(model, test_set.images, test_set.labels, epsilon, **options)) == test_set.labels


def test_each_rung_leaves_no_more_than_the_one_above(honest, test_set):
    model, epsilon = honest
    noise = survivors(model, test_set, random_noise, epsilon, generator=chance())
    single = survivors(model, test_set, fgsm, epsilon)
    many = survivors(model, test_set, pgd, epsilon, generator=chance())
    assert many.sum() < single.sum() < noise.sum()
    # Image by image: what PGD breaks, AutoAttack breaks too. Images that withstand PGD say nothing of that, and on each
    # of them AutoAttack takes seconds.
    fell = Dataset(test_set.images[~many], test_set.labels[~many])
    assert survivors(model, fell, autoattack, epsilon, generator=chance()).sum() == 0


def test_accuracy_falls_with_epsilon_and_reaches_zero(honest, test_set):
    model, _ = honest
    run = partial(survivors, model, test_set, pgd_until_broken, steps=20)
    left = [int(run(epsilon, generator=chance()).sum()) for epsilon in (0.05, 0.2, 0.35, 0.5, 1.0)]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0


def test_twice_the_steps_hardly_matter(honest, test_set):
    model, epsilon = honest
    once, twice = (
        survivors(model, test_set, pgd_until_broken, epsilon, generator=chance(), steps=steps) for steps in (40, 80)
    )
    assert abs(int(once.sum()) - int(twice.sum())) <= 2 * HALF_A_POINT


def test_a_restart_never_helps_the_model(honest, test_set):
    model, epsilon = honest
    one, three = (
        survivors(model, test_set, pgd_until_broken, epsilon, generator=chance(), steps=10, restarts=restarts)
        for restarts in (1, 3)
    )
    assert three.sum() <= one.sum()


def test_margin_and_cross_entropy_agree(honest, test_set):
    model, epsilon = honest
    by_loss = [
        survivors(model, test_set, pgd_until_broken, epsilon, generator=chance(), steps=20, loss=loss)
        for loss in (cross_entropy, margin)
    ]
    assert paired(*by_loss)["p"] > 0.01


def test_the_white_box_is_at_least_as_strong_as_the_black_one(honest, test_set):
    model, epsilon = honest
    white = survivors(model, test_set, apgd, epsilon, generator=chance(), steps=50)
    black = survivors(model, test_set, square, epsilon, generator=chance(), queries=500)
    assert int((white & ~black).sum()) <= HALF_A_POINT
    assert white.sum() < black.sum()


def test_gradients_are_numbers_and_not_nothing(honest, test_set):
    model, _ = honest
    images = test_set.images.clone().requires_grad_()
    loss = F.cross_entropy(model(images), test_set.labels, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, images)
    assert gradient.isfinite().all()
    assert (gradient.flatten(1).abs().amax(1) > 0).float().mean() > 0.95


def test_the_loss_rises_along_the_attack(honest, test_set):
    model, epsilon = honest
    means = []
    for steps in (1, 3, 10):
        found = bim(model, test_set.images, test_set.labels, epsilon, steps=steps, step_size=epsilon / 4)
        with torch.no_grad():
            means.append(float(F.cross_entropy(model(found), test_set.labels)))
    assert means == sorted(means)


@pytest.mark.parametrize("attack", [fgsm, bim, momentum, pgd, pgd_until_broken, apgd, square])
def test_ball_domain_identity_and_determinism(honest, attack):
    model, epsilon = honest
    test_set = subset(20)
    before = test_set.images.clone()

    def run(size):
        options = {} if attack in (fgsm, bim, momentum) else {"generator": chance(3)}
        options |= {"queries": 50} if attack is square else {}
        return attack(model, test_set.images, test_set.labels, size, **options)

    first = run(epsilon)
    assert (first - before).abs().max() <= epsilon + 1e-6
    assert 0 <= first.min() <= first.max() <= 1
    assert torch.equal(first, run(epsilon))
    torch.testing.assert_close(run(0.0), before, rtol=0, atol=1e-7)
    assert torch.equal(test_set.images, before)
    assert not model.training
    assert all(parameter.grad is None for parameter in model.parameters())
