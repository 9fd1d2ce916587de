"""The page on smoothing: its parts make the whole, its counts are right, its figures and claims follow the results."""

import json
import math
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from advlab import zoo
from advlab.chapters.shared import style
from advlab.chapters.smoothing import attack, claims, figures, geometry, measure, tables
from advlab.data import Dataset, indices, subset
from advlab.defenses import ABSTAIN, Certificates
from advlab.engine.cache.profile import DRAFT, FULL, STANDARD
from advlab.engine.chapter import Measurement
from advlab.evaluation import Proportion
from advlab.models.inference import predict
from tests.chapters.results import changed


def share(value, n=500):
    return Proportion(round(value * n), n).to_json()


def certificates(sigma, top=0.98, largest=None):
    """As a measurement gives them: accuracy falls in a straight line to the largest radius, and is nothing beyond."""
    largest = 3.2 * sigma if largest is None else largest
    at = {f"{r:g}": share(max(top - 0.5 * r / largest, 0) if r <= largest else 0.0) for r in measure.RADII}
    found = {"sigma": sigma, "draws": 2000, "guesses": 100, "alpha": 0.001, "largest radius": largest, "at": at}
    for name in ("abstains", "wrong", "answers otherwise"):
        found[name] = share(0.02)
    return json.loads(json.dumps(found | {"network without noise": share(0.98), "network, one draw": share(0.95)}))


def attacked(sigma, left=0.9, proved=0.8, alone=0.92):
    row = {
        "PGD on the network": share(alone, 100),
        "PGD through the noise": share(left, 100),
        "certified": share(proved, 100),
        "broken certificates": 0,
    }
    found = {"sigma": sigma, "steps": 20, "samples": 16, "verdict": 500, "alpha": 0.001}
    return json.loads(json.dumps(found | {"radii": {f"{r:g}": row for r in attack.TRIED[sigma]}}))


def results():
    return [certificates(sigma, top) for sigma, top in zip(measure.SIGMAS, (0.98, 0.96, 0.9), strict=True)]


def attacks(**changes):
    return [attacked(sigma, **changes) for sigma in measure.SIGMAS]


def lengths(**changes):
    return {"covering": 8.4, "median distance to another class": 6.2, "within covering": 0.97} | changes


# --- the recipes --------------------------------------------------------------------------------------------------


def test_the_noise_is_of_its_size_and_not_clipped():
    images = torch.rand(20, 1, 28, 28)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        noisy = zoo.noise_in_training(nn.Identity(), images, torch.zeros(20).long(), 0.5)
    assert float((noisy - images).std()) == pytest.approx(0.5, abs=0.01)
    assert noisy.min() < 0
    assert noisy.max() > 1
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = zoo.SMOOTHED[0.5].architecture().eval()
    assert predict(network, noisy).shape == (20,), "inference takes pixels outside of [0, 1]"


def test_each_network_is_trained_under_the_noise_that_it_is_asked_with():
    assert tuple(zoo.SMOOTHED) == measure.SIGMAS
    assert all(recipe.epsilon == sigma and recipe.ramp == 0 for sigma, recipe in zoo.SMOOTHED.items())
    assert zoo.by_name("smoothed") == zoo.SMOOTHED[0.5]
    with pytest.raises(ValueError, match="'smoothed'"):
        zoo.by_name("smooth")


# --- what is measured ---------------------------------------------------------------------------------------------


def test_sizes_by_profile():
    assert [measure.number(profile) for profile in (DRAFT, STANDARD, FULL)] == [128, 500, 10000]
    assert measure.draws(STANDARD, 0.5) == measure.draws(FULL, 0.5) == 10_000
    assert measure.draws(DRAFT, 0.25) == 512


def test_the_parts_make_the_whole(monkeypatch):
    """Each image is in exactly one part, with its own label."""
    monkeypatch.setattr(measure, "smoothable", lambda profile, sigma: None)

    def certify(model, images, **how):
        return Certificates(torch.ones(len(images)).long(), images.flatten(1).sum(1))

    monkeypatch.setattr(measure, "certify", certify)
    rows = sorted(row for part in range(5) for row in measure.certificates(STANDARD, 0.5, part, 5))
    test, found = measure.of_rows(rows)
    assert torch.equal(test.images, subset(500).images)
    assert torch.equal(found.radii, test.images.flatten(1).sum(1).double())
    with pytest.raises(ValueError, match="not the certificates"):
        measure.of_rows(rows[1:])


def test_certified_accuracy_by_radius():
    found = Certificates(torch.tensor([1, 1, ABSTAIN, 2]), torch.tensor([0.5, 0.2, 0.0, 1.0]).double())
    at = measure.by_radius(found, torch.tensor([1, 1, 1, 1]))
    assert [at[radius]["count"] for radius in ("0", "0.2", "0.25", "0.5", "0.55")] == [2, 2, 1, 1, 0]


def test_the_attack_carries_what_is_wrong_and_leaves_what_holds(monkeypatch):
    """A judge that tells by the radius which of three images is wrong, and notes how many it is asked about."""
    asked = []

    def pgd(model, images, labels, radius, **how):
        return images + radius

    def judge(model, images, **how):
        asked.append(len(images))
        return torch.where(images[:, 0, 0, 0] > 1.2, ABSTAIN, 0)

    monkeypatch.setattr(attack, "pgd", pgd)
    monkeypatch.setattr(attack, "predict", judge)
    images = torch.zeros(3, 1, 28, 28)
    images[:, 0, 0, 0] = torch.tensor([0.9, 0.5, 0.0])
    answers = attack.under_attack(nn.Identity(), nn.Identity(), Dataset(images, torch.zeros(3).long()), 0.25)
    assert attack.TRIED[0.25] == (0.5, 1.0, 1.5)
    assert answers.tolist() == [[ABSTAIN, 0, 0], [ABSTAIN, ABSTAIN, 0], [ABSTAIN] * 3]
    assert asked == [3, 2, 1]


