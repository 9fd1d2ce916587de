"""The page on intervals: bounds by hand, the order of bounds kept, figures and claims that follow the results."""

import json

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from advlab import zoo
from advlab.chapters.intervals import attack, claims, figures, measure, tables
from advlab.chapters.shared import style
from advlab.data import Dataset
from advlab.defenses import certified, certified_loss
from advlab.engine.cache.profile import DRAFT, FULL, STANDARD
from advlab.evaluation import Proportion
from tests.chapters.results import changed


def share(value, n=500):
    return Proportion(round(value * n), n).to_json()


def kept(result):
    return json.loads(json.dumps(result, sort_keys=True))  # as the store gives it back


def between(unknown=0.02):
    at = {}
    for number, epsilon in enumerate(measure.EPSILONS):
        below = 0.92 - 0.02 * number
        of = {
            "proved": share(below),
            "AutoAttack": share(below + unknown),
            "unknown": share(unknown),
            "broken proofs": 0,
        }
        at[f"{epsilon:g}"] = of
    return kept({"clean": share(0.95), "at": at, "n": 500})


def attempted():
    broken = dict.fromkeys(("noise", "PGD", "PGD, margin", "AutoAttack, sample"), 0)
    of = {"proved": share(0.9), "attacked": 450, "sampled": 9, "broken": broken}
    return kept({"steps": 40, "restarts": 2, "at": {"0.1": of, "0.3": of}})


def proved(clean=0.94):
    at = {f"{epsilon:g}": share(0.9, 10000) for epsilon in measure.EPSILONS}
    return kept({"clean": share(clean, 10000), "at": at, "epochs": 12, "trained epsilon": 0.32, "parameters": 419546})


def plain(clean=0.92, at=0.87):
    return kept(
        {"clean": share(clean, 10000), "at": {f"{epsilon:g}": share(at, 10000) for epsilon in measure.EPSILONS}}
    )


def undefended(last=0.0):
    at = {f"{epsilon:g}": share(0.9 if epsilon < 0.02 else last) for epsilon in measure.TINY}
    return kept({"clean": share(0.99), "at": at})


def growth(standard=900.0):
    names = ("pixels", "layer 1", "layer 2", "layer 3", "logits")
    widths = {"standard": dict.fromkeys(names, standard), "certified": dict.fromkeys(names, 0.5)}
    return kept({"epsilon": 0.1, "n": 500, "widths": widths})


def linear(ours=0.9, theirs=0.8):
    def of(one, other):
        return {"intervals": share(one), "linear": share(other), "linear is tighter": share(0.1), "either": share(one)}

    return kept(
        {
            "certified": {"0.1": of(ours, theirs), "0.3": of(ours, theirs)},
            "noise": {"0.01": of(0.1, theirs), "0.02": of(0.0, theirs)},
            "sigma": 0.25,
        }
    )


def linear_network(margin=1.0):
    """Class 0 for a bright first pixel, class 1 for a dark one, and two classes that never win: 0.5 divides them."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 4)).eval()
    with torch.no_grad():
        model[1].weight.zero_()
        model[1].weight[:2, 0] = torch.tensor([margin, -margin])
        model[1].bias.copy_(torch.tensor([-margin / 2, margin / 2, -9.0, -9.0]))
    return model


def pixels(*values):
    """Images of one pixel."""
    return torch.tensor(values).view(-1, 1, 1, 1)


def bright(*values):
    """Images whose first pixel is of these values, and all others black."""
    images = torch.zeros(len(values), 1, 28, 28)
    images[:, 0, 0, 0] = torch.tensor(values)
    return images


# --- the recipe ---------------------------------------------------------------------------------------------------


def test_the_objective_begins_with_the_images_and_ends_with_the_worst_case(digits):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = zoo.CERTIFIED.architecture().train()
    x, y = digits.images[:20], digits.labels[:20]
    first, last = (zoo.interval_objective(model, x, y, done) for done in (0.0, 1.0))
    # In a ball of nothing the worst logits are the images' own, whatever the share of the natural loss.
    torch.testing.assert_close(first, certified_loss(model, x, y, 0.0, kappa=1.0))
    torch.testing.assert_close(last, certified_loss(model, x, y, zoo.TRAINED_EPSILON, kappa=0.0))
    assert zoo.by_name("certified") == zoo.CERTIFIED
    assert zoo.TRAINED_EPSILON >= 0.3, "the ball that the page asks about"


# --- what is measured ---------------------------------------------------------------------------------------------


def test_widths_by_hand():
    """One pixel through two layers: weights 2 and -3, a ReLU between; the pixels 0.25, 0.5 and 0.75 with 0.1."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(1, 1, bias=False), nn.ReLU(), nn.Linear(1, 1, bias=False))
    with torch.no_grad():
        model[1].weight.fill_(2.0)
        model[3].weight.fill_(-3.0)
    images = pixels(0.25, 0.5, 0.75)
    found = measure.layer_widths(model, images, 0.1)
    assert list(found) == ["pixels", "layer 1", "logits"]
    spread = float(images.std())
    # Nothing is cut: every interval is 0.2 wide, then 0.4, then 1.2, and the spread grows by the same factors.
    assert all(of == pytest.approx(0.2 / spread, rel=1e-5) for of in found.values())


