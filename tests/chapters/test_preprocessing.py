"""Preprocessing's page: which pixels can cross, and which sets of them, by hand; the rest from made-up results."""

from itertools import product

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from advlab.attacks.losses import margin
from advlab.chapters.preprocessing import claims, defense_rows, defenses, figures, flips, measure, tables
from advlab.chapters.shared import style
from advlab.defenses import BitDepth
from advlab.evaluation import Proportion
from tests.chapters.results import changed


def share(count, n=200):
    return Proportion(count, n).to_json()


def one(static=120, slow=100, adaptive=2, clean=194):
    found = {"clean": share(clean), "steps": 20, "draws": 1}
    for epsilon in ("0.1", "0.3"):
        found |= {f"FGSM, static, {epsilon}": share(static), f"PGD, static, {epsilon}": share(slow)}
        found |= {f"adaptive, {epsilon}": share(adaptive)}
    return found


FIVE = (one(), one(), one(static=90), one(), one())
ONE_BIT = one(static=180, slow=181, adaptive=150) | {
    "BPDA, 0.3": share(170),
    "slope 5, 0.3": share(172),
    "slope 15, 0.3": share(165),
    "Square, 0.3": share(180),
    "single pixels, 0.3": share(155),
    "queries": 100,
    "steps": 30,
    "candidates": 8,
}
BARE = {"clean": share(196)} | {
    f"{what}, {epsilon}": share(100) for what in ("FGSM", "PGD, static", "PGD") for epsilon in ("0.1", "0.3")
}
FURTHER = {"0.2": share(170), "0.4": share(80), "0.5": share(1)}
PIXELS = {
    "movable": {name: {"mean": 47.1, "most": 86} for name in ("0.1", "0.2", "0.3", "0.4", "0.5")},
    "pixels": 784,
    "black or white": 0.91,
    "histogram": [0.8, 0.02, 0.02, 0.02, 0.14],
    "edges": [0.0, 0.2, 0.4, 0.6, 0.8, 1.0],
    "epsilon": 0.3,
    "n": 200,
}


class Weighed(nn.Module):
    """Two classes: the weighted sum of the pixels against a threshold."""

    def __init__(self, weights, threshold):
        super().__init__()
        self.register_buffer("weights", torch.tensor(weights))
        self.threshold = threshold

    def forward(self, images):
        total = images.flatten(1) @ self.weights
        return torch.stack([torch.full_like(total, self.threshold), total], dim=1)


def test_which_pixels_can_cross_by_hand():
    pixels = torch.tensor([0.0, 0.15, 0.25, 0.5, 0.6, 0.75, 0.85, 1.0]).view(1, 1, 2, 4)
    assert flips.crossing(pixels, 0.3).flatten().tolist() == [False, False, True, True, True, True, False, False]
    assert not flips.crossing(pixels, 0.0).any()
    assert torch.equal(flips.rounded(pixels), BitDepth(1)(pixels))


@pytest.mark.parametrize("epsilon", [0.05, 0.3, 0.5])
def test_exactly_those_pixels_change_their_rounding_in_the_ball(epsilon):
    pixels = torch.linspace(0, 1, 256).view(1, 1, 16, 16)
    corners = [(pixels + side * epsilon).clamp(0, 1) for side in (-1, 1)]
    differ = torch.stack([BitDepth(1)(corner) != BitDepth(1)(pixels) for corner in corners]).any(0)
    assert torch.equal(flips.crossing(pixels, epsilon), differ)


def test_carried_pixels_round_as_wanted_and_stay_in_the_ball():
    images = torch.rand(4, 1, 3, 3, generator=torch.Generator().manual_seed(0))
    movable = flips.crossing(images, 0.3)
    wanted = torch.where(movable, 1 - flips.rounded(images), flips.rounded(images))
    carried = flips.carried(images, wanted, 0.3)
    assert torch.equal(BitDepth(1)(carried), wanted)
    assert (carried - images).abs().max() <= 0.3 + 1e-6
    assert torch.equal(carried[~movable], images[~movable])


def test_the_search_finds_what_searching_all_subsets_finds():
    """On a linear model greedy turns are the best ones: it breaks an image if and only if some subset does."""
    images = torch.rand(40, 1, 2, 3, generator=torch.Generator().manual_seed(1))
    model, labels = Weighed([0.5, -0.4, 0.3, 0.2, -0.6, 0.1], 0.35), torch.zeros(40, dtype=torch.long)
    found = flips.flipped(model, images, labels, 0.3, start=images, candidates=3, flips=6)
    assert (found - images).abs().max() <= 0.3 + 1e-6
    broken = model(BitDepth(1)(found)).argmax(1) == 1
    movable, seen = flips.crossing(images, 0.3).flatten(1), flips.rounded(images).flatten(1)
    possible = torch.zeros(40, dtype=torch.bool)
    for choice in product([False, True], repeat=6):
        subset = torch.where(movable & torch.tensor(choice), 1 - seen, seen).view_as(images)
        possible |= margin(model(subset), labels) > 0
    assert torch.equal(broken, possible)
    assert 0 < int(possible.sum()) < 40, "else the comparison would be empty"


