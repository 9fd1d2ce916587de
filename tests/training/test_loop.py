from dataclasses import FrozenInstanceError, replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from advlab import training
from advlab.attacks import fgsm
from advlab.engine.cache import progress
from advlab.models.inference import logits
from advlab.models.rewriting import pool_first, rewritten
from advlab.training import Recipe, train

SMALL = Recipe(epochs=2, batch_size=64, train_images=640, test_images=200)


def flat(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def test_it_learns_and_tells_every_epoch():
    trained = train(SMALL, seed=0)
    first, last = trained.history
    assert [epoch["epoch"] for epoch in trained.history] == [1, 2]
    assert last["loss"] < first["loss"]
    assert last["test_accuracy"] > max(0.5, first["test_accuracy"])
    assert all(epoch["seconds"] > 0 for epoch in trained.history)


def test_the_history_is_of_the_model_that_comes_back():
    from advlab.data import subset

    trained, test = train(SMALL, seed=0), subset(SMALL.test_images)
    outputs = logits(trained.model, test.images)
    assert trained.history[-1]["test_loss"] == pytest.approx(float(F.cross_entropy(outputs, test.labels)), rel=1e-4)
    accuracy = float((outputs.argmax(1) == test.labels).float().mean())
    assert trained.history[-1]["test_accuracy"] == pytest.approx(accuracy, abs=0.006)


def test_the_seed_decides_everything():
    one, same, other = (flat(train(replace(SMALL, epochs=1), seed).model) for seed in (3, 3, 4))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_the_global_generator_neither_matters_nor_changes():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = flat(train(replace(SMALL, epochs=1), 0).model)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(one, flat(train(replace(SMALL, epochs=1), 0).model))


def test_the_model_comes_back_ready_to_use():
    model = train(replace(SMALL, epochs=1), 0).model
    assert not any(module.training for module in model.modules())
    assert all(parameter.is_contiguous() for parameter in model.parameters())
    assert isinstance(model, SMALL.architecture)


def test_every_image_is_seen_once_an_epoch(monkeypatch):
    seen = []

    def note(model, images, labels, epsilon):
        seen.append(labels)
        return images

    trained = train(replace(SMALL, perturb=note, train_images=100, batch_size=30), 0)
    assert [len(labels) for labels in seen] == [30, 30, 30, 10] * 2
    first, second = torch.cat(seen[:4]), torch.cat(seen[4:])
    assert not torch.equal(first, second)
    assert torch.equal(first.bincount(), second.bincount())
    assert len(trained.history) == 2


def test_it_trains_on_what_perturb_gives_back():
    blank = train(replace(SMALL, perturb=lambda model, images, labels, epsilon: images.zero_()), 0)
    assert blank.history[-1]["train_accuracy"] < 0.3


def test_an_attack_can_perturb(digits):
    robust = train(replace(SMALL, perturb=fgsm, epsilon=0.1), 0)
    assert robust.history[-1]["loss"] > train(SMALL, 0).history[-1]["loss"]


def test_epsilon_grows_over_the_ramp():
    seen = []

    def note(model, images, labels, epsilon):
        seen.append(epsilon)
        return images

    recipe = replace(SMALL, perturb=note, epsilon=0.3, train_images=100, batch_size=10, epochs=2)
    train(replace(recipe, ramp=0.5), 0)
    assert seen == pytest.approx([*(0.03 * step for step in range(10)), *[0.3] * 10])
    seen.clear()
    train(recipe, 0)
    assert seen == [0.3] * 20


def test_the_loss_is_passed_in():
    def doubled(outputs, labels):
        return 2 * F.cross_entropy(outputs, labels)

    # Adam divides the gradient by its size: the losses differ by the factor, what is learned hardly at all.
    twice, once = train(replace(SMALL, loss=doubled, epochs=1), 0), train(replace(SMALL, epochs=1), 0)
    assert twice.history[0]["loss"] == pytest.approx(2 * once.history[0]["loss"], rel=0.02)


def test_progress_is_reported():
    heard = []
    with progress.listening(lambda share, doing: heard.append((share, doing))):
        train(SMALL, 0)
    shares = [share for share, _ in heard]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1
    assert heard[-1][1] == "epoch 2 of 2"


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"batch_size": 0}])
def test_nonsense_is_refused(wrong):
    with pytest.raises(ValueError, match="at least 1"):
        train(replace(SMALL, **wrong), 0)