def test_both_bounds_of_a_linear_network_are_exact():
    model, test = linear_network(), Dataset(bright(0.9, 0.55, 0.2), torch.tensor([0, 0, 1]))
    found = measure.compared(model, test, 0.1)
    assert found["intervals"]["count"] == found["linear"]["count"] == found["either"]["count"] == 2
    assert measure.lowest(torch.tensor([[0.0, 3.0, -2.0]]), torch.tensor([0])).tolist() == [-2.0]


def test_how_many_images():
    assert [len(measure.chosen(profile)[0]) for profile in (DRAFT, STANDARD, FULL)] == [32, 500, 10000]


def test_what_is_proved_is_not_attacked_and_what_was_broken_stays_broken(monkeypatch):
    model, test = linear_network(), Dataset(bright(0.9, 0.55, 0.2, 0.4), torch.tensor([0, 0, 1, 0]))
    asked = []

    def autoattack(model, images, labels, epsilon, **how):
        asked.append(len(images))
        return images - epsilon

    monkeypatch.setattr(attack, "autoattack", autoattack)
    proof = certified(model, test.images, test.labels, 0.1)
    assert proof.tolist() == [True, False, True, False]
    before = torch.tensor([True, True, True, False])
    assert attack.survivors(model, test, 0.1, before, proof).tolist() == [True, False, True, False]
    assert asked == [1]
    assert before.tolist() == [True, True, True, False]


def test_proved_images_are_attacked_all_the_same(monkeypatch, trained, digits):
    """A network that is proved wrongly is found out: here proofs are made up."""
    monkeypatch.setattr(attack, "certifiable", lambda profile: trained)
    monkeypatch.setattr(attack, "chosen", lambda profile: (Dataset(digits.images[:20], digits.labels[:20]), None))
    monkeypatch.setattr(attack, "certified", lambda model, images, labels, epsilon: torch.arange(20) < 10)
    monkeypatch.setattr(attack, "autoattack", lambda model, images, labels, epsilon, **how: images)
    found = attack.tested.function(DRAFT)["at"]
    assert found["0.3"]["attacked"] == 10
    assert found["0.3"]["sampled"] == 1
    assert found["0.3"]["broken"]["PGD, margin"] > 5
    monkeypatch.setattr(attack, "certified", lambda model, images, labels, epsilon: torch.zeros(20).bool())
    assert attack.tested.function(DRAFT)["at"]["0.3"]["attacked"] == 0


# --- what is drawn and said ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_say_what_they_show(scheme):
    with style.scheme(scheme):
        for drawing, words in [
            (figures.widths.function(growth()), "standard: 9e+02 at pixels"),
            (figures.band.function(between()), "88.0% and 90.0% at 0.3"),
        ]:
            assert words in drawing.alt
            assert "n = 500" in drawing.caption
            assert style.save(drawing.figure).startswith(b"<?xml")
    assert not plt.get_fignums()


def test_tables():
    assert tables.standard.function(undefended()).rows[-1][1].startswith("0.0%")
    rows = tables.bounds.function(proved(), between()).rows
    assert rows[0][0] == "0"
    assert [row[0] for row in rows[1:]] == [f"{epsilon:g}" for epsilon in measure.EPSILONS]
    assert rows[3][2].startswith("88.0%")
    assert rows[3][4] == "2.0%"
    assert tables.crown.function(linear()).rows[2][:2] == ["trained under noise, σ = 0.25", "0.01"]
    cells = tables.attempts.function(attempted()).rows
    assert [row[1] for row in cells] == ["0 of 450"] * 3 + ["0 of 9"]


def test_the_table_of_the_first_layer_sets_both_side_by_side():
    shown = tables.first_layer.function(plain(), proved())
    assert [row[0] for row in shown.rows] == ["0", "0.1", "0.2", "0.3", "0.4"]
    assert [cell[:5] for cell in shown.rows[0][1:]] == ["92.0%", "94.0%"]
    assert [cell[:5] for cell in shown.rows[3][1:]] == ["87.0%", "90.0%"]


def test_claims_can_be_true_and_false():
    for claim, true, false in [
        (claims.standard_is_unproved, [undefended()], [undefended(last=0.1)]),
        (claims.intervals_explode, [growth()], [growth(standard=5.0)]),
        (claims.never_broken, [attempted()], [changed(attempted(), "at", "0.3", "broken", "noise", value=1)]),
        (claims.ours_is_lower, [proved()], [changed(proved(), "at", "0.3", "high", value=0.93)]),
        (claims.bounds_are_close, [between()], [between(unknown=0.06)]),
        (claims.linear_gains_nothing_here, [linear()], [linear(theirs=0.95)]),
        (claims.linear_gains_elsewhere, [linear()], [linear(theirs=0.1)]),
        (claims.contrast_proves_more, [plain(), proved()], [plain(), changed(proved(), "clean", "count", value=1)]),
        (claims.contrast_proves_more, [plain(), proved()], [plain(at=0.91), proved()]),
        (claims.accuracy_is_the_price, [proved(), undefended()], [proved(clean=0.995), undefended()]),
    ]:  # fmt: skip
        assert claim.function(*true), claim.name
        assert not claim.function(*false), claim.name
    broken = changed(attempted(), "at", "0.1", "broken", "PGD", value=1)
    assert not claims.never_broken.function(broken)