def test_a_broken_certificate_is_another_class_within_the_proof():
    labels, proved = torch.tensor([1, 1, 1, 1]), torch.tensor([True, True, False, True])
    answers = {"alone": torch.tensor([[1, ABSTAIN, 2, 1]]), "through": torch.tensor([[1, 1, 2, 1]])}
    assert attack.broken(answers, 0, labels, proved) == 0
    answers["through"][0, 3] = 7
    assert attack.broken(answers, 0, labels, proved) == 1


def test_proofs_of_wrong_answers_count_for_nothing(monkeypatch):
    rows = [[5, 1, 1, 0.7], [8, 1, 2, 0.9], [9, 1, ABSTAIN, 0.0]]
    kept = SimpleNamespace(json=lambda name: {"images": rows})
    stored = Measurement(lambda profile: {}, lambda profile: ())
    monkeypatch.setattr(stored, "computation", lambda profile: SimpleNamespace(get=lambda: kept))
    assert attack.radii_of(stored, STANDARD, torch.tensor([9, 5, 8])).tolist() == [-1.0, 0.7, -1.0]


def test_lengths_are_those_of_geometry():
    found = geometry.lengths.function(DRAFT)
    assert found["covering"] == pytest.approx(0.3 * 28)
    assert found["mean length"] == pytest.approx(9.3, abs=0.01)
    assert 0 < found["median distance to another class"] < found["mean length"]
    # So many draws, all agreeing, bound the probability by the normal one of 8.4: alpha ** (1 / n) = Phi(8.4).
    n = 10 ** found["draws needed, power of ten"]
    assert math.log(0.001) / n == pytest.approx(-0.5 * math.erfc(8.4 / math.sqrt(2)), rel=1e-6)
    assert found["reach, L-infinity"] == pytest.approx(found["reach"] / 28)
    # At the sigma that is needed the draws of the page reach that far.
    assert measure.largest_radius(10_000, 0.001, found["sigma needed"]) == pytest.approx(8.4, rel=1e-3)


def test_the_picture_is_of_the_first_image(monkeypatch):
    monkeypatch.setattr(geometry, "smoothable", lambda profile, sigma: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)))
    found = geometry.picture.function(DRAFT)
    assert found["index"] == int(indices(128)[0])
    assert all(sum(of["counts"]) == found["votes"] for of in found["noisy"].values())
    assert found["clean"] == (subset(128).images[0, 0] * 255).round().int().tolist()
    assert all(0 <= level <= 255 for of in found["noisy"].values() for row in of["shown"] for level in row)


# --- what is drawn and said ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_say_what_they_show(scheme):
    blank = [[0] * 28] * 28
    picture = {"label": 5, "votes": 100, "clean": blank}
    picture["noisy"] = {
        sigma: {"shown": blank, "counts": [0] * 5 + [90, 10] + [0] * 3} for sigma in ("0.25", "0.5", "1")
    }
    with style.scheme(scheme):
        for drawing, words in [
            (figures.noisy.function(picture), "σ = 0.5: 90 of 100 answers are 5"),
            (figures.curves.function(*results(), *attacks()), "the draws end at 1.60; attacked 90.0% at 0.5"),
            (figures.dots.function(*attacks()), "σ = 1, radius 2: 92.0% and 90.0%"),
        ]:
            assert words in drawing.alt
            assert style.save(drawing.figure).startswith(b"<?xml")
    assert not plt.get_fignums()


def test_the_table_has_a_dash_beyond_the_draws():
    rows = {row[0]: row[1:] for row in tables.certified.function(*results()).rows}
    assert rows["0"][0].startswith("98.0%")
    assert rows["1"][0] == "–"
    assert rows["1.5"][1] != "–"
    assert rows["2"][1:] == ["–", rows["2"][2]]
    assert rows["2"][2].startswith("58.8%")
    assert len(tables.classifiers.function(*results()).rows) == 8
    assert tables.classifiers.function(*results()).rows[6][1:] == ["2,100"] * 3


def test_claims_can_be_true_and_false():
    few, some, many = results()
    for claim, true, false in [
        (claims.never_broken, attacks(), [changed(attacked(0.25), "radii", "1", "broken certificates", value=1)]),
        (claims.attack_lies_above, attacks(), attacks(left=0.7)),
        (claims.noise_helps_the_attack, [attacked(0.5, alone=0.96)], [attacked(0.5, alone=0.9)]),
        (claims.noise_adds_little_elsewhere, attacks()[::2], attacks(alone=0.99)[::2]),
        (claims.more_noise_costs_accuracy, results(), [few, some, few]),
        (claims.more_noise_reaches_further, results(), [few, many, certificates(1.0, largest=1.0)]),
        (claims.draws_are_the_limit, [some], [certificates(0.5, top=0.5)]),
        (claims.beyond_other_classes, [lengths()], [lengths(covering=5.0)]),
    ]:
        assert claim.function(*true), claim.name
        assert not claim.function(*false), claim.name
