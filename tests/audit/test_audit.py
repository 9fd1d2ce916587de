"""The audit as a function: what it returns, that it is repeatable, and what its verdict says."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from advlab.attacks.adaptive import Averaged
from advlab.attacks.ball import lengths
from advlab.audit import Flag, ModelError, UsageError, audit
from advlab.audit.images import drawn, load_data
from advlab.audit.probe import probe
from advlab.audit.rungs import Ladder
from advlab.evaluation import Proportion
from advlab.models.inference import predict
from advlab.verify import verify
from tests.audit.mymodel import IMAGES, LABELS, Linear

DATA = (IMAGES, LABELS)


def quick(model, epsilon=0.1, **options):
    return audit(model, epsilon, **{"data": DATA, "images": 20, "quick": True, **options})


def test_the_same_seed_gives_the_same_audit_and_leaves_the_generator_alone(audited, audited_model):
    state = torch.random.get_rng_state()
    again = quick(audited_model[0], 0.3, seed=3).to_json()
    assert torch.equal(torch.random.get_rng_state(), state)
    first = audited.to_json()
    for found in (first, again):
        found.update(date="", seconds=0, attacks=[{**one, "seconds": 0} for one in found["attacks"]])
    assert again == first


def test_what_it_says_broken_is_broken_in_the_ball(audited, audited_model):
    examples = audited.broken()
    assert len(examples.images) > 0
    assert len(examples.images) == audited.clean.count - audited.robust.count
    assert all(verify(audited_model[0], examples).holds)
    untouched = [name in ("", "no attack") for name in audited.broken_by]
    assert torch.equal(audited.examples.adversarial[untouched], audited.examples.images[untouched])


def test_a_linear_model_is_broken_exactly_where_its_closed_form_says():
    """The distance to the boundary in L-infinity is the margin over the weights' L1 norm, while no pixel is clipped."""
    model = Linear().eval()
    inner = IMAGES * 0.6 + 0.2
    logits = model(inner)
    labels = logits.argmax(1)
    for epsilon in (0.002, 0.02):
        found = audit(model, epsilon, data=(inner, labels), images=60, quick=True)
        assert found.verdict == "trusted"
        gaps = logits.gather(1, labels[:, None]) - logits
        weights = (model.weight[labels][:, None] - model.weight[None]).abs().sum(2)
        distance = torch.where(gaps > 0, gaps / weights, torch.inf).amin(1)
        assert found.robust.count == int((distance > epsilon).sum())


def test_l2_two_classes_and_images_without_height():
    weight = torch.linspace(-1, 1, 16)

    class Two(nn.Module):
        def forward(self, images):
            score = images.flatten(1) @ weight
            return torch.stack([score, -score], 1)

    flat = IMAGES.flatten(1)
    labels = predict(Two(), flat)
    found = audit(Two(), 0.2, data=(flat, labels), images=20, quick=True, norm="L2")
    assert "Square" not in [one.name for one in found.attacks]  # squares need a picture
    changes = found.examples.adversarial - found.examples.images
    assert lengths(changes, "L2").max() <= 0.2 + 1e-6
    distance = (flat[found.examples.index] @ weight).abs() / weight.norm()
    # The domain cuts corners off the ball, so a few within the distance may hold.
    assert int((distance > 0.2).sum()) <= found.robust.count <= int((distance > 0.15).sum())


def test_double_precision_and_a_loader():
    loader = DataLoader(TensorDataset(IMAGES.double(), LABELS), batch_size=7)
    assert quick(Linear().double().eval(), data=loader).verdict == "trusted"


def test_a_model_that_is_wrong_from_the_start():
    found = quick(Linear().eval(), data=(IMAGES, (LABELS + 1) % 3))
    assert found.robust.value == 0
    assert "clean accuracy at chance" in {flag.name for flag in found.flags}
    assert found.verdict == "no verdict"


def flagged(audited, *severities, at_least=None, robust=50):
    flags = tuple(Flag(severity, severity, "", "", "", "") for severity in severities)
    return replace(audited, flags=flags, at_least=at_least, robust=Proportion(robust, 100))


