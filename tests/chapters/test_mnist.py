"""The closing page: neighbours against SciPy's, the proof against random points, claims both ways."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from advlab.chapters.mnist import figures, measure, tables
from advlab.chapters.shared import style
from advlab.data import Dataset
from advlab.engine.cache.profile import DRAFT
from advlab.evaluation import Proportion
from tests.chapters.results import changed


def cloud(n, seed, classes=3):
    """Few pixels that differ, so that chance brings images near one another."""
    images = torch.zeros(n, 1, 28, 28)
    images[..., :4, :4] = torch.rand(n, 1, 4, 4, generator=torch.Generator().manual_seed(seed))
    return Dataset(images, torch.arange(n) % classes)


@pytest.mark.parametrize(("p", "name"), [(torch.inf, "chebyshev"), (2.0, "euclidean")])
def test_neighbours_are_those_of_scipy(p, name, monkeypatch):
    monkeypatch.setattr(measure, "PART", 7)  # several parts, the last one short
    test, train = cloud(11, 1), cloud(40, 2)
    same, other = measure.nearest(test, train, p, "")
    distances = cdist(test.images.flatten(1).numpy(), train.images.flatten(1).numpy(), name)
    alike = test.labels.numpy()[:, None] == train.labels.numpy()
    assert np.allclose(same, np.where(alike, distances, np.inf).min(1), atol=1e-6)
    assert np.allclose(other, np.where(alike, np.inf, distances).min(1), atol=1e-6)


@given(st.integers(0, 1000))
def test_nothing_within_the_proved_radius_is_nearer_to_another_class(seed):
    test, train = cloud(5, seed), cloud(30, seed + 1)
    same, other = measure.nearest(test, train, torch.inf, "")
    proved = ((other - same) / 2).clamp_min(0)
    generator = torch.Generator().manual_seed(seed)
    noise = 2 * torch.rand(test.images.shape, generator=generator) - 1
    moved = Dataset(test.images + 0.999 * proved[:, None, None, None] * noise, test.labels)
    again, others = measure.nearest(moved, train, torch.inf, "")
    assert (again < others)[proved > 0].all()


def test_pixels_of_the_test_set():
    found = measure.pixels.function(DRAFT)
    assert sum(found["shares"]) == pytest.approx(1, abs=1e-6)
    assert found["black"] == pytest.approx(0.807, abs=0.005), "80.7% of pixels are exactly black (facts)"
    assert found["black"] < found["nearly black or white"] < 1


def share(count, n=500):
    return Proportion(count, n).to_json()


def by_norm(right, small, large):
    return {
        "nearest of another class": {"least": 0.81, "median": 0.95},
        "nearest of the same class": {"median": 0.9},
        "right": share(right),
        "proved": {"0.1": share(small), "0.3": share(large)},
        "other": [0.9, 0.95, 0.99],
        "same": [0.8, 0.9, 0.95],
    }


NEIGHBOURS = {
    "n": 500,
    "training images": 60_000,
    "small": 0.1,
    "large": 0.3,
    "Linf": by_norm(400, 20, 0),
    "L2": by_norm(485, 470, 440),
}
PIXELS = {"shares": [0.05] * measure.BINS, "black": 0.807, "nearly black or white": 0.9, "nearly": 0.1, "n": 10_000}
ORDER = {"epsilon": 0.1, "first": 1000} | {
    name: {"first": share(a, 1000), "rest": share(b, 9000)}
    for name, a, b in (("clean", 985, 8900), ("FGSM", 850, 7900))
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("drawing", "result"), [(figures.distances, NEIGHBOURS), (figures.values, PIXELS)])
def test_figures_draw_in_both_schemes(drawing, result, scheme):
    with style.scheme(scheme):
        drawn = drawing.function(result)
        assert b"<svg" in style.save(drawn.figure)
    assert len(drawn.alt) > 40


def test_tables():
    shown = tables.without_a_network.function(NEIGHBOURS)
    assert [row[0] for row in shown.rows] == ["Linf", "L2"]
    assert shown.rows[0][3].startswith("0.0%")
    assert tables.order.function(ORDER).rows[1][1].startswith("85.0%")


CLAIMS = [
    (tables.classes_lie_apart, NEIGHBOURS, ("Linf", "nearest of another class", "least"), 0.59),
    (tables.neighbours_read_digits, NEIGHBOURS, ("L2", "right"), share(440)),
    (tables.distance_is_no_proof, NEIGHBOURS, ("Linf", "proved", "0.3"), share(60)),
    (tables.two_values, PIXELS, ("nearly black or white",), 0.7),
    (tables.the_first_are_harder, ORDER, ("FGSM", "first"), share(900, 1000)),
]


@pytest.mark.parametrize(("claim", "result", "path", "value"), CLAIMS, ids=lambda one: getattr(one, "name", None))
def test_claims_hold_and_can_fail(claim, result, path, value):
    assert claim.function(result)
    assert not claim.function(changed(result, *path, value=value))
