from importlib import import_module

import pytest
import torch
from torch import nn

from advlab.attacks import autoattack, autoattack_verdicts, fab, fab_targeted
from advlab.attacks.ball import lengths
from advlab.evaluation import predict

MODULE = import_module("advlab.attacks.autoattack")  # by attribute one gets the function of that name


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def network(seed=0, classes=5, side=6):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(side * side, 16), nn.Tanh(), nn.Linear(16, classes))


def pictures(n, seed=0, side=6):
    return (torch.rand(n, 1, side, side, generator=generator(seed)) * 2 - 0.5).clamp(0, 1)


@pytest.fixture
def short(monkeypatch):
    """Fewer queries: the last attack is long on images that withstand."""
    monkeypatch.setattr(MODULE, "QUERIES", 50)


@pytest.mark.parametrize(("norm", "epsilon"), [("Linf", 0.12), ("L2", 0.6)])
def test_in_ball_and_box_and_named(short, norm, epsilon):
    model, images = network(1), pictures(10, 1)
    labels = predict(model, images)
    labels[0] = (labels[0] + 1) % 5
    kept = images.clone()
    verdicts = autoattack_verdicts(model, images, labels, epsilon, generator=generator(), norm=norm)
    assert torch.equal(images, kept)
    assert lengths(verdicts.adversarial - images, norm).max() <= epsilon + 1e-6
    assert 0 <= verdicts.adversarial.min() <= verdicts.adversarial.max() <= 1
    broken = predict(model, verdicts.adversarial) != labels
    assert broken.tolist() == [True, *(by is not None for by in verdicts.broken_by[1:])]
    assert 1 < broken.sum() < 10
    assert (verdicts.clean[0].item(), verdicts.broken_by[0]) == (False, None)
    stands = ~broken
    assert torch.equal(verdicts.adversarial[stands], images[stands])
    assert torch.equal(
        autoattack(model, images, labels, epsilon, generator=generator(), norm=norm), verdicts.adversarial
    )


def test_each_attack_sees_only_what_still_stands(monkeypatch):
    """Images are broken by their brightness, one by each attack; the sizes of the batches say who saw what."""
    seen = []

    def breaks(name, image):
        def attack(model, images, labels, *args, **options):
            seen.append((name, len(images)))
            return torch.where((images.amax((1, 2, 3)) == image / 10)[:, None, None, None], 1 - images, images)

        return attack

    for number, name in enumerate(("apgd", "apgd_targeted", "fab_targeted", "square"), start=1):
        monkeypatch.setattr(MODULE, name, breaks(name, number))

    class Inverted(nn.Module):
        """Class 0 for dark images, 1 for bright ones."""

        def forward(self, images):
            bright = images.flatten(1).mean(1) - 0.55
            return torch.stack([-bright, bright, bright * 0 - 9, bright * 0 - 9], dim=1)

    images = torch.stack([torch.full((1, 3, 3), shade / 10) for shade in (1, 2, 3, 4, 5)])
    labels = torch.zeros(5, dtype=torch.long)
    verdicts = autoattack_verdicts(Inverted(), images, labels, 1.0, generator=generator())
    assert verdicts.broken_by == ["APGD-CE", "APGD-T", "FAB-T", "Square", None]
    assert seen == [("apgd", 5), ("apgd_targeted", 4), ("fab_targeted", 3), ("square", 2)]


def test_what_fab_finds_outside_the_ball_does_not_count():
    """On images that FAB alone moves over the boundary: all of them in a large ball, none in a small one."""
    model, images = network(4), pictures(8, 4)
    labels = predict(model, images)
    near = lengths(fab(model, images, labels, generator=generator(), steps=20) - images, "Linf")
    for epsilon, expected in ((float(near.max()) * 1.2, 8), (float(near.min()) / 2, 0)):
        found = fab_targeted(model, images, labels, epsilon, generator=generator(), steps=20)
        assert int((predict(model, found) != labels).sum()) == expected
        assert lengths(found - images, "Linf").max() <= epsilon + 1e-6


def test_all_wrong_from_the_start():
    model, images = network(2), pictures(4, 2)
    wrong = (predict(model, images) + 1) % 5
    verdicts = autoattack_verdicts(model, images, wrong, 0.3, generator=generator())
    assert verdicts.broken_by == [None] * 4
    assert not verdicts.clean.any()
    assert torch.equal(verdicts.adversarial, images)


def test_epsilon_zero_is_the_identity(short):
    model, images = network(3), pictures(3, 3)
    assert torch.equal(autoattack(model, images, predict(model, images), 0.0, generator=generator()), images)


def test_refusals_come_before_any_work():
    images, labels = pictures(3), torch.zeros(3, dtype=torch.long)
    with pytest.raises(ValueError, match="at least 4 classes, not 3"):
        autoattack(network(classes=3), images, labels, 0.1, generator=generator())
    with pytest.raises(ValueError, match="height"):
        autoattack(nn.Linear(36, 5), images.flatten(1), labels, 0.1, generator=generator())
    with pytest.raises(ValueError, match="255"):
        autoattack(network(), images, labels, 8.0, generator=generator())
