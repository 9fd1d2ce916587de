import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations

from advlab.attacks import fgsm
from advlab.models import SimpleCNN
from advlab.models.rewriting import for_attacks


def networks():
    """One of each kind that the rewriting treats in a way of its own."""
    torch.manual_seed(0)
    strided = nn.Sequential(
        nn.Conv2d(1, 4, 5, stride=(2, 3), padding=(1, 0)),
        nn.ReLU(),
        nn.Conv2d(4, 8, 3),
        nn.Flatten(),
        nn.Linear(528, 5),
    )
    padded = nn.Sequential(
        nn.Conv2d(1, 6, (3, 5), padding=(0, 2), bias=False), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 6, 3, groups=2),
        nn.BatchNorm2d(6), nn.Tanh(), nn.Flatten(), nn.Linear(6 * 11 * 12, 3),
    )  # fmt: skip
    colour = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.LazyLinear(4)
    )
    colour(torch.rand(1, 3, 28, 28))
    return {"SimpleCNN": SimpleCNN(), "strided": strided, "padded": padded, "colour": colour}


def gradient(model, images, labels):
    images = images.clone().requires_grad_()
    logits = model(images)
    (found,) = torch.autograd.grad(F.cross_entropy(logits, labels, reduction="sum"), images)
    return logits.detach(), found


@pytest.mark.parametrize("name", ["SimpleCNN", "strided", "padded", "colour"])
def test_outputs_and_gradients_are_the_models(name):
    model = networks()[name].eval()
    images = torch.rand(7, 3 if name == "colour" else 1, 28, 28)
    labels = torch.randint(0, 3, (7,))
    fast = for_attacks(model)
    assert fast is not model
    for one, other in zip(gradient(fast, images, labels), gradient(model, images, labels), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


class Rounds(nn.Module):
    """A layer that nobody knows, with a memory of its own."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, images):
        self.calls += 1
        return images + ((images * 8).round() / 8 - images).detach()


def test_behind_an_unknown_layer_the_network_is_rewritten_and_the_layer_is_the_callers():
    rounds, network = Rounds(), SimpleCNN()
    model = nn.Sequential(rounds, rounds, network).eval()
    fast = for_attacks(model)
    assert fast[0] is fast[1] is rounds
    assert len(fast) == 3
    assert fast[2] is not network
    assert list(model) == [rounds, rounds, network]
    images, labels = torch.rand(7, 1, 28, 28), torch.randint(0, 10, (7,))
    for one, other in zip(gradient(fast, images, labels), gradient(model, images, labels), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    assert rounds.calls == 4


@pytest.mark.parametrize("kind", [nn.Sequential, type("Own", (nn.Sequential,), {})])
def test_where_nothing_can_be_rewritten_the_model_is_its_own(kind):
    layers = [Rounds(), nn.Flatten(), nn.Linear(784, 10)]
    model = kind(*layers) if kind is nn.Sequential else kind(Rounds(), nn.Sequential(nn.Flatten(), nn.Linear(784, 10)))
    assert for_attacks(model) is model


def test_in_float32_nearly_every_sign_is_the_same(network, digits):
    network.eval()
    _, fast = gradient(for_attacks(network), digits.images, digits.labels)
    _, plain = gradient(network, digits.images, digits.labels)
    assert (fast.sign() == plain.sign()).float().mean() >= 0.998


def test_the_callers_model_is_as_it_was(network):
    before = {name: (tensor.clone(), tensor.stride()) for name, tensor in network.state_dict().items()}
    modules = dict(network.named_modules())
    for_attacks(network.train())
    assert dict(network.named_modules()) == modules
    assert network.training
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name][0])
        assert tensor.stride() == before[name][1]


def test_weights_are_those_of_the_moment(network, digits):
    first = for_attacks(network.eval())(digits.images)
    with torch.no_grad():
        network.conv1.weight.neg_()
        network.conv2.weight.neg_()
    torch.testing.assert_close(for_attacks(network)(digits.images), network(digits.images), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(first, network(digits.images), atol=1e-2)


class Coin(nn.Module):
    """A defense that tosses a coin in Python: traced once, it would always fall the same way."""

    def forward(self, images):
        return images.flip(-1) if torch.rand(()) < 0.5 else images


def hooked():
    model = SimpleCNN()
    model.relu1.register_forward_hook(lambda module, inputs, output: output * 0)
    return model


def patched():
    model = SimpleCNN()
    model.relu1.forward = torch.tanh
    return model


def parametrised():
    return nn.Sequential(nn.Flatten(), parametrizations.weight_norm(nn.Linear(784, 10)))


class Derived(SimpleCNN):
    def forward(self, images):
        return super().forward(images) * torch.rand(())


@pytest.mark.parametrize(
    "make",
    [
        Coin,
        hooked,
        patched,
        parametrised,
        Derived,
        lambda: nn.RNN(2, 2),
        lambda: SimpleCNN().double(),
    ],
)
def test_what_might_act_otherwise_next_time_is_left_alone(make):
    model = make()
    assert for_attacks(model) is model


def test_it_is_not_done_twice(network):
    fast = for_attacks(network)
    assert for_attacks(fast) is fast


class Negative(nn.Module):
    def forward(self, logits):
        return -logits


def test_attacks_run_on_the_rewritten_model(network, digits, monkeypatch):
    """Without the rewriting FGSM gives the same pixels; with a planted wrong one it does not."""
    from advlab.attacks import attack

    ours = fgsm(network.eval(), digits.images, digits.labels, 0.1)
    monkeypatch.setattr(attack, "for_attacks", lambda model: model)
    plain = fgsm(network, digits.images, digits.labels, 0.1)
    assert ((ours - plain).abs() < 1e-6).float().mean() >= 0.998
    monkeypatch.setattr(attack, "for_attacks", lambda model: nn.Sequential(model, Negative()))
    assert ((fgsm(network, digits.images, digits.labels, 0.1) - plain).abs() < 1e-6).float().mean() < 0.998
