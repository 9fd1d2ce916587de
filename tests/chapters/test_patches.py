"""The page on patches: its controls are what they are called, its counts are right, its claims can fail."""

import json

import numpy as np
import pytest
import torch

from advlab.attacks.transformations import Placements, apply_patch, random_placements
from advlab.chapters.patches import claims, figures, measure, tables
from advlab.chapters.shared import style
from advlab.data import subset
from advlab.engine.cache.profile import DRAFT, STANDARD
from advlab.evaluation import Proportion
from tests.chapters.results import changed


def share(value, n=200):
    return Proportion(round(value * n), n).to_json()


# --- what is measured ---------------------------------------------------------------------------------------------


def test_held_out_images_are_of_other_digits_and_from_the_test_set():
    for profile in (DRAFT, STANDARD):
        test = measure.held_out(profile)
        assert (test.labels != measure.TARGET).all()
        whole = subset(measure.number_of(profile))
        assert len(test) == int((whole.labels != measure.TARGET).sum())


def test_the_real_digit_is_whole_inside_the_circle(trained):
    for size in (*measure.SMALL, *measure.LARGE):
        picture = measure.real_digit(trained, size)
        assert picture.shape == (1, size, size)
        assert picture.max() > 0.3, "its ink is there"
        centres = (torch.arange(size) + 0.5) / size * 2 - 1
        outside = torch.hypot(centres[:, None], centres[None, :]) >= 1
        assert picture[0][outside].sum() == 0, "nothing of it is cut off"


def test_controls_are_fair(trained):
    made = measure.controls(trained, 11, torch.Generator().manual_seed(0))
    assert set(made) | {"patch"} == set(figures.LOOKS)
    assert all(picture.shape == (1, 11, 11) and 0 <= picture.min() <= picture.max() <= 1 for picture in made.values())
    assert made["grey"].unique().tolist() == [0.5]
    assert made["white"].unique().tolist() == [1.0]
    assert float(made["noise"].mean()) == pytest.approx(0.5, abs=0.1)


def test_answers_are_counted():
    found = measure.of_answers(torch.tensor([3, 3, 1, 7]), torch.tensor([1, 2, 1, 4]))
    assert (found["target"]["count"], found["right"]["count"]) == (2, 1)


def test_what_is_hidden_is_parted_by_the_digits_ink():
    """A square of ink; a patch over none, half and all of it."""
    images = torch.zeros(3, 1, 28, 28)
    images[:, :, 10:18, 10:18] = 1
    rows = torch.tensor([4.0, 14.0, 14.0])
    columns = torch.tensor([4.0, 5.0, 14.0])
    places = Placements(rows, columns, torch.zeros(3), torch.ones(3))
    hidden = (images - apply_patch(images, torch.zeros(1, 18, 18), places)).sum((1, 2, 3)) / 64
    assert hidden[0] == 0
    assert 1 / 3 < hidden[1] < 2 / 3
    assert hidden[2] == 1
    found = measure.of_places(images, places, 18, {"patch": torch.tensor([1, 3, 3])})
    assert [part["patch"]["count"] for part in found.values()] == [0, 1, 1]
    assert list(found) == ["less than a third", "up to two thirds", "more"]


def test_the_area_is_that_of_a_circle():
    places = random_placements(500, (28, 28), 15, generator=torch.Generator().manual_seed(0), scales=(1, 1))
    assert measure.covered_area(places, 15) == pytest.approx(np.pi * 7.5**2 / 28**2, rel=0.03)


# --- what is drawn --------------------------------------------------------------------------------------------------


def grey(size):
    return [[(9 * row + 5 * column) % 256 for column in range(size)] for row in range(size)]