@pytest.mark.parametrize(
    ("severities", "at_least", "verdict", "status"),
    [
        ((), None, "trusted", 0),
        (("note",), None, "trusted", 0),
        ((), 0.5, "at least", 0),
        ((), 0.51, "below", 1),
        (("masked",), None, "no verdict", 2),
        (("masked",), 0.5, "no verdict", 2),
        (("masked",), 0.51, "below", 1),  # broken is broken
        (("setup",), 0.51, "no verdict", 2),  # another model was measured
    ],
)
def test_verdicts(audited, severities, at_least, verdict, status):
    found = flagged(audited, *severities, at_least=at_least)
    assert (found.verdict, found.exit_status) == (verdict, status)


def test_bad_arguments():
    model = Linear().eval()
    for options, said in (
        ({"epsilon": 2}, "2/255"),
        ({"epsilon": 0}, "above 0"),
        ({"at_least": 90}, "0.9"),
        ({"data": (IMAGES * 2, LABELS)}, "already normalised"),
        ({"data": []}, "no batch"),
        ({"images": 61}, "61 were asked for"),
    ):
        with pytest.raises(UsageError, match=said.replace("?", "\\?")):
            quick(model, **{"epsilon": 0.1, **options})
    with pytest.raises(ModelError, match="fails on a batch"):
        quick(nn.Linear(3, 3))


def test_images_are_drawn_by_seed_and_those_of_mnist_are_the_books():
    first, second = drawn(DATA, 20, 0, "x"), drawn(DATA, 20, 0, "x")
    assert torch.equal(first.index, second.index)
    assert first.checksum == second.checksum != drawn(DATA, 20, 1, "x").checksum
    assert len(first.pool) == len(first.pool_labels) == 40
    assert torch.equal(first.images, IMAGES[first.index])
    mnist = load_data(None, 100, 5)
    assert mnist.images.shape == (100, 1, 28, 28)
    assert mnist.labels.bincount().min() >= 8  # stratified


def test_a_survivor_of_one_rung_is_tried_on_the_next():
    model = Linear().eval()
    ladder = Ladder(model, IMAGES, LABELS, 0.5, "Linf", 0, 3)
    ladder.climb("no attack", "clean", lambda model, images, labels, generator: images)
    ladder.climb("half", "control", lambda model, images, labels, generator: images.flip(0) * 0 + images)
    ladder.climb("too far", "white box", lambda model, images, labels, generator: 1 - images, survivors=True)
    # An image that left the ball is no success, whatever the model says of it.
    outside = (1 - 2 * IMAGES).abs().flatten(1).amax(1) > 0.5
    assert torch.tensor(ladder.of("too far"))[outside].all()


def test_randomness_is_averaged_and_seen():
    class Noisy(nn.Module):
        def forward(self, images):
            return Linear()(images) + torch.randn(len(images), 3)

    seen = probe(Noisy(), IMAGES, LABELS)
    assert seen.random == 1.0
    assert seen.neighbours == 0.0  # chance, not the batch
    torch.manual_seed(0)
    spread = (Averaged(Noisy(), 400)(IMAGES) - Linear()(IMAGES)).detach().std()
    assert 0.03 < float(spread) < 0.07  # one over the root of 400


def test_a_model_that_looks_at_its_neighbours_is_seen():
    class Neighbours(nn.Module):
        def forward(self, images):
            logits = Linear()(images)
            return logits - logits.mean(0)

    assert probe(Neighbours(), IMAGES, LABELS).neighbours == 1.0
    assert probe(Linear(), IMAGES, LABELS).neighbours == 0.0


def test_looking_at_a_model_in_training_mode_leaves_its_statistics_alone():
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(16), nn.Linear(16, 3))
    before = [buffer.clone() for buffer in model.buffers()]
    assert probe(model, IMAGES, LABELS).training > 0
    assert all(torch.equal(*pair) for pair in zip(before, model.buffers(), strict=True))
    assert model.training
