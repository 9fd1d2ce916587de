"""Four ways to run FGSM: each against a formulation of its own, and what they do to pixels."""

import copy
import math

import matplotlib.pyplot as plt
import pytest
import torch

from advlab.attacks import fgsm
from advlab.chapters.shared import sign_steps, style
from advlab.chapters.wrong_unit import claims, figures, measure, tables, variants
from advlab.data import MEAN, STD
from advlab.engine.cache.profile import DRAFT

BLACK, WHITE = (0 - MEAN) / STD, (1 - MEAN) / STD
UNITS = measure.units.function(DRAFT)


@pytest.fixture
def attacked(trained, digits):
    """The images, the sign that all ways step along, and the network without its normalisation."""
    network = variants.without_normalisation(trained)
    return digits.images, sign_steps.signs(network, variants.normalise(digits.images), digits.labels), network


def test_the_network_without_normalisation_is_the_same_function(trained, digits, attacked):
    _, _, network = attacked
    torch.testing.assert_close(network((digits.images - MEAN) / STD), trained(digits.images))
    assert isinstance(trained.normalize, type(variants.normalise)), "the caller's model stays as it was"


def test_the_sign_is_the_same_in_pixels_and_in_normalised_units(trained, digits, attacked):
    assert torch.equal(sign_steps.signs(trained, digits.images, digits.labels), attacked[1])


@pytest.mark.parametrize("epsilon", variants.EPSILONS)
def test_pixels_equal_the_library(trained, digits, attacked, epsilon):
    images, sign, _ = attacked
    expected = variants.normalise(fgsm(trained, images, digits.labels, epsilon))
    assert torch.equal(variants.in_pixels(images, sign, epsilon), expected)


@pytest.mark.parametrize("epsilon", variants.EPSILONS)
def test_normalised_equals_the_library_with_a_smaller_epsilon(trained, digits, attacked, epsilon):
    images, sign, _ = attacked
    back = variants.normalised(images, sign, epsilon) * STD + MEAN
    torch.testing.assert_close(back, fgsm(trained, images, digits.labels, epsilon * STD), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("way", "low", "high"), [(variants.article, 0, 1), (variants.repository, -2, 2)])
def test_the_faulty_clamps_pixel_by_pixel(way, low, high):
    pixels = torch.tensor([0.0, 0.2, 0.5, 1.0])
    sign = torch.tensor([1.0, -1.0, 0.0, -1.0])
    expected = [
        min(max((x - MEAN) / STD + 0.3 * s, low), high) for x, s in zip(pixels.tolist(), sign.tolist(), strict=True)
    ]
    assert way(pixels, sign, 0.3).tolist() == pytest.approx(expected, abs=1e-6)


def test_at_epsilon_zero_only_the_right_clamps_change_nothing(attacked):
    images, sign, _ = attacked
    clean = variants.normalise(images)
    start = variants.four_ways(images, sign, 0.0)
    torch.testing.assert_close(start["normalised"], clean, atol=variants.ROUNDING, rtol=0)
    assert variants.described(clean, clean, start["normalised"])["altered"] == 0
    assert torch.equal(start["pixels"], clean)
    untouched = (images >= MEAN) & (images <= MEAN + STD)
    found = variants.described(clean, start["article"], start["article"])
    assert found["altered"] == pytest.approx(1 - float(untouched.float().mean()), abs=1e-3)
    assert found["altered"] > 0.9
    assert found["largest"] == pytest.approx(1 - MEAN - STD, abs=1e-5)
    assert found["moved"] == 0


def test_a_step_into_black_is_swallowed_by_the_articles_clamp():
    black = torch.zeros(1, 1, 2, 2)
    for sign in (-torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2)):
        assert torch.equal(variants.article(black, sign, 0.3), torch.zeros(1, 1, 2, 2))


def test_outside_counts_what_no_image_can_hold():
    black, step = torch.zeros(1, 1, 2, 2), torch.tensor([[[[-1.0, -1.0], [1.0, 0.0]]]])
    clean = variants.normalise(black)
    seen = variants.four_ways(black, step, 0.1)
    shares = {way: variants.described(clean, clean, one)["outside"] for way, one in seen.items()}
    assert shares == {"article": 0, "repository": 0.5, "normalised": 0, "pixels": 0}


