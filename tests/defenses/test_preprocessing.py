"""Preprocessing: what stands before the model, and the model to attack in its stead."""

from functools import partial

import pytest
import torch
from torch import nn

from advlab.attacks import fgsm, pgd
from advlab.attacks.adaptive import Averaged
from advlab.attacks.losses import margin
from advlab.defenses import BitDepth, Jpeg, MedianFilter, Preprocessed, RandomResizing, TotalVariation, through
from advlab.evaluation import accuracy, predict


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=4, side=28, seed=0):
    return torch.rand(n, 1, side, side, generator=drawn(seed))


def gradient(model, images):
    inputs = images.clone().requires_grad_()
    (found,) = torch.autograd.grad(model(inputs).square().sum(), inputs)
    return found


WEAK = [BitDepth(3), Jpeg(75), MedianFilter(2), TotalVariation(0.1, steps=20)]
DETERMINISTIC = [BitDepth(2), Jpeg(75), MedianFilter(3), TotalVariation(0.1, steps=5)]


@pytest.mark.parametrize("transformation", DETERMINISTIC, ids=str)
def test_the_model_to_attack_computes_what_the_defense_computes(network, transformation):
    defended = Preprocessed(transformation, network.eval())
    torch.testing.assert_close(through(defended)(pictures()), defended(pictures()), rtol=1e-4, atol=1e-4)
    assert torch.equal(defended(pictures()), network(transformation(pictures())))


@pytest.mark.parametrize("transformation", [BitDepth(2), Jpeg(75)], ids=str)
def test_a_step_function_has_no_gradient_and_the_identitys_takes_its_place(network, transformation):
    defended = Preprocessed(transformation, network.eval())
    assert gradient(defended, pictures()).abs().max() == 0
    expected, found = gradient(network, transformation(pictures())), gradient(through(defended), pictures())
    # Equal to the last pixel with AVX2; with AVX512 one in fifty differed, perhaps by ties of a pooling in flat places.
    assert torch.isclose(found, expected, rtol=1e-3, atol=1e-5).float().mean() > 0.95
    torch.testing.assert_close(found.sum(), expected.sum(), rtol=0.05, atol=1e-2)


@pytest.mark.parametrize("transformation", [MedianFilter(3), TotalVariation(0.1, steps=5)], ids=str)
def test_a_gradient_of_its_own_is_kept(network, transformation):
    defended = Preprocessed(transformation, network.eval())
    found = gradient(through(defended), pictures())
    torch.testing.assert_close(found, gradient(defended, pictures()), rtol=1e-3, atol=1e-5)


def test_a_random_defense_is_averaged_once_however_deep_it_lies(network):
    defended = Preprocessed(BitDepth(3), Preprocessed(RandomResizing(24, generator=drawn()), network.eval()))
    attacked = through(defended, samples=6)
    assert isinstance(attacked, Averaged)
    again = Preprocessed(BitDepth(3), Preprocessed(RandomResizing(24, generator=drawn()), network))
    expected = torch.stack([again(pictures()) for _ in range(6)]).mean(0)
    torch.testing.assert_close(attacked(pictures()), expected, rtol=1e-4, atol=1e-4)
    assert not isinstance(through(Preprocessed(BitDepth(3), network)), Averaged)


def test_a_stack_is_opened_step_by_step(network):
    defended = Preprocessed(Jpeg(60), Preprocessed(BitDepth(3), network.eval()))
    assert gradient(defended, pictures()).abs().max() == 0
    expected = gradient(network, BitDepth(3)(Jpeg(60)(pictures())))
    torch.testing.assert_close(gradient(through(defended), pictures()), expected, rtol=1e-3, atol=1e-5)


def test_of_another_model_the_function_stays(network):
    torch.testing.assert_close(through(network.eval())(pictures()), network(pictures()), rtol=1e-4, atol=1e-4)
    stranger = nn.Sequential(nn.Flatten(), nn.Softsign())
    assert through(stranger) is stranger
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        through(network, samples=0)


@pytest.mark.parametrize("transformation", WEAK, ids=str)
def test_the_adaptive_attack_does_what_the_static_one_does_not(trained, digits, transformation):
    """Static: made on the model alone, as the authors of the defenses did."""
    images, labels = digits.images[:60], digits.labels[:60]
    defended = Preprocessed(transformation, trained)
    static = accuracy(defended, images, labels, lambda _, x, y: fgsm(trained, x, y, 0.25))
    attack = partial(pgd, epsilon=0.25, steps=10, generator=drawn(), loss=margin)
    adaptive = accuracy(defended, images, labels, lambda _, x, y: attack(through(defended), x, y))
    assert accuracy(defended, images, labels).value > 0.8
    assert adaptive.value < static.value - 0.1


def test_the_attack_that_averages_does_what_the_static_one_does_not(trained, digits):
    images, labels = digits.images[:60], digits.labels[:60]
    defended = Preprocessed(RandomResizing(24, generator=drawn()), trained)
    static = predict(defended, fgsm(trained, images, labels, 0.25)) == labels
    model = through(defended, samples=8)
    attacked = pgd(model, images, labels, 0.25, generator=drawn(), steps=10, loss=margin)
    adaptive = predict(defended, attacked) == labels
    assert int(adaptive.sum()) < int(static.sum()) - 6
