"""The page on detection: counting and limits by hand on a planted detector; figures, tables and claims on made-up
results."""

import json

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from advlab.chapters.detection import claims, comparison, detectors, evaded, figures, larger_epsilons, measure, tables
from advlab.chapters.shared import style
from advlab.data import Dataset
from advlab.defenses import Detector
from advlab.engine.cache.profile import DRAFT, FULL, STANDARD
from advlab.evaluation import Proportion
from tests.chapters.results import changed

SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


def share(count, n=200):
    return Proportion(count, n).to_json()


def judged_result(fgsm=190, pgd=180, joint=2, flagged=190):
    curve = [[0.0, 0.0], [0.05, 0.5], [0.4, 0.9], [1.0, 1.0]]

    def under(left):
        return {
            "accuracy": share(10),
            "flagged": share(flagged),
            "after rejection": share(left),
            "area": 0.9,
            "curve": curve,
        }

    clean = {"flagged": share(10), "right": share(198), "right and not flagged": share(188)}
    found = {"n": 200, "calibration": 1000, "epsilon": 0.3, "limit": 1.0, "clean": clean}
    found |= {"FGSM": under(fgsm), "PGD": under(pgd)}
    found["joint"] = {"after rejection": share(joint), "flagged": share(1), "accuracy": share(1), "steps": 60}
    return json.loads(json.dumps(found, sort_keys=True))  # as the store gives it back


def grown(*left):
    rows = {
        epsilon: {"PGD on the model": share(190), "attack on both": share(count)}
        for epsilon, count in zip(("0.4", "0.45", "0.5"), left, strict=True)
    }
    return {"n": 200, "epsilons": rows}


ALL = tuple(judged_result(joint=joint) for joint in (4, 0, 2, 0, 190))
BEYOND = grown(150, 100, 2)
RATES = json.loads(json.dumps(measure.base_rates.function(DRAFT)))
BINARY = {"n": 200, "epsilon": 0.3, "can cross": {"0.3": 49.0}, "of": 784, "PGD, straight through": share(170)}


class Brightness(Detector):
    """Suspects images whose second pixel is bright; the model answers 0 where the first is below one half, else 1."""

    def __init__(self):
        super().__init__(First())

    def forward(self, images):
        return self.model(images), images.flatten(1)[:, 1]


class First(nn.Module):
    def forward(self, images):
        first = images.flatten(1)[:, 0]
        return torch.stack([0.5 - first, first - 0.5], 1)


def greys(*pairs):
    """Black images but for their first two pixels."""
    images = torch.zeros(len(pairs), 1, 28, 28)
    images[:, 0, 0, :2] = torch.tensor(pairs)
    return images


def test_limit_and_verdicts_by_hand():
    calibration = greys(*((0.0, value / 100) for value in range(100)))
    judge = measure.Judge(Brightness(), calibration)
    assert judge.limit == pytest.approx(0.94)  # five of a hundred lie above
    right, flagged, scores = judge(greys((0.2, 0.1), (0.8, 0.99)), torch.tensor([0, 0]))
    assert right.tolist() == [True, False]
    assert flagged.tolist() == [False, True]
    assert scores.tolist() == pytest.approx([0.1, 0.99])


def test_static_attacks_are_made_on_the_model_alone():
    """The second pixel never moves: the model does not look at it."""
    calibration = greys(*((0.0, value / 100) for value in range(100)))
    judge = measure.Judge(Brightness(), calibration)
    images, labels = greys((0.4, 0.1), (0.4, 0.99), (0.05, 0.1)), torch.tensor([0, 0, 0])
    test = Dataset(images, labels)
    found = measure.under_static_attacks(judge, test, torch.arange(3))
    assert found["FGSM"]["accuracy"]["count"] == 1
    assert found["FGSM"]["after rejection"]["count"] == 2
    assert found["FGSM"]["area"] == pytest.approx(0.5), "the same scores as before"
    assert found["clean"]["right and not flagged"]["count"] == 2
    assert found["evidence"]["images"][1][:4] == [1, 0, 1, 1]


def test_attempts_go_on_with_what_stands():
    """Of the three, one is too bright for its detector at every point of the ball."""
    calibration = greys(*((0.0, value / 100) for value in range(100)))
    judge = measure.Judge(Brightness(), calibration)
    images, labels = greys((0.4, 0.1), (0.05, 0.1), (0.4, 1.0)), torch.tensor([0, 0, 0])
    test = Dataset(images, labels)
    attempts = (evaded.Attempt(spread=1.0, steps=1, step_size=0.01), evaded.Attempt(spread=1.0, steps=20))
    shares, (right, flagged) = evaded.evaded(judge, test, attempts, 0.3)
    assert shares["after rejection"]["count"] == int((right | flagged).sum())
    assert right.tolist() == [False, True, False]
    assert not flagged.any(), "the third has room to become darker"
    assert shares["steps"] == 21


