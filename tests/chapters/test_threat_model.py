"""The page on threat models: doors withhold what they should; figures, table and claims on made-up results."""

import json

import matplotlib.pyplot as plt
import pytest
import torch

from advlab.chapters import style
from advlab.chapters.threat_model import claims, figures, measure
from advlab.evaluation import Proportion
from tests.chapters.results import changed


def share(count):
    return Proportion(count, 100).to_json()


def made_up():
    found = {
        "FGSM": (40, None, None, None),
        "PGD": (2, None, None, None),
        "Square": (30, 30, 90, None),
        "HopSkipJump": (50, 50, 50, None),
        "transfer": (60, 60, 60, 60),
    }
    left = {
        name: {door: None if one is None else share(one) for door, one in zip(measure.DOORS, row, strict=True)}
        for name, row in found.items()
    }
    result = {"n": 100, "epsilon": 0.2, "clean": share(98), "left": left}
    return json.loads(json.dumps(result, sort_keys=True))


def test_what_comes_through_each_door(network, digits):
    network.eval()
    images = digits.images[:4].clone().requires_grad_()
    logits = network(images)
    through = {opened: measure.Door(network, opened) for opened in measure.DOORS}
    assert torch.equal(through["full model"](images), logits)
    assert through["full model"](images).requires_grad
    scores = through["scores"](images)
    assert torch.equal(scores, logits)
    assert not scores.requires_grad
    classes = through["decisions"](images)
    assert torch.equal(classes.argmax(1), logits.argmax(1))
    assert set(classes.unique().tolist()) == {0.0, 1.0}
    assert not classes.requires_grad
    with pytest.raises(measure.Shut):
        through["nothing"](images)


def test_attacks_run_only_where_they_get_what_they_need(network, digits, monkeypatch):
    monkeypatch.setattr(measure, "SCORE_QUERIES", 5)
    monkeypatch.setattr(measure, "DECISION_QUERIES", 60)
    monkeypatch.setattr(measure, "STEPS", 2)
    few = type(digits)(digits.images[:6], digits.labels[:6])
    left = measure.behind(network.eval(), network, few)
    runs = {name: {door for door, one in row.items() if one is not None} for name, row in left.items()}
    assert runs == {
        "FGSM": {"full model"},
        "PGD": {"full model"},
        "Square": {"full model", "scores", "decisions"},
        "HopSkipJump": {"full model", "scores", "decisions"},
        "transfer": set(measure.DOORS),
    }
    for row in left.values():
        for one in row.values():
            if one is not None:
                assert sum(one["verdicts"]) == one["count"]
                assert one["n"] == 6


def test_a_broken_attack_is_no_finding(network, digits, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(measure, "fgsm", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        measure.behind(network, network, digits)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figure(scheme):
    with style.scheme(scheme):
        drawing = figures.needs.function(made_up())
        assert style.save(drawing.figure).startswith(b"<?xml")
    assert "FGSM: full model 40.0% left, scores cannot run" in drawing.alt
    assert not plt.get_fignums()


def test_table():
    rows = figures.left.function(made_up()).rows
    assert [row[0] for row in rows] == list(figures.ATTACKS)
    assert rows[0][1].startswith("40.0%")
    assert rows[0][2:] == ["cannot run"] * 3


@pytest.mark.parametrize(
    ("claim", "path", "value"),
    [
        (claims.gradients_need_the_model, ("FGSM", "scores"), share(90)),
        (claims.gradients_need_the_model, ("PGD", "full model"), None),
        (claims.scores_need_scores, ("Square", "decisions"), share(30)),
        (claims.scores_need_scores, ("Square", "full model"), share(10)),
        (claims.decisions_are_enough, ("HopSkipJump", "full model"), share(10)),
        (claims.nothing_is_something, ("transfer", "nothing"), share(97)),
        (claims.nothing_is_something, ("Square", "nothing"), share(97)),
    ],
)
def test_claims_can_be_true_and_false(claim, path, value):
    assert claim.function(made_up())
    assert not claim.function(changed(made_up(), "left", *path, value=value))