def test_a_recipe_does_not_change():
    with pytest.raises(FrozenInstanceError):
        SMALL.epochs = 7


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_pooling_first_is_the_same_function(network, digits, layout):
    training.set_memory_format(network, layout)
    network.double().eval()
    images, labels = digits.images.double(), digits.labels
    results = []
    for model in (network, rewritten(network)):
        pixels = images.clone().requires_grad_()
        outputs = model(pixels)
        loss = F.cross_entropy(outputs, labels)
        results.append((outputs.detach(), torch.autograd.grad(loss, [pixels, *network.parameters()])))
    (plain, plain_gradients), (fast, fast_gradients) = results
    torch.testing.assert_close(fast, plain, rtol=0, atol=1e-12)
    for one, other in zip(fast_gradients[1:], plain_gradients[1:], strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_pooling_first_moves_the_pooling_and_shares_the_parameters(network):
    fast = pool_first(network)
    called = [node.target for node in fast.graph.nodes if node.op == "call_module"]
    assert called.index("pool1") < called.index("relu1") < called.index("conv2")
    assert called.index("pool2") < called.index("relu2") < called.index("flatten")
    assert [name for name, _ in network.named_children()].index("relu1") == 2
    assert all(ours is theirs for ours, theirs in zip(fast.parameters(), network.parameters(), strict=True))


def test_pooling_first_leaves_a_relu_that_others_use():
    class Forked(nn.Module):
        def __init__(self):
            super().__init__()
            self.relu, self.pool = nn.ReLU(), nn.MaxPool2d(2)

        def forward(self, images):
            active = self.relu(images)
            return self.pool(active).sum() + active.sum()

    images = torch.randn(2, 1, 4, 4)
    assert torch.equal(pool_first(Forked())(images), Forked()(images))


def test_dropout_follows_the_mode(network, digits):
    fast = pool_first(network)
    network.train()
    assert not torch.equal(fast(digits.images), fast(digits.images))
    network.eval()
    assert torch.equal(fast(digits.images), fast(digits.images))


def test_an_objective_is_what_is_minimised():
    shares = []

    def margins(model, images, labels, share):
        shares.append(share)
        return F.multi_margin_loss(model(images), labels)

    trained = train(replace(SMALL, objective=margins, train_images=320, batch_size=32), 0)
    assert shares == pytest.approx([step / 20 for step in range(20)])
    assert trained.history[-1]["loss"] < trained.history[0]["loss"]
    assert trained.history[-1]["train_accuracy"] is None
    assert trained.history[-1]["test_accuracy"] > 0.3


def test_a_cross_entropy_objective_trains_the_same_model():
    def plain(model, images, labels, share):
        return F.cross_entropy(model(images), labels)

    one, other = (train(replace(SMALL, epochs=1, objective=how), 0) for how in (None, plain))
    assert one.history[0]["loss"] == pytest.approx(other.history[0]["loss"], rel=0.02)
    assert one.history[0]["test_loss"] == pytest.approx(other.history[0]["test_loss"], rel=0.1)


def test_clipping_shortens_long_gradients_and_leaves_short_ones():
    free = flat(train(replace(SMALL, epochs=1), 0).model)
    assert torch.equal(flat(train(replace(SMALL, epochs=1, clip=1e6), 0).model), free)
    # Adam divides by the size of its gradients: only shortening some of them, and not others, changes what it does.
    assert not torch.equal(flat(train(replace(SMALL, epochs=1, clip=1.0), 0).model), free)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"perturb": fgsm, "objective": fgsm}, "either perturb or objective"),
        ({"clip": 0.0}, "clip must be positive"),
    ],
)
def test_recipes_that_contradict_themselves(change, words):
    with pytest.raises(ValueError, match=words):
        train(replace(SMALL, **change), 0)
