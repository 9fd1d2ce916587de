import json
import math

import pytest
import torch
from scipy.stats import binom

from advlab.attacks import deepfool
from advlab.chapters.minimum_norm import claims, figures, least_changes, measure, pictures, tables, theory
from advlab.chapters.shared import style
from advlab.data import Dataset
from advlab.engine.cache.profile import DRAFT, FULL, STANDARD
from advlab.evaluation import Proportion, distances, logits, predict

# --- what is measured -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 5, 20, 99, 200])
def test_the_medians_interval_covers_and_no_narrower_one_would(n):
    """The median of n lies outside by less than one in twenty; one rank further in, by more."""
    middle = least_changes.median([float(rank) for rank in range(n)])
    low = int(middle["low"])
    assert middle["high"] == n - 1 - low
    assert middle["value"] == pytest.approx((n - 1) / 2)
    if n >= 6:
        assert 2 * binom.cdf(low, n, 0.5) <= 0.05 < 2 * binom.cdf(low + 1, n, 0.5)


def test_failures_are_infinitely_far():
    assert least_changes.median([1.0, None, 3.0])["value"] == 3.0
    assert least_changes.median([1.0, None, None]) == {"value": None, "low": 1.0, "high": None, "n": 3}


def test_what_an_attack_found(network, digits):
    """Against `distances`, on a model that is wrong about most images."""
    test = Dataset(digits.images[:12], predict(network, digits.images[:12]))
    test.labels[:3] = (test.labels[:3] + 1) % 10
    attacked = deepfool(network, test.images, test.labels)
    attacked[5] = test.images[5]  # as if it had failed
    index = torch.arange(100, 112)
    result = least_changes.found(network, test, index, attacked, "L2")
    sizes = distances(network, test.images, test.labels, attacked, "L2")
    assert result["n"] == 12
    assert (result["success"]["count"], result["success"]["n"]) == (8, 9)
    assert result["distances"][2] is None
    assert [d for d in result["distances"] if d is not None] == pytest.approx(
        [float(sizes[k]) for k in (3, 4, 6, 7, 8, 9, 10, 11)], abs=1e-5
    )
    assert result["labels"] == test.labels[3:].tolist()
    assert result["evidence"]["images"][5] == [105, int(test.labels[5]), 1, int(test.labels[5]), None]
    assert result["evidence"]["images"][0][2] == 0
    assert len(result["pictures"]) == least_changes.PICTURES
    first = result["pictures"][0]
    shown = torch.tensor(first["grey levels"]) / 255 + torch.tensor(first["change"])
    torch.testing.assert_close(shown, attacked[3, 0], rtol=0, atol=6e-4)
    json.dumps(result, allow_nan=False)
    assert least_changes.within(result, math.inf) == pytest.approx(11 / 12)
    assert least_changes.within(result, 0) == pytest.approx(3 / 12)


def test_fab_takes_the_nearest_of_several_targets(network, digits):
    test = Dataset(digits.images[:3], predict(network, digits.images[:3]))
    nearest = measure.nearest_by_fab(network, test, 2, 25)
    assert (predict(network, nearest) != test.labels).all()


def test_how_many_images():
    assert len(measure.chosen(STANDARD)[0]) == measure.IMAGES
    assert len(measure.chosen(STANDARD, measure.CW_EVERY)[0]) == math.ceil(measure.IMAGES / measure.CW_EVERY)
    assert len(measure.chosen(DRAFT)[0]) < measure.IMAGES
    test, index = measure.chosen(FULL, measure.CW_EVERY)
    assert (len(test), index[1]) == (2500, 4)


def test_the_formula_of_two_pixels():
    result = theory.closed_form.function(STANDARD)
    assert result["L2"]["formula"] == pytest.approx(0.55 / math.hypot(2, 1))
    assert result["Linf"]["formula"] == pytest.approx(0.55 / 3)
    assert claims.formula_is_met(result)
    score = logits(theory.linear(), torch.tensor([[result["L2"]["point"]]]).double())[0, 1]
    assert abs(float(score)) < 1e-5


# --- what is drawn ----------------------------------------------------------------------------------------------------


