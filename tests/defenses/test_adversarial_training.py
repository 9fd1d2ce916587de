"""What each form of adversarial training makes of a batch: against formulas by hand and TRADES' own loop, rewritten."""

import pytest
import torch
import torch.nn.functional as F

from advlab.attacks import pgd
from advlab.defenses import random_single_step, several_steps, single_step, trades
from advlab.defenses.adversarial_training import more_steps_on_redrawn, steps_on_redrawn
from advlab.models import strided_cnn
from advlab.training import Recipe, train
from advlab.training.augmentation import redrawn

EPSILON = 0.2


@pytest.fixture
def network():
    torch.manual_seed(2)
    return strided_cnn().train()


def gradient(model, images, labels):
    images = images.clone().requires_grad_()
    loss = F.cross_entropy(model(images), labels, reduction="sum")
    return torch.autograd.grad(loss, images)[0]


def test_the_strided_network_takes_digits(network, digits):
    assert network(digits.images).shape == (len(digits), 10)


def test_a_single_step_is_fgsm_by_hand(network, digits):
    found = single_step(network, digits.images, digits.labels, EPSILON)
    expected = (digits.images + EPSILON * gradient(network, digits.images, digits.labels).sign()).clamp(0, 1)
    assert ((found - expected).abs() < 1e-6).float().mean() >= 0.998


def test_a_random_single_step_by_hand(network, digits):
    x = digits.images
    torch.manual_seed(7)
    found = random_single_step(network, x, digits.labels, EPSILON)
    torch.manual_seed(7)
    start = x + EPSILON * (2 * torch.rand(x.shape) - 1)  # not clipped
    moved = start + 1.25 * EPSILON * gradient(network, start, digits.labels).sign()
    expected = torch.minimum(torch.maximum(moved, x - EPSILON), x + EPSILON).clamp(0, 1)
    assert ((found - expected).abs() < 1e-6).float().mean() >= 0.998
    assert (found - x).abs().max() <= EPSILON + 1e-6


def test_several_steps_are_pgds(network, digits):
    torch.manual_seed(7)
    found = several_steps(network, digits.images, digits.labels, EPSILON)
    chance = torch.Generator()
    torch.manual_seed(7)
    chance.set_state(torch.get_rng_state())
    options = {"steps": 3, "step_size": 2 * EPSILON / 3, "generator": chance}
    assert torch.equal(found, pgd(network, digits.images, digits.labels, EPSILON, **options))


@pytest.mark.parametrize(("form", "steps", "step"), [(steps_on_redrawn, 3, 2 / 3), (more_steps_on_redrawn, 10, 0.25)])
def test_steps_on_redrawn_images_stay_round_those(form, steps, step, network, digits):
    torch.manual_seed(7)
    found = form(network, digits.images, digits.labels, EPSILON)
    torch.manual_seed(7)
    drawn = redrawn(digits.images)
    chance = torch.Generator()
    chance.set_state(torch.get_rng_state())
    options = {"steps": steps, "step_size": step * EPSILON, "generator": chance}
    assert torch.equal(found, pgd(network, drawn, digits.labels, EPSILON, **options))
    assert (found - digits.images).abs().max() > EPSILON


@pytest.mark.parametrize("form", [single_step, random_single_step, several_steps])
def test_without_an_epsilon_nothing_moves(form, network, digits):
    assert torch.equal(form(network, digits.images, digits.labels, 0.0), digits.images)


def reference_trades(model, x, y, epsilon, beta, steps, step):
    """The loop that the authors published, in the words of this test."""
    kl = torch.nn.KLDivLoss(reduction="sum")
    adversarial = (x + 0.001 * torch.randn_like(x)).clamp(0, 1)
    for _ in range(steps):
        adversarial = adversarial.detach().requires_grad_()
        loss = kl(F.log_softmax(model(adversarial), dim=1), F.softmax(model(x), dim=1).detach())
        (grad,) = torch.autograd.grad(loss, adversarial)
        adversarial = adversarial.detach() + step * epsilon * grad.sign()
        adversarial = torch.min(torch.max(adversarial, x - epsilon), x + epsilon).clamp(0.0, 1.0)
    adversarial = adversarial.detach()
    natural = F.cross_entropy(model(x), y)
    robust = kl(F.log_softmax(model(adversarial), dim=1), F.softmax(model(x), dim=1)) / len(x)
    return natural + beta * robust


@pytest.mark.parametrize("beta", [0.0, 1.0, 6.0])
def test_trades_loss_and_gradients_are_those_of_its_authors(beta, network, digits):
    network, images = network.double(), digits.images.double()  # in float32 signs of tiny gradients differ
    torch.manual_seed(5)
    loss = trades(network, images, digits.labels, EPSILON, beta=beta)
    ours = torch.autograd.grad(loss, list(network.parameters()))
    torch.manual_seed(5)
    expected = reference_trades(network, images, digits.labels, EPSILON, beta, 3, 2 / 3)
    theirs = torch.autograd.grad(expected, list(network.parameters()))
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)
    for one, other in zip(ours, theirs, strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-10 * float(other.abs().max()))


def test_trades_searches_for_the_farthest_answer(network, digits):
    torch.manual_seed(5)
    near = trades(network, digits.images, digits.labels, EPSILON, beta=1.0, steps=0)
    torch.manual_seed(5)
    far = trades(network, digits.images, digits.labels, EPSILON, beta=1.0)
    assert far.item() > near.item()


def test_trades_leaves_flags_and_gradients(network, digits):
    trades(network, digits.images, digits.labels, EPSILON, beta=6.0)
    assert all(module.training for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_trades_refuses_a_negative_weight_and_a_wrong_unit(network, digits):
    with pytest.raises(ValueError, match="beta must be"):
        trades(network, digits.images, digits.labels, EPSILON, beta=-1.0)
    with pytest.raises(ValueError, match="255"):
        trades(network, digits.images, digits.labels, 8.0, beta=6.0)


def test_a_training_uses_them():
    def objective(model, images, labels, share):
        return trades(model, images, labels, 0.1, beta=6.0)

    made = train(
        Recipe(
            strided_cnn, epochs=2, train_images=1500, test_images=200, batch_size=50, learning_rate=5e-3,
            objective=objective,
        ),
        seed=0,
    )  # fmt: skip
    assert made.history[-1]["loss"] < made.history[0]["loss"]
    assert made.history[-1]["test_accuracy"] > 0.5


def test_trades_searches_in_float32_under_autocast(network, digits):
    """A training may be in bfloat16: the search for the farthest answer is the same, the loss nearly."""
    torch.manual_seed(5)
    whole = trades(network, digits.images, digits.labels, EPSILON, beta=6.0)
    torch.manual_seed(5)
    with torch.autocast("cpu", torch.bfloat16):
        half = trades(network, digits.images, digits.labels, EPSILON, beta=6.0)
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(whole.item(), rel=0.05)
    half.backward()
    assert all(parameter.grad.dtype == torch.float32 for parameter in network.parameters())
