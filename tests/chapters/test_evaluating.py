"""Pitfalls on small models: each broken model against what it should do, the counting against counts made by hand."""

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from advlab.attacks import fgsm
from advlab.attacks.adaptive import Averaged, StraightThrough
from advlab.chapters.evaluating import checks, claims, figures, measure, models, tables
from advlab.chapters.shared import rounding, style
from advlab.evaluation import Proportion, predict


def share(count, n=200):
    return Proportion(count, n).to_json()


def results(naive=180, honest=20):
    """Of each measurement, in the order of figure and table: every naive accuracy alike, every honest one too."""
    low, high = share(honest), share(naive)
    masked = {"clean": share(196), "FGSM": high, "PGD": high, "PGD, margin": low, "Square": low, "transfer": low}
    masked |= {"FGSM, undefended": low, "epsilon": 0.3, "queries": 300, "scale": 1000.0, "same answers": share(200)}
    rounding = {"clean": high, "FGSM": high, "PGD, straight through": low, "levels": 8, "epsilon": 0.3}
    dropping = {"clean": high, "FGSM, one draw": high, "FGSM, mean of draws": low, "of those right before": high}
    dropping |= {"draws": 8, "epsilon": 0.1}
    outputs = {"PGD on probabilities": high, "PGD on logits": low, "PGD in train mode": high, "epsilon": 0.1}
    search = {"normalised epsilon": high, "one step": share(naive + 1), "few steps": high, "many steps": low}
    search |= {"few": 4, "steps": 40, "epsilon": 0.1}
    restarts = {"best": high, "worst": high, "per batch": share(naive - 1), "per example": low}
    return masked, rounding, dropping, outputs, search, restarts


def checked(**changes):
    names = ("clean", "noise", "FGSM", "PGD, half the steps", "PGD", "PGD, margin", "worst case", "transfer", "Square")
    found = {name: share(190 - 10 * number) for number, name in enumerate(names)}
    found |= {"PGD, half the steps": found["PGD"], "PGD, epsilon one": share(0), "only black box": 0, "vanished": 0}
    found |= {"largest change": 0.1, "unchanged at zero": True, "same again": True}
    return found | {"epsilon": 0.1, "steps": 40, "queries": 100} | changes


def test_the_mask_keeps_every_answer_and_hides_the_gradient(trained, digits):
    masked = models.sharpened(trained, measure.SCALE)
    assert torch.equal(predict(masked, digits.images), predict(trained, digits.images))
    assert not torch.equal(masked.fc2.weight, trained.fc2.weight), "the caller's model stays as it was"
    hidden = (measure.input_gradients(masked, digits.images, digits.labels).flatten(1) == 0).all(1)
    seen = (measure.input_gradients(trained, digits.images, digits.labels).flatten(1) != 0).any(1)
    assert hidden.float().mean() > 0.8
    assert seen.all()
    attacked = fgsm(masked, digits.images, digits.labels, 0.3)
    assert torch.equal(attacked[hidden], digits.images[hidden])


def test_rounding_by_hand():
    pixels = torch.tensor([0.0, 0.07, 0.08, 0.5, 0.93, 1.0])
    assert torch.equal(rounding.rounded(pixels, 8), torch.tensor([0, 0, 1, 4, 7, 7]) / 7)
    with pytest.raises(ValueError, match="samples"):
        Averaged(torch.nn.Identity(), 0)


def test_straight_through_has_the_defenses_values_and_the_models_gradient(trained, digits):
    defense = nn.Sequential(rounding.Rounding(8), trained)
    through = StraightThrough(lambda images: rounding.rounded(images, 8), trained)
    few = digits.images[:20].clone().requires_grad_()
    torch.testing.assert_close(through(few), defense(few))
    (gradient,) = torch.autograd.grad(through(few).sum(), few)
    at_rounded = rounding.rounded(digits.images[:20], 8).requires_grad_()
    (expected,) = torch.autograd.grad(trained(at_rounded).sum(), at_rounded)
    torch.testing.assert_close(gradient, expected)
    assert torch.autograd.grad(defense(few).sum(), few)[0].abs().max() == 0


def test_the_mean_of_draws_is_the_mean_of_draws(trained, digits):
    few = digits.images[:6]
    averaged = Averaged(nn.Sequential(models.Dropping(0.5, seed=1), trained), 5)(few)
    one = nn.Sequential(models.Dropping(0.5, seed=1), trained)
    torch.testing.assert_close(averaged, one(few.repeat(5, 1, 1, 1)).view(5, 6, 10).mean(0))
    assert not torch.equal(one(few), one(few)), "each call draws anew"


def test_probabilities(trained, digits):
    assert torch.equal(models.Softmaxed(trained)(digits.images[:4]), trained(digits.images[:4]).softmax(1))


def test_the_forgotten_mode_is_put_back(trained, digits):
    state = torch.get_rng_state()
    right = measure.in_train_mode(trained, digits.images[:20], digits.labels[:20])
    assert right.shape == (20,)
    assert not any(module.training for module in trained.modules())
    assert torch.equal(torch.get_rng_state(), state)


def test_worst_cases_counted_by_hand(monkeypatch):
    monkeypatch.setattr(checks, "CHUNK", 2)
    right = torch.tensor([[1, 1, 0, 1], [0, 1, 1, 1], [1, 1, 1, 0]]).bool()
    found = checks.over_restarts(right)
    # Batches of two images: 2, 1, 2 right in the first, 1, 2, 1 in the second.
    assert [found[name]["count"] for name in ("best", "worst", "per batch", "per example")] == [3, 3, 2, 1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_figure_says_what_it_shows(scheme):
    with style.scheme(scheme):
        drawing = figures.dots.function(*results())
        assert "masked gradients: 90.0% and 10.0%" in drawing.alt
        assert "n = 200" in drawing.caption
        assert style.save(drawing.figure).startswith(b"<?xml")
    assert not plt.get_fignums()


def test_tables():
    faults = tables.faults.function(*results())
    assert len(faults.rows) == 10
    assert faults.rows[0][2].startswith("FGSM: 90.0%")
    assert "300 queries" in str(tables.behind_the_mask.function(results()[0]).rows)
    assert len(tables.checklist.function(checked(), checked()).rows) == 13


def test_claims_can_be_true_and_false():
    masked, rounding, dropping, outputs, search, restarts = results(naive=194, honest=2)
    flat = results(naive=100, honest=100)
    for claim, true, false in [
        (claims.looks_robust, masked, flat[0]),
        (claims.is_not_robust, masked, flat[0]),
        (claims.black_box_beats_white_box, masked, flat[0]),
        (claims.masked_answers_alike, masked, masked | {"same answers": share(199)}),
        (claims.rounding_stops_fgsm, rounding, flat[1]),
        (claims.averaging_is_stronger, dropping, flat[2]),
        (claims.denominator_flatters, dropping, flat[2]),
        (claims.softmax_hardly_matters, flat[3], outputs),
        (claims.two_hardly_differ, flat[3], outputs),
        (claims.unit_hides_the_attack, search, flat[4]),
        (claims.steps_matter, search, search | {"one step": share(0)}),
        (claims.per_example_is_lowest, restarts, restarts | {"per example": share(200)}),
    ]:
        assert claim.function(true), claim.name
        assert not claim.function(false), claim.name
    assert claims.honest_models_keep_the_order.function(checked(), checked())
    assert not claims.honest_models_keep_the_order.function(checked(), checked(noise=share(0)))
    assert claims.more_steps_change_little.function(checked(), checked())
    assert not claims.more_steps_change_little.function(checked(), checked(**{"PGD, half the steps": share(200)}))