def result(middle, n=60, failures=0, answer=3):
    sizes = [round(middle * (0.5 + k / n), 5) for k in range(n - 2 - failures)] + [None] * failures
    rows = [[(5 * row * column) % 256 for column in range(28)] for row in range(28)]
    change = [[(row - column) / 100 for column in range(28)] for row in range(28)]
    picture = {"label": 7, "answer": answer, "grey levels": rows, "change": change}
    return {
        "n": n,
        "success": Proportion(n - 2 - failures, n - 2).to_json(),
        "median": least_changes.median(sizes),
        "distances": sizes,
        "labels": [k % 10 for k in range(n - 2)],
        "pictures": [{"index": k, "distance": 1.0 if k else None, **picture} for k in range(6)],
    }


def checked(of, epsilons, off=0.0):
    shares = {f"{e:g}": round(of["n"] * (1 - least_changes.within(of, e) + off)) for e in epsilons}
    return {"epsilons": {name: Proportion(count, of["n"]).to_json() for name, count in shares.items()}}


DEEPFOOL, CW, FAB = result(1.8), result(1.4, 30), result(0.12)
DEEPFOOL_R, CW_R, FAB_R = result(2.5), result(2.2, 30), result(0.33, failures=3)
PGD, PGD_R = checked(FAB, measure.STANDARD_EPSILONS), checked(FAB_R, measure.ROBUST_EPSILONS)
DRAWINGS = {
    theory.boundary: (theory.closed_form.function(STANDARD),),
    figures.distributions: (DEEPFOOL, CW, DEEPFOOL_R, CW_R, FAB, FAB_R),
    figures.every_epsilon: (FAB, FAB_R, PGD, PGD_R),
    figures.digits: (FAB, FAB_R),
    pictures.nearest_errors: (CW, CW_R),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda one: one.name)
def test_figures_draw_in_both_schemes(drawing, scheme):
    with style.scheme(scheme):
        drawn = drawing(*DRAWINGS[drawing])
        assert b"<svg" in style.save(drawn.figure)
    assert len(drawn.alt) > 40
    assert len(drawn.caption) > 40


def test_a_draft_without_a_finite_median_still_draws():
    lost = result(0.3, n=20, failures=17)
    with style.scheme("light"):
        for drawing, results in ((figures.digits, (FAB, lost)), (figures.distributions, (lost,) * 6)):
            assert b"<svg" in style.save(drawing(*results).figure)


def test_the_table_names_norm_and_denominator():
    shown = tables.medians(DEEPFOOL, CW, FAB, DEEPFOOL_R, CW_R, FAB_R)
    assert [row[2] for row in shown.rows] == ["L2", "L2", "L∞"] * 2
    assert shown.rows[5][-1] == "55 of 58"
    assert "n = 60" in shown.caption


def test_only_images_of_both_models_are_shown():
    pairs = pictures.in_both({"pictures": CW["pictures"][1:]}, {"pictures": CW_R["pictures"][:4]})
    assert [one["index"] for one, _ in pairs] == [1, 2, 3]


# --- what is claimed --------------------------------------------------------------------------------------------------

SAME = {**FAB, "distances": [0.1] * 58}
EXACT = theory.closed_form.function(STANDARD)
CLAIMS = [
    (claims.formula_is_met, (EXACT,), ({**EXACT, "Linf": {**EXACT["Linf"], "FAB": 0.2}},)),
    (claims.always_succeed, (DEEPFOOL, CW, FAB), (DEEPFOOL, CW, FAB_R)),
    (claims.cw_is_nearer, (DEEPFOOL, CW, DEEPFOOL_R, CW_R), (DEEPFOOL, CW, CW_R, DEEPFOOL_R)),
    (claims.further_in_linf, (FAB, FAB_R), (FAB, result(0.2))),
    (claims.less_gained_in_l2, (CW, CW_R, FAB, FAB_R), (CW, result(5.0), FAB, FAB_R)),
    (claims.curve_meets_pgd, (FAB, PGD, FAB_R, PGD_R), (FAB, checked(FAB, (0.1,), off=-0.1), FAB_R, PGD_R)),
    (claims.digits_differ, (result(0.1) | {"labels": [k // 6 for k in range(58)]},), (SAME,)),
]


@pytest.mark.parametrize(("claim", "holds", "fails"), CLAIMS, ids=lambda one: getattr(one, "name", None))
def test_claims_hold_and_can_fail(claim, holds, fails):
    assert claim(*holds)
    assert not claim(*fails)
