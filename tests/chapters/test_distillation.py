"""Distillation's page: the authors' attack on models computed by hand; the rest from made-up results."""

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from advlab import zoo
from advlab.chapters.distillation import claims, figures, tables
from advlab.chapters.distillation.saliency import saliency
from advlab.chapters.shared import style
from advlab.chapters.shared import two_dots as two_dots
from advlab.engine.cache.profile import DRAFT, STANDARD
from advlab.evaluation import Proportion
from tests.chapters.results import changed


def share(count, n=200):
    return Proportion(count, n).to_json()


ATTACKS = {
    "clean": share(194),
    "FGSM": share(192),
    "PGD": share(190),
    "FGSM, cooled": share(30),
    "PGD, cooled": share(1),
    "PGD, margin": share(0),
    "FGSM, transfer": share(120),
    "PGD, transfer": share(40),
    "epsilon": 0.3,
    "steps": 20,
}
OWN = {"standard": share(190), "student": share(2), "cooled": share(180), "pixels": 112, "images": 20}
GRADIENTS = {
    "standard": {"clean": share(197), "vanished at test temperature": share(0), "lead": 11.0},
    "student": {
        "clean": share(194),
        "vanished at test temperature": share(190),
        "vanished cooled": share(0),
        "lead": 776.0,
    },
    "temperature": 100.0,
}
NEAREST = {"success": share(194, 194), "median distance": 1.2, "median norm": 9.2}


def curve(high, low):
    return {f"{epsilon:g}": {"FGSM": share(high), "PGD, margin": share(low)} for epsilon in (0.05, 0.1, 0.3)}


CURVES = {"standard": curve(100, 20), "student": curve(190, 25), "epsilons": [0.05, 0.1, 0.3], "steps": 20}


class Weighed(nn.Module):
    """Two classes: logit 1 is a weighted sum of the pixels, times a factor; logit 0 is the factor itself."""

    def __init__(self, weights, factor=1.0):
        super().__init__()
        self.register_buffer("weights", torch.tensor(weights))
        self.factor = factor

    def forward(self, images):
        lead = images.flatten(1) @ self.weights
        return self.factor * torch.stack([torch.ones_like(lead), lead], dim=1)


def test_saliency_whitens_the_best_pairs_by_hand():
    model = Weighed([0.1, 0.4, 0.3, 0.5, -1.0, 0.2])
    images, target = torch.zeros(1, 1, 2, 3), torch.tensor([1])
    images[0, 0, 1, 0] = 1.0  # the heaviest pixel is white already
    # White is worth .5 already; one pair, .4 and .3, makes 1.2, which is more than the other class has.
    whitened = saliency(model, images, target, pixels=6)
    assert whitened.flatten().tolist() == [0.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    assert torch.equal(saliency(model, images, target, pixels=1), images), "a pair needs two pixels"


def test_saliency_stops_where_no_pair_helps_or_the_gradient_is_zero():
    images, target = torch.zeros(2, 1, 1, 2), torch.tensor([1, 1])
    assert torch.equal(saliency(Weighed([-0.1, -0.2]), images, target, pixels=2), images)
    steep = Weighed([5.0, 5.0], factor=1000.0)
    assert torch.equal(saliency(steep, images, target, pixels=2), images), "the mask"
    assert torch.equal(saliency(Weighed([5.0, 5.0]), images, target, pixels=2), torch.ones_like(images))


def test_saliency_leaves_what_is_at_its_target():
    images, target = torch.zeros(3, 1, 1, 2), torch.zeros(3, dtype=torch.long)
    assert torch.equal(saliency(Weighed([1.0, 1.0]), images, target, pixels=2), images)


def test_the_students_training_has_a_key_of_its_own():
    keys = {zoo.distilling(profile).key for profile in (DRAFT, STANDARD)}
    keys |= {zoo.distilling(DRAFT, seed=1).key, zoo.training(zoo.for_profile(zoo.DISTILLED.recipe, DRAFT)).key}
    assert len(keys) == 4
    other = zoo.Distillation(zoo.DISTILLED.recipe, temperature=20.0)
    assert zoo.distilling(DRAFT, other).key not in keys


def test_what_withstood_is_the_rest_of_what_was_reached():
    rest = figures.survived(share(50))
    assert rest == pytest.approx(share(150))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("figure", "results", "said"),
    [
        (figures.dots, (ATTACKS, OWN), "FGSM, logits / T: 96.0% and 15.0%"),
        (figures.over_epsilon, (CURVES,), "student, FGSM: 95%, 95%, 95%"),
        (figures.leads, (GRADIENTS,), "student / T 8"),
    ],
    ids=["dots", "over_epsilon", "leads"],
)
def test_figures_say_what_they_show(scheme, figure, results, said):
    with style.scheme(scheme):
        drawing = figure.function(*results)
        assert said in drawing.alt
        assert "n = 200" in drawing.caption
        assert style.save(drawing.figure).startswith(b"<?xml")
    assert not plt.get_fignums()


def test_dots_in_words():
    assert two_dots.said([two_dots.Pair("one", share(100), share(1))]) == "one: 50.0% and 0.5%"


def test_tables():
    ladder = tables.ladder.function(ATTACKS)
    assert [row[1][:5] for row in ladder.rows][:3] == ["97.0%", "96.0%", "95.0%"]
    assert tables.signs.function(GRADIENTS).rows[1][1:] == ["11.0", "776.0"]
    assert "112 pixels" in tables.saliency_attack.function(OWN).caption


@pytest.mark.parametrize(
    ("claim", "result", "path", "value"),
    [
        (claims.student_is_accurate, GRADIENTS, ("student", "clean"), share(180)),
        (claims.gradients_vanish, GRADIENTS, ("student", "vanished at test temperature"), share(100)),
        (claims.gradients_vanish, GRADIENTS, ("standard", "vanished at test temperature"), share(1)),
        (claims.looks_robust, ATTACKS, ("FGSM",), share(150)),
        (claims.is_not_robust, ATTACKS, ("PGD, margin",), share(20)),
        (claims.cooling_is_enough, ATTACKS, ("PGD, cooled",), share(20)),
        (claims.black_box_beats_white_box, ATTACKS, ("PGD",), share(50)),
        (claims.black_box_beats_white_box, ATTACKS, ("FGSM",), share(120)),
        (claims.iterating_hardly_helps, ATTACKS, ("PGD",), share(50)),
        (claims.authors_were_right_about_their_attack, OWN, ("student",), share(50)),
        (claims.one_division_undoes_it, OWN, ("cooled",), share(50)),
        (claims.all_are_turned, NEAREST, ("success",), share(193, 194)),
        (claims.falls_like_the_other, CURVES, ("student", "0.3", "PGD, margin"), share(100)),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_claims_hold_and_can_fail(claim, result, path, value):
    assert claim.function(result)
    assert not claim.function(changed(result, *path, value=value))