def test_curves_are_thinned_and_keep_their_ends():
    across, up = torch.linspace(0, 1, 1000), torch.linspace(0, 1, 1000).sqrt()
    points = measure.thinned(across, up)
    assert len(points) == measure.POINTS
    assert points[0] == [0.0, 0.0]
    assert points[-1] == [1.0, 1.0]
    assert measure.thinned(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 1.0])) == [[0.0, 0.0], [1.0, 1.0]]


@pytest.mark.parametrize(("profile", "n"), [(STANDARD, 500), (DRAFT, 256), (FULL, 9000)], ids=lambda of: str(of)[:20])
def test_the_limit_is_set_on_other_images(profile, n):
    test, index, calibration = measure.chosen(profile)
    assert len(test) == len(index) == n
    assert len(calibration) == measure.CALIBRATION
    attacked = {tuple(image.flatten().tolist()) for image in test.images[:50]}
    assert not attacked & {tuple(image.flatten().tolist()) for image in calibration}


def test_pixels_that_can_cross():
    images = torch.tensor([[0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 0.0, 0.0, 0.0, 0.3]]).view(2, 1, 1, 5)
    assert larger_epsilons.crossing(images, 0.3) == 2.0
    assert larger_epsilons.crossing(images, 0.1) == 0.5


def test_a_draft_sees_fewer_training_images():
    assert detectors.at_most(10_000, DRAFT) == 6000
    assert detectors.at_most(10_000, STANDARD) == 10_000


def test_alarms_by_hand():
    """Of a million images a hundred are attacks, 95 of them flagged, beside 49,995 clean ones."""
    assert RATES["at base rate"]["0.05"] == pytest.approx(95 / (95 + 49_995))
    assert RATES["false alarms a day"]["0.05"] == 49_995
    assert RATES["attacks a day"] == 100
    assert RATES["one in"] == 10_000


@SCHEMES
def test_figures(scheme):
    with style.scheme(scheme):
        drawn = [
            figures.curves.function(*ALL),
            figures.dots.function(*ALL),
            figures.precision.function(RATES),
            figures.larger.function(ALL[-1], BEYOND),
        ]
        assert all(style.save(drawing.figure).startswith(b"<?xml") for drawing in drawn)
    curves, dots, precision, larger = drawn
    assert "Mahalanobis: 0.900 and 0.900" in curves.alt
    assert "Mahalanobis: 95.0% and 2.0%" in dots.alt
    assert "one bit, median: 95.0% and 95.0%" in dots.alt
    assert "One attack in 10,000: at 5% false alarms 0.19%" in precision.alt
    assert "95.0% at 0.3, 75.0% at 0.4" in larger.alt
    assert not plt.get_fignums()


def test_tables():
    assert [row[0] for row in tables.reported.function(*ALL).rows] == list(comparison.LOOKS)
    assert tables.reported.function(*ALL).rows[0][1:5] == ["5.0%", "94.0%", "0.900", "95.0%"]
    assert tables.both_ways.function(*ALL).rows[0][2].startswith("2.0%")
    assert [row[0] for row in tables.at_larger.function(ALL[-1], BEYOND).rows] == ["0.3", "0.4", "0.45", "0.5"]
    assert tables.worth.function(RATES).rows[3] == ["1 in 10,000", "0.19%", "0.94%"]


def test_claims_can_be_true_and_false():
    four, weak = ALL[:4], judged_result(joint=100)
    for claim, true, false in [
        (claims.early_eyes_see_all, [judged_result(flagged=199)] * 2, [judged_result(flagged=190)] * 2),
        (claims.squeezing_flags_most, [ALL[-1]], [judged_result(pgd=100)]),
        (claims.many_steps_pass_some, [judged_result(pgd=20)] * 2, [judged_result(pgd=189)] * 2),
        (claims.limits_hold, ALL, [changed(ALL[0], "clean", "flagged", value=share(50)), *ALL[1:]]),
        (claims.four_fall, four, [*four[:3], weak]),
        (claims.four_fall, four, [*four[:3], judged_result(fgsm=50)]),
        (claims.signs_are_not_enough, [judged_result(joint=60), ALL[0]], [judged_result(joint=8), ALL[0]]),
        (claims.one_holds, [ALL[-1]], [weak]),
        (claims.it_falls_further_out, [ALL[-1], BEYOND], [ALL[-1], grown(150, 160, 2)]),
        (claims.it_falls_further_out, [ALL[-1], BEYOND], [ALL[-1], grown(150, 100, 50)]),
        (claims.one_bit_alone_resists, [BINARY], [BINARY | {"PGD, straight through": share(100)}]),
        (claims.few_can_cross, [BINARY], [BINARY | {"can cross": {"0.3": 100.0}}]),
        (claims.nearly_all_alarms_are_false, [RATES], [RATES | {"at base rate": {"0.05": 0.5}}]),
    ]:
        assert claim.function(*true), claim.name
        assert not claim.function(*false), claim.name