def test_units():
    assert UNITS["range"]["low"] == pytest.approx(BLACK)
    assert UNITS["range"]["width"] == pytest.approx(1 / STD)
    assert UNITS["normalised"]["0.1"]["share"] == pytest.approx(0.0308, abs=1e-4)
    assert UNITS["pixels"]["0.2"]["of_255"] == pytest.approx(51)
    assert UNITS["clamps"]["article"] == pytest.approx({"low": 0.1307, "high": 0.4388})
    assert UNITS["clamps"]["repository"] == pytest.approx({"low": -0.4855, "high": 0.7469})
    assert math.isclose(UNITS["clamps"]["pixels"]["high"], 1)


def test_printed_accuracies_are_the_articles():
    assert measure.PRINTED == (0.9845, 0.9532, 0.8214, 0.4123, 0.1867)


def test_misfit_is_the_mean_distance():
    assert measure.misfit(list(measure.PRINTED)) == 0
    assert measure.misfit([value + 0.1 for value in measure.PRINTED]) == pytest.approx(10)


def made_up():
    """Results as facts have them: A hardly falls, D fits the printed numbers."""
    accuracies = {
        "article": (0.99, 0.987, 0.985, 0.978, 0.972),
        "repository": (0.992, 0.982, 0.968, 0.918, 0.826),
        "normalised": (0.992, 0.985, 0.977, 0.947, 0.891),
        "pixels": (0.992, 0.959, 0.872, 0.436, 0.153),
    }
    pixels = {
        "article": {"altered": 0.969, "moved": 0.04, "outside": 0.0, "largest": 0.56},
        "repository": {"altered": 0.1, "moved": 0.9, "outside": 0.39, "largest": 0.25},
        "normalised": {"altered": 0.0, "moved": 0.6, "outside": 0.0, "largest": 0.0},
        "pixels": {"altered": 0.0, "moved": 0.6, "outside": 0.0, "largest": 0.0},
    }
    result = {"n": 10000}
    for way, values in accuracies.items():
        result[way] = {
            f"{epsilon:g}": {"accuracy": {"value": v, "low": v - 0.01, "high": v + 0.01, "n": 10000}, **pixels[way]}
            for epsilon, v in zip(variants.EPSILONS, values, strict=True)
        }
        result[way]["misfit"] = measure.misfit(list(values))
    return result


def changed(way, epsilon, name, value):
    result = copy.deepcopy(made_up())
    if name == "accuracy":
        result[way][epsilon]["accuracy"]["value"] = value
    elif name == "misfit":
        result[way]["misfit"] = value
    else:
        result[way][epsilon][name] = value
    return result


@pytest.mark.parametrize(
    ("claim", "contradicted"),
    [
        (claims.printed_fits_pixels, changed("article", "0", "misfit", 0.0)),
        (claims.order_at_two_tenths, changed("repository", "0.2", "accuracy", 0.96)),
        (claims.clamp_alters_nearly_all, changed("pixels", "0", "altered", 0.01)),
        (claims.clamp_change_exceeds_ball, changed("article", "0", "largest", 0.3)),
        (claims.article_barely_falls, changed("article", "0.3", "accuracy", 0.8)),
        (claims.step_swallowed, changed("article", "0.3", "moved", 0.3)),
        (claims.only_repository_leaves_range, changed("normalised", "0.2", "outside", 0.001)),
    ],
)
def test_claims_hold_and_fail(claim, contradicted):
    assert claim(made_up())
    assert not claim(contradicted)


def a_picture(value):
    return {"pixels": [[value] * 28] * 28, "digit": 5, "confidence": 0.9}


PICTURES = {"index": 8, "label": 5, "clean": a_picture(0.5)} | {
    epsilon: {way: a_picture(0.4) for way in variants.WAYS} for epsilon in ("0", "0.2")
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("figure", "result", "said"),
    [
        (figures.curves, made_up(), "15.3%"),
        (figures.clamps, UNITS, "0.439"),
        (figures.digits, PICTURES, "handwritten 5"),
    ],
)
def test_figures_draw_with_words(figure, result, said, scheme):
    with style.scheme(scheme):
        drawn = figure(result)
        assert style.save(drawn.figure).startswith(b"<?xml")
    assert said in drawn.alt
    assert drawn.caption
    assert plt.get_fignums() == []


def test_tables():
    rows = tables.accuracies(made_up()).rows
    assert rows[3][4].startswith("43.6%")
    assert "41.23%" in rows[3][5]
    assert tables.pixels_changed(made_up()).rows[0][1:4] == ["96.9%", "0.560", "4.0%"]
    assert tables.conversions(UNITS).rows[2] == ["0.1", "25.50/255", "0.3246", "0.0308", "7.86/255"]