def result(sizes, shares):
    rows = {}
    for size, of_patch in zip(sizes, shares, strict=True):
        read = {
            kind: {
                "target": share(of_patch if kind == "patch" else 0.3 if "three" in kind else 0.02),
                "right": share(0.5),
            }
            for kind in figures.LOOKS
        }
        carried = {f"seed {seed}": {"target": share(of_patch - 0.03 * seed), "right": share(0.5)} for seed in range(3)}
        places = {
            name: {kind: share(top if kind == "patch" else 0.01, 60) for kind in figures.LOOKS}
            for name, top in (("less than a third", 0.1), ("up to two thirds", 0.3), ("more", 0.7))
        }
        shown = {"label": 7, "clean": grey(28), "patched": grey(28), "read": 3, "noise": grey(28), "noise read": 7}
        rows[str(size)] = {
            "pictures": {kind: grey(size) for kind in figures.LOOKS},
            "area": 0.2,
            "read": read,
            "carried to": carried,
            "places": places,
            "shown": [shown] * measure.SHOWN,
        }
    return {"n": 200, "target": 3, "sizes": rows}


# As the store gives them back: keys sorted as words.
FEW, MANY = (
    json.loads(json.dumps(one, sort_keys=True))
    for one in (result(measure.SMALL, (0.08, 0.2)), result(measure.LARGE, (0.5, 0.8)))
)
DRAWINGS = {
    figures.patches: (FEW, MANY),
    figures.pasted: (MANY,),
    figures.by_size: (FEW, MANY),
    figures.by_place: (MANY,),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda one: one.name)
def test_figures_draw_in_both_schemes(drawing, scheme):
    with style.scheme(scheme):
        drawn = drawing(*DRAWINGS[drawing])
        assert b"<svg" in style.save(drawn.figure)
    assert len(drawn.alt) > 40
    assert len(drawn.caption) > 40


def test_places_stand_in_the_order_of_what_is_hidden():
    with style.scheme("light"):
        drawn = figures.by_place(MANY)
        shown = [label.get_text().split("\n")[0] for label in drawn.figure.axes[0].get_xticklabels()]
    assert shown == list(measure.PLACES)


def test_only_the_circle_is_drawn():
    drawn = figures.in_circle([[255] * 9] * 9)
    assert np.isnan(drawn[0, 0])
    assert drawn[4, 0] == 1


def test_sizes_stand_in_order_with_their_numbers():
    shown = tables.sizes(MANY, FEW)
    assert [row[0] for row in shown.rows] == ["7", "11", "15", "19"]
    assert shown.rows[2][2].startswith("50.0%")
    assert [row[1].split("%")[0] for row in tables.carried(FEW, MANY).rows] == ["8.0", "20.0", "50.0", "80.0"]


# --- what is claimed --------------------------------------------------------------------------------------------------


SIZE = ("sizes", "15")
CLAIMS = [
    (claims.larger_is_stronger, (FEW, MANY), ("sizes", "19", "read", "patch", "target"), share(0.4)),
    (claims.smallest_is_weak, (FEW,), ("sizes", "7", "read", "patch", "target"), share(0.2)),
    (claims.beats_untrained, (MANY,), (*SIZE, "read", "white", "target"), share(0.45)),
    (claims.beats_a_real_three, (MANY,), (*SIZE, "read", "a real three", "target"), share(0.45)),
    (claims.place_matters, (MANY,), (*SIZE, "places", "more", "patch"), share(0.15, 60)),
    (claims.noise_hides_too, (MANY,), ("sizes", "19", "read", "noise", "right"), share(0.9)),
    (claims.carries_over, (MANY,), (*SIZE, "carried to", "seed 2", "target"), share(0.03)),
    (claims.nearly_as_often, (MANY,), (*SIZE, "carried to", "seed 2", "target"), share(0.3)),
]


@pytest.mark.parametrize(("claim", "results", "path", "value"), CLAIMS, ids=lambda one: getattr(one, "name", None))
def test_claims_hold_and_can_fail(claim, results, path, value):
    assert claim(*results)
    *before, last = results
    assert not claim(*before, changed(last, *path, value=value))