def test_the_search_goes_on_from_where_another_attack_ended():
    images, labels = torch.full((1, 1, 1, 2), 0.4), torch.tensor([0])
    model = Weighed([1.0, 1.0], 1.5)
    start = torch.tensor([[[[0.6, 0.4]]]])
    assert (
        model(BitDepth(1)(flips.flipped(model, images, labels, 0.3, start=start, candidates=1, flips=1))).argmax() == 1
    )
    assert (
        model(BitDepth(1)(flips.flipped(model, images, labels, 0.3, start=images, candidates=1, flips=1))).argmax() == 0
    )


def test_a_steep_sigmoid_is_nearly_the_step():
    images = torch.tensor([[[[0.1, 0.3], [0.7, 0.9]]]])
    model = Weighed([1.0, 2.0, 4.0, 8.0], 0.0)
    torch.testing.assert_close(measure.Softened(model, 200.0)(images), model(BitDepth(1)(images)))


@pytest.mark.parametrize("name", defenses.NAMES)
def test_each_defense_keeps_shape_and_range_and_its_draws(name):
    images = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(2))
    first, second = (defenses.transformation(name, 1)(images) for _ in range(2))
    assert first.shape == images.shape
    assert first.min() >= 0
    assert first.max() <= 1
    assert torch.equal(first, second), "the same seed draws the same"


def test_a_name_that_is_no_defense():
    with pytest.raises(ValueError, match="no defense of this page"):
        defenses.transformation("prayer", 0)
    with pytest.raises(ValueError, match="zip"):
        defense_rows.by_name(one())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("figure", "results", "said"),
    [
        (figures.dots, (*FIVE, ONE_BIT), "1-bit depth, ε = 0.3: 90.0% and 75.0%"),
        (figures.one_bit_over_epsilon, (ONE_BIT, FURTHER, BARE), "40.0% at ε 0.4"),
        (figures.values, (PIXELS,), "80.0% of the pixels lie in the darkest bar"),
    ],
    ids=["dots", "one_bit_over_epsilon", "values"],
)
def test_figures_say_what_they_show(scheme, figure, results, said):
    with style.scheme(scheme):
        drawing = figure.function(*results)
        assert said in drawing.alt
        assert "n = 200" in drawing.caption
        assert style.save(drawing.figure).startswith(b"<?xml")
    assert not plt.get_fignums()


def test_tables():
    of_all = tables.defenses.function(BARE, *FIVE, ONE_BIT)
    assert len(of_all.rows) == 14
    assert of_all.rows[13][0] == "1-bit depth"
    assert of_all.rows[13][5].startswith("75.0%")
    tried = tables.tried.function(ONE_BIT).rows
    assert [row[1][:5] for row in tried[-2:]] == ["77.5%", "75.0%"]
    assert [row[0] for row in tables.movable.function(PIXELS, ONE_BIT, FURTHER).rows] == [
        "0.1",
        "0.2",
        "0.3",
        "0.4",
        "0.5",
    ]


@pytest.mark.parametrize(
    ("claim", "results", "which", "path", "value"),
    [
        (claims.cost_little, (*FIVE, ONE_BIT), 1, ("clean",), share(150)),
        (
            claims.some_help_against_the_static_attack,
            (BARE, one(), one(), ONE_BIT),
            2,
            ("FGSM, static, 0.1",),
            share(100),
        ),
        (claims.coarse_rounding_makes_it_worse, (BARE, FIVE[2]), 1, ("FGSM, static, 0.1",), share(100)),
        (claims.five_fall, FIVE, 4, ("adaptive, 0.3",), share(20)),
        (claims.adaptive_leaves_less, (*FIVE, ONE_BIT), 5, ("adaptive, 0.1",), share(190)),
        (claims.static_leaves_little, (one(50, 40),) * 5, 3, ("FGSM, static, 0.3",), share(100)),
        (claims.static_leaves_little, (one(50, 40),) * 5, 0, ("PGD, static, 0.3",), share(100)),
        (claims.smoothing_leaves_more, (BARE, *(one(adaptive=110),) * 4), 1, ("adaptive, 0.1",), share(90)),
        (
            claims.smoothing_leaves_more,
            (BARE, one(adaptive=110), one(), one(adaptive=110), one()),
            3,
            ("adaptive, 0.1",),
            share(90),
        ),
        (claims.one_bit_stands, (ONE_BIT,), 0, ("adaptive, 0.3",), share(100)),
        (claims.the_search_is_strongest, (ONE_BIT,), 0, ("Square, 0.3",), share(150)),
        (claims.one_bit_falls_later, (ONE_BIT, FURTHER), 1, ("0.5",), share(20)),
        (claims.one_bit_falls_later, (ONE_BIT, FURTHER), 1, ("0.4",), share(160)),
        (claims.nearly_binary, (PIXELS,), 0, ("black or white",), 0.5),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_claims_hold_and_can_fail(claim, results, which, path, value):
    assert claim.function(*results)
    results = list(results)
    results[which] = changed(results[which], *path, value=value)
    assert not claim.function(*results)
