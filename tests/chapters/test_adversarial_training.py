"""The page on adversarial training: costs counted, figures and tables from made-up results, claims both ways."""

import dataclasses
import itertools
import json

import pytest
import torch

from advlab import zoo
from advlab.chapters.adversarial_training import along, claims, figures, measure, tables
from advlab.chapters.shared import style
from advlab.data import Dataset
from advlab.engine.cache.profile import DRAFT
from advlab.evaluation import Proportion
from tests.chapters.results import changed


def share(count, n=500):
    return Proportion(count, n).to_json()


def form(fgsm, pgd, strong, clean=490, seconds=30.0, signs=()):
    return {
        "n": 500,
        "clean": share(clean),
        "clean on all": share(clean * 20, 10_000),
        "FGSM": share(fgsm),
        "PGD": share(pgd),
        "robust": {"0.1": share(strong + 10), "0.3": share(strong)},
        "signs": list(signs),
        "seconds": seconds,
        "epochs": 3,
        "images": 20_000,
        "passes": 4,
        "epsilon": 0.3,
    }


FORMS = tuple(
    json.loads(json.dumps(one, sort_keys=True))
    for one in (
        form(480, 0, 0),
        form(450, 410, 390),
        form(470, 440, 420),
        form(465, 442, 425),
        form(485, 470, 452, clean=494, seconds=300.0),
    )
)


def rows(clean, fgsm, pgd):
    return [
        {"step": 10 * (number + 1), "clean": share(a, 250), "FGSM": share(b, 250), "PGD": share(c, 250)}
        for number, (a, b, c) in enumerate(zip(clean, fgsm, pgd, strict=True))
    ]


def watched(*columns):
    return {"n": 250, "epsilon": 0.3, "pgd steps": 10, "steps": 60, "rows": rows(*columns)}


ALONG = (
    watched([100, 200, 220, 221, 222, 223], [60, 90, 150, 200, 230, 240], [20, 1, 0, 0, 0, 0]),
    watched([100, 200, 220, 221, 222, 223], [60, 90, 150, 200, 230, 240], [20, 1, 0, 0, 0, 0]),
    watched([100, 200, 220, 221, 222, 223], [60, 90, 150, 160, 170, 190], [20, 60, 80, 100, 130, 150]),
)


@pytest.mark.parametrize(
    ("recipe", "passes"),
    [(zoo.STANDARD, 1), (zoo.SINGLE_STEP, 2), (zoo.RANDOM_SINGLE_STEP, 2), (zoo.PGD_TRAINED, 4), (zoo.TRADES, 5)],
)
def test_passes_are_those_of_the_attack_and_of_the_loss(recipe, passes):
    state = torch.get_rng_state()
    assert measure.passes(recipe) == passes
    assert torch.equal(torch.get_rng_state(), state)


def test_watching_changes_nothing(monkeypatch):
    """The network that is stopped and attacked ends as the one that trains in peace."""
    recipe = dataclasses.replace(zoo.SINGLE_STEP, train_images=200, epochs=1, batch_size=50, ramp=0.0)
    small = dataclasses.replace(DRAFT, test_images=40, slow_images=40)
    monkeypatch.setattr(along, "LOOKS", 2)
    ends = []
    monkeypatch.setattr(along, "looked_at", lambda model, test: ends.append(flat(model)) or {})
    found = along.watched(recipe, small)
    assert [row["step"] for row in found["rows"]] == [2, 4]
    expected = zoo.train(zoo.for_profile(recipe, small), 0).model
    assert torch.equal(ends[-1], flat(expected))


def flat(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def test_looking_leaves_modes_and_chance_alone(trained, digits):
    trained.train()
    state = torch.get_rng_state()
    found = along.looked_at(trained, Dataset(digits.images[:20], digits.labels[:20]))
    assert trained.training
    trained.eval()
    assert torch.equal(torch.get_rng_state(), state)
    assert found["PGD"]["count"] <= found["FGSM"]["count"] <= found["clean"]["count"]


DRAWINGS = {figures.overfitting: ALONG, figures.dots: FORMS, figures.by_seconds: FORMS}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda one: one.name)
def test_figures_draw_in_both_schemes(drawing, scheme):
    with style.scheme(scheme):
        drawn = drawing.function(*DRAWINGS[drawing])
        assert b"<svg" in style.save(drawn.figure)
    assert len(drawn.alt) > 40
    assert len(drawn.caption) > 40


def test_names_beside_the_squares_stay_apart_and_within():
    alike = [
        form(470, 440, count) | {"seconds": seconds} for count, seconds in ((2, 12), (146, 12.5), (426, 21), (430, 25))
    ]
    with style.scheme("light"):
        drawn = figures.by_seconds.function(*alike, form(485, 470, 464, clean=494, seconds=260.0)).figure
        (axes,) = drawn.axes
        drawn.canvas.draw()
        boxes = [text.get_window_extent() for text in axes.texts]
        inside = axes.get_window_extent()
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    assert all(inside.x0 <= box.x0 and box.x1 <= inside.x1 for box in boxes)


def test_the_table_tells_cost_and_standing():
    shown = tables.forms.function(*FORMS)
    assert [row[0] for row in shown.rows] == list(figures.NAMES)
    first, *_, last = shown.rows
    assert first[1:7] == ["4", "60,000", "30&nbsp;s", "98.0%", "96.0%", "0.0%"]
    assert last[7].startswith("90.4%")


LAST = ("rows", 5)
ROBUST = ("robust", "0.3")
CLAIMS = [
    (claims.overfits, ALONG[:1], (*LAST, "PGD"), share(30, 250)),
    (claims.attack_above_clean, ALONG[:1], (*LAST, "FGSM"), share(200, 250)),
    (claims.began_honestly, ALONG[:1], (*LAST, "PGD"), share(30, 250)),
    (claims.clipped_start_does_not, ALONG[1:2], (*LAST, "PGD"), share(30, 250)),
    (claims.random_start_helps, ALONG[2:], (*LAST, "PGD"), share(30, 250)),
    (claims.more_steps_are_worth_more, FORMS[1:3], ROBUST, share(380)),
    (claims.attacks_in_order, FORMS[1:], ("PGD",), share(495)),
    (claims.longer_is_better, (FORMS[2], FORMS[4]), ROBUST, share(400)),
    (claims.nine_in_ten, FORMS[4:], ROBUST, share(400)),
    (claims.overfitted_falls_to_nothing, FORMS[:1], ROBUST, share(100)),
]


@pytest.mark.parametrize(("claim", "results", "path", "value"), CLAIMS, ids=lambda one: getattr(one, "name", None))
def test_claims_hold_and_can_fail(claim, results, path, value):
    assert claim.function(*results)
    *before, last = results
    assert not claim.function(*before, changed(last, *path, value=value))
